"""The name service: DNS and plain text on one port.

A client of the tutorials sends a name and gets an address or ``i dont know``; any DNS client asks
the same names by RFC 1035.  Names of our zones are answered with authority as RFC 1034
section 4.3.2 has it, with wildcards (RFC 4592), DNAME (RFC 6672), referrals with their glue
(RFC 9471), negative answers with their SOA (RFC 2308, RFC 8020) and, from zones that come signed,
with signatures and proofs (RFC 4035 section 3.1, RFC 5155 section 7.2); all others are refused,
never referred upward.

What stands around an answer: EDNS (RFC 6891), datagrams of 1232 octets at most, whole sets alone
and TC where one is missing (RFC 2181 section 9), compression by RFC 3597 section 4, ANY with one
set (RFC 8482), one question (RFC 9619), cookies (RFC 7873, RFC 9018), NSID (RFC 5001), extended
errors (RFC 8914), keepalive over streams (RFC 7828), and ``version.bind`` (RFC 4892) if it is told
what to say.  Streams are RFC 7766: many requests at a time, answered as the answers come.

Transfers (RFC 5936, RFC 1995), NOTIFY (RFC 1996), updates (RFC 2136) and signatures of messages
(RFC 8945) are answered by :mod:`netapp.dns.requests` and whoever has joined it.

Left out so far: signing by ourselves, catalog zones (RFC 9432), forwarding and caching, DNS over
TLS, HTTPS and QUIC.  Client subnets (RFC 7871) and padding (RFC 7830) are passed over; DSO
(RFC 8490) is not implemented.
"""
