"""Octets of a request to octets of its answer, over a snapshot of names: a pure function, but
for what it remembers.

Three memories, which a new snapshot rids of the names that have changed.  By *question* (folded
name, type, class, and whether EDNS and DO were there): dnspython packs an answer once; id, RD, CD
and the question as sent are put in front, so a client's case comes back to it (RFC 4343).  By
*datagram*: the whole request behind its id to the whole answer behind its id, which is all that a
repeated question costs.  By *text*: a plain question's octets to its answer.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.dns import wire
from netapp.dns.packing import pack
from netapp.dns.plain import Unknown, is_own, read_name
from netapp.dns.wire import Query, Tongue
from netapp.errors import WireError
from netapp.names.model import REFUSED, RecordSet
from netapp.names.snapshot import Snapshot

#: Largest answer over TCP: the length before it has two octets (RFC 1035 section 4.2.2).
STREAM: Final = 65535
#: Where the name begins in a datagram behind its id; names of ours have no zero octet within.
_QNAME: Final = wire.HEADER - 2
#: The least a record takes: a pointer, type, class, TTL and length.
_RECORD: Final = 12


@dataclass(frozen=True, slots=True)
class Form:
    """One way to give an answer.  ``flags`` go to octet 2 of the header."""

    flags: int
    counts: bytes  # of the four sections, two octets each
    tail: bytes  # all that follows the question


class Answers:
    """Answers from one snapshot after another.

    :param unknown: the plain answer for a name that we do not have.
    :param encoding: how it is written; "auto" as the question was.
    """

    def __init__(self, snapshot: Snapshot, unknown: str, encoding: Encoding) -> None:
        self._unknown = Unknown(unknown, encoding)
        self._own = self._unknown.own()
        self._forms: OrderedDict[bytes, tuple[Form, ...]] = OrderedDict()
        self._repeats: dict[bytes, bytes] = {}
        self._texts: dict[bytes, bytes] = {}
        self._snapshot = snapshot
        self.malformed = 0

    def use(self, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on; what is the same in it stays packed."""
        changed = snapshot.differing(self._snapshot)
        self._snapshot = snapshot
        self._texts.clear()
        if changed is None:
            self._forms.clear()
            self._repeats.clear()
        elif changed:
            for memory, at in ((self._forms, 0), (self._repeats, _QNAME)):
                for key in [key for key in memory if key[at : key.index(0, at) + 1] in changed]:
                    del memory[key]

    def datagram(self, datagram: bytes) -> bytes | None:
        """The answer to one datagram; None for silence."""
        repeated = self._repeats.get(datagram[2:])
        if repeated is not None:
            return datagram[:2] + repeated
        text = self._texts.get(datagram)
        if text is not None:
            return text
        tongue = wire.classify(datagram)
        if tongue is Tongue.DNS:
            return self._message(datagram, stream=False)
        if tongue is Tongue.TEXT and not _is_noise(datagram):
            return self.text(datagram)
        self.malformed += 1
        return None

    def message(self, message: bytes) -> bytes | None:
        """The answer to a DNS message of 12 octets or more that came over a stream."""
        return self._message(message, stream=True)

    def text(self, octets: bytes) -> bytes | None:
        """The answer to a plain question, without a line end; None if it is our own reply."""
        if is_own(octets, self._own):
            return None
        name, codec = read_name(octets)
        address = self._snapshot.address(name) if name is not None else None
        if address is None:
            return self._unknown.said_in(codec)
        answer = address.encode("ascii")
        _remember(self._texts, octets, answer)
        return answer

    def _message(self, request: bytes, *, stream: bool) -> bytes | None:
        if request[2] & wire.QR:
            return None  # an answer to somebody; answering it could go on for ever
        if request[2] & wire.OPCODE:
            return wire.reply(request, wire.NOTIMP)
        try:
            query = wire.parse_query(request)
        except WireError:
            self.malformed += 1
            return wire.reply(request, wire.FORMERR)
        rcode = _refusal(query)
        if rcode is not None:
            return wire.reply(request, rcode, query=query)
        forms = self._forms_of(query)
        if not forms:
            return wire.reply(request, wire.REFUSED, query=query)
        answer = _fitting(request, query, forms, STREAM if stream else _datagram_limit(query))
        if not stream and _may_repeat(query):
            _remember(self._repeats, request[2:], answer[2:])
        return answer

    def _forms_of(self, query: Query) -> tuple[Form, ...]:
        """The forms of an answer, the fullest first; none if the name is not ours."""
        edns = query.edns
        key = query.qname + query.question[-4:] + (b"" if edns is None else b"\2" if edns.do else b"\1")
        forms = self._forms.get(key)
        if forms is not None:
            self._forms.move_to_end(key)
            return forms
        found = self._snapshot.lookup(query.qname, query.qtype)
        if found.rcode == REFUSED:
            return ()
        forms = _packed(query, found.answer, found.authority)
        self._forms[key] = forms
        if len(self._forms) > limits.DNS_ANSWERS:
            self._forms.popitem(last=False)
        return forms


