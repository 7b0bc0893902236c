"""Names: record sets with versions, from the command line, hosts files and this host itself.

Readers see an immutable snapshot; a reload builds the next one and swaps it.  What cannot be read
keeps its old records and the log says where it broke.  No database is needed.
"""
