"""Zones from server to server: AXFR (RFC 5936), IXFR (RFC 1995) and NOTIFY (RFC 1996), both ways.

Out: ``outgoing`` gives a zone, or what has changed in it, as messages that are made while the peer
reads.  In: ``secondary`` knows when a zone is due, ``fetching`` looks at one primary, ``incoming`` is
what it says without a socket; ``asking`` carries datagrams and opens connections, ``conversing``
carries one.  ``notify`` tells others that a zone has changed, ``notified`` hears of it.

Left out: transfers of several zones over one connection, IXFR in over UDP, catalog zones (RFC 9432),
and transfers over TLS (RFC 9103).
"""
