"""A small dig: what ``netapp dns --server`` asks, reads and shows.

``names`` and ``messages`` turn text and octets into values, ``transfer`` judges the messages of a
zone; these three know no socket.  ``wires`` carries octets, ``asking`` retries, ``fetching`` has a zone
sent, ``show``, ``asjson`` and ``words`` say it.

Left out: asking the root's servers one after another (``+trace``), checking signatures of DNSSEC
(``delv`` does), TLS and HTTPS.
"""