def _refusal(query: Query) -> int | None:
    """The rcode for a question that no record could answer; None to look it up."""
    if query.edns is not None and query.edns.version > 0:
        return wire.BADVERS
    if not query.question:
        return wire.NOERROR
    if query.qclass != wire.IN or query.qtype in (wire.AXFR, wire.IXFR):
        return wire.REFUSED
    if query.qtype in (0, wire.OPT):
        return wire.FORMERR
    if wire.FIRST_META <= query.qtype <= wire.LAST_META:
        return wire.NOTIMP
    return None


def _packed(
    query: Query, answer: tuple[RecordSet, ...], authority: tuple[RecordSet, ...]
) -> tuple[Form, ...]:
    """The whole answer, and for clients that cannot take it the same with fewer whole sets.

    Source: RFC 2181 section 9: TC says that a set is missing, and no set is cut.
    """
    forms = []
    for kept in range(len(answer), -1, -1):
        whole = kept == len(answer)
        form = _form(query, answer[:kept], authority if whole else (), 0 if whole else wire.TC)
        if form is not None:
            forms.append(form)
        if form is not None and len(form.tail) + len(query.question) + wire.HEADER <= wire.LEAST_DATAGRAM:
            break
    return tuple(forms)


def _form(
    query: Query, answer: tuple[RecordSet, ...], authority: tuple[RecordSet, ...], flags: int
) -> Form | None:
    """One form; None for what could not be sent at all."""
    if sum(len(each.rdatas) for each in answer) * _RECORD > STREAM:
        return None
    counts, tail = pack(query.qname, query.qtype, answer, authority)
    if query.edns is not None:
        counts, tail = counts[:7] + b"\1", tail + wire.opt(query.edns.do)
    return Form(wire.AA | flags, counts, tail)


def _fitting(request: bytes, query: Query, forms: tuple[Form, ...], limit: int) -> bytes:
    """The fullest form that the client can take; the last fits every client."""
    room = limit - wire.HEADER - len(query.question)
    for form in forms:
        if len(form.tail) <= room:
            break
    head = wire.answer_head(request, flags=form.flags, rcode=wire.NOERROR)
    return head + form.counts + query.question + form.tail


def _datagram_limit(query: Query) -> int:
    """RFC 6891 section 6.2.5, and never what a link would cut in pieces."""
    return wire.LEAST_DATAGRAM if query.edns is None else min(query.edns.size, limits.DNS_DATAGRAM)


def _may_repeat(query: Query) -> bool:
    """Whether the very octets are likely to come again: no random case, no cookie."""
    return query.question.startswith(query.qname) and (query.edns is None or not query.edns.options)


def _is_noise(datagram: bytes) -> bool:
    """No encoding has 0xFF; where the flags would be it has QR set, so it wants no answer."""
    return len(datagram) >= wire.HEADER and datagram[2] == 0xFF


def _remember(memory: dict[bytes, bytes], key: bytes, answer: bytes) -> None:
    if len(memory) >= limits.DNS_ANSWERS:
        memory.clear()  # rare, and what is asked often is soon back
    memory[key] = answer
