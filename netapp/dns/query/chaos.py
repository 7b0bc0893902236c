"""What a server says of itself in class CH, if it is told to: RFC 4892."""

from dataclasses import dataclass
from typing import Final

from netapp.dns.message import CH, TXT
from netapp.dns.query.render import Body, render
from netapp.dns.wire import Query
from netapp.names.model import ANY, NOERROR, NOT_OURS, Lookup, RecordSet

_VERSION: Final = frozenset({b"\7version\4bind\0", b"\7version\6server\0"})
_NAME: Final = frozenset({b"\2id\6server\0", b"\x08hostname\4bind\0"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Nothing is said of what is empty.

    :param nsid: what this server is called, for EDNS too (RFC 5001).
    :param version: what answers ``version.bind``.
    """

    nsid: bytes = b""
    version: bytes = b""

    def body(self, query: Query) -> Body:
        """What stands behind a question of class CH."""
        text = self.version if query.qname in _VERSION else self.nsid if query.qname in _NAME else b""
        if not text or query.qtype not in (TXT, ANY):
            return render(NOT_OURS, query.qname, do=False)
        records = RecordSet(query.qname, TXT, 0, (bytes((len(text),)) + text,))
        body = render(Lookup(NOERROR, True, (records,)), query.qname, do=False, rdclass=CH)
        body.home = query.qname
        return body
