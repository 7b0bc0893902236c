"""Zones from server to server: AXFR (RFC 5936), IXFR (RFC 1995) and NOTIFY (RFC 1996), both ways.

Out: ``outgoing`` gives a zone, or what has changed in it, as messages that are made while the peer
reads.  In: ``incoming`` is the conversation without a socket, ``secondary`` knows when it is due,
``asking`` carries it.  ``notify`` tells others that a zone has changed.

Left out: transfers of several zones over one connection, IXFR in over UDP, catalog zones (RFC 9432),
and transfers over TLS (RFC 9103).
"""
