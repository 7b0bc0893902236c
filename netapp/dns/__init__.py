"""The name service: DNS and plain text on one port.

A client of the tutorials sends a name and gets an address or ``i dont know``; any DNS client asks
the same names by RFC 1035, with EDNS(0) (RFC 6891), truncation (RFC 2181 section 9), minimal ANY
(RFC 8482) and TCP as in RFC 7766.  Each name we have is answered with authority, all others are
refused.

Left out so far: zones with wildcards, delegations and DNAME, transfers, NOTIFY, UPDATE, TSIG,
DNSSEC, cookies (a well-formed one is ignored), forwarding; DSO (RFC 8490) is not implemented.
"""
