"""IP Messenger (飞鸽传书), as FeiQ (飞秋), iptux and others speak it: presence, texts and receipts.

"IPMSG 9.2" in a docstring is a section of the project's specification of the protocol.

Left out so far: files and folders (their requests are refused by a close, IPMSG 10.5), sealed and
encrypted messages (we announce no key, so nobody sends them), host lists, FeiQ's pictures, shakes
and groups, member masters, IPv6 multicast.  What waits for a peer that is away is kept in memory
only.
"""
