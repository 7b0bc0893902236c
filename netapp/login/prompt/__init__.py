"""The plain prompt, for telnet, nc and the tutorials: the wire of T11, to the octet, and a shell after it."""
