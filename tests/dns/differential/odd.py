"""Zones with what a generator of sane zones leaves out, and what is asked of them."""

from typing import Final

import dns.name
import dns.rdatatype

from tests.dns.differential.questions import Question
from tests.dns.differential.zones import Draft

_HEAD: Final = "$TTL 60\n@ SOA ns.p.test. root 1 2 3 4 5\n@ NS ns.p.test.\n"
#: A wildcard that delegates and one with a DNAME, hosts that are aliases, glue or a wildcard's; a zone
#: whose parent is not served, but that one's parent is; an apex with a DNAME.
_ZONES: Final = {
    "p.test.": "ns A 10.0.0.1\n*.wns A 10.0.0.7\n*.wdn DNAME ns.p.test.\n"
    "*.loop CNAME *.loop\n*.wsrv SRV 1 2 3 x.host\n*.host A 10.0.0.9\n"
    "mx MX 1 y.host\nmx MX 2 ns.cut\nmx MX 3 alias\nmx MX 4 a.ns.cut\nmx MX 5 y.cut\nalias CNAME ns\n"
    "cut NS ns.cut\ncut NS y.host\ncut NS alias\ncut NS y.cut3\nns.cut A 10.0.0.3\n"
    "cut2 NS ns.cut\ncut2 NS ns.cut.cut2\ncut3 NS ns.far.\nsvc SVCB 1 ns\nsvc0 SVCB 0 y.host\n"
    'https HTTPS 1 . alpn=h2\nnaptr NAPTR 1 1 "S" "" "" ns\nafs AFSDB 1 ns\nkx KX 1 ns\nptr PTR ns\n',
    "in.cut.p.test.": "@ A 10.0.0.1\nx CNAME y.cut.p.test.\nz CNAME ns.p.test.\n",
    "ap.test.": "@ MX 1 mail\n@ DNAME p.test.\n",
}
_QUESTIONS: Final = {
    "p.test.": "a.wns A, a.wns NS, a.wns TXT, a.wns DS, x.a.wns A, *.wns A, *.wns NS, x.*.wns A, a.wdn A, "
    "x.a.wdn A, a.wdn DNAME, *.wdn DNAME, x.*.wdn A, a.wds DS, a.loop A, *.loop A, a.wsrv SRV, "
    "mx MX, x.cut A, cut DS, cut NS, cut2 A, x.cut3 A, svc SVCB, svc0 SVCB, https HTTPS, naptr NAPTR, "
    "afs AFSDB, kx KX, ptr PTR",
    "in.cut.p.test.": "@ DS, @ NS, @ A, x A, x DS, z A, no A, a.no DS",
    "ap.test.": "@ MX, @ NS, @ DNAME, @ TXT, @ CNAME, mx MX, ns A, no A, a.host A, x.cut A, www.svc SVCB",
}


#: BIND signs no such zone.
_WILD_CUT: Final = f"*.wns NS ns.wns\n*.wds DS 1 13 2 {'ab' * 32}\n"


def odd_zones(signed: bool) -> list[Draft]:
    texts = {origin: f"$ORIGIN {origin}\n{_HEAD}{text}" for origin, text in _ZONES.items()}
    if not signed:
        texts["p.test."] += _WILD_CUT
    return [Draft(dns.name.from_text(origin), text.splitlines()) for origin, text in texts.items()]


def odd_questions() -> list[Question]:
    asked = [
        (words.replace("@", origin).split(), dns.name.from_text(origin))
        for origin, questions in _QUESTIONS.items()
        for words in questions.split(", ")
    ]
    return [
        Question(dns.name.from_text(name, origin), int(dns.rdatatype.from_text(rdtype)), dnssec)
        for (name, rdtype), origin in asked
        for dnssec in (False, True)
    ]
