"""SSH for any service that has a use for it: the server's half, on Twisted's conch.

:mod:`wire` reads and writes the messages that conch leaves to us, :mod:`hostkeys` keeps the host's
key, :mod:`transport` is one connection up to its encryption, by the rules of :mod:`offers`,
:mod:`order` and :mod:`flow`, :mod:`auth` finds out who is there, and :mod:`connection` has the channels.
A service brings a :class:`auth.Gate` and a channel of its own.

Conch does the cryptography, and none of it is ours.  What it would offer beside modern algorithms is
left out: compression, 3DES, CBC, MD5, SHA-1, DSA, and groups of primes.

Source: RFC 4251 to 4254, 4256 (keyboard-interactive), 8308 (extensions), 8332 (RSA with SHA-2), and
OpenSSH's PROTOCOL for strict key exchange.

This module imports nothing heavy: a service without SSH starts without it.
"""
