"""Datagrams, many of them a system call where the system can do that.

:mod:`netapp.core.udp.ports` chooses: on Linux a port that reads up to 64 datagrams by one
``recvmmsg`` and answers them by one ``sendmmsg``, elsewhere Twisted's own.  To a handler both are
the same: an ``IUDPTransport`` that calls ``datagramReceived``.  A handler that has many answers
ready may have a method ``batchReceived`` too and take a whole :class:`netapp.core.udp.batch.Batch`.
"""
