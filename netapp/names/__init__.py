"""Names: zones of record sets, and the little names beside them, at one moment after another.

Readers see an immutable :class:`netapp.names.snapshot.Snapshot` and ask it by :mod:`netapp.names.lookup`;
:class:`netapp.names.store.Names` swaps it.  Zones come from master files (:mod:`netapp.names.files`, read
and written by :mod:`netapp.names.master`), from primaries, and change by updates
(:mod:`netapp.names.changing`); what has been acknowledged is on the disk (:mod:`netapp.names.keeping`).
Little names come from the command line, hosts files, this host, and whoever joins.

What cannot be read keeps its old records, and the log says where it broke.  No database is needed.
"""
