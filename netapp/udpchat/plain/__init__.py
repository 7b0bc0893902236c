"""Plain datagrams: whatever a tutorial's program or ``nc -u`` sends is a line in the lobby.

There is no protocol but this: each datagram gets exactly one answer.  The tutorials' clients send
one and wait for one (T1, T15, T30), so nothing is ever sent unasked; what others say waits for
the peer's next datagram.
"""
