"""Master files: RFC 1035 section 5, both ways.

Lines and directives are taken apart here, so that every fault has its file and line, nothing is
passed over in silence and nothing is without a bound; what the text of a record's data means, of
some seventy types, dnspython knows (the commonest are read here, ten times as fast).

:mod:`lines` has octets to words, :mod:`fields` words to names, TTLs, types and data, :mod:`reading`
files to records, :mod:`zones` records to a zone, :mod:`writing` a zone to text.

``$INCLUDE`` is relative to the file that has it.  A ``$TTL`` within an included file stays in force
behind it, as RFC 2308 section 4 reads and BIND does; the origin and the last owner do not.
"""

from netapp.names.master.faults import BrokenZone, Fault
from netapp.names.master.reading import Reader
from netapp.names.master.writing import written
from netapp.names.master.zones import Read, Unreadable, read_zone

__all__ = [
    "BrokenZone",
    "Fault",
    "Read",
    "Reader",
    "Unreadable",
    "read_zone",
    "written",
]
