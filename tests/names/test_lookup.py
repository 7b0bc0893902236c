"""What is said to a question: wildcards, cuts, aliases, and what is not there."""

import pytest

from netapp.core import limits
from netapp.names.model import (
    CNAME,
    MAX_CHAIN,
    NOERROR,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    YXDOMAIN,
    A,
    Record,
    nodes_of,
)
from netapp.names.snapshot import Snapshot
from tests.names.texts import SOA, asked, nsec_zone, served, sets, wire, zone_of

#: The zone of RFC 4592 section 2.2.1.
WILD = served(
    zone_of(
        "@ 3600 SOA ns.example.com. host 1 3600 600 86400 300\n@ NS ns.example.com.\n@ NS ns.example.net.\n"
        '* TXT "this is a wildcard"\n* MX 10 host1\nsub.* TXT "this is not a wildcard"\n'
        "host1 A 192.0.2.1\n_ssh._tcp.host1 SRV 0 0 22 host1\n_ssh._tcp.host2 SRV 0 0 22 host1\n"
        "subdel NS ns.example.com.\nsubdel NS ns.example.net.\n",
        "example.",
    )
)


@pytest.mark.parametrize("question", ["host3.example MX", "host3.example TXT", "foo.bar.example TXT"])
def test_a_wildcard_answers_in_the_name_asked_for(question: str) -> None:
    found = asked(WILD, question)
    name, rdtype = question.split()
    assert (found.rcode, found.authoritative, found.exact) == (NOERROR, True, False)
    assert sets(found.answer) == [f"{name}. {rdtype}"]


@pytest.mark.parametrize(
    ("question", "rcode"),
    [
        ("host3.example A", NOERROR),  # the wildcard has no A
        ("host1.example MX", NOERROR),  # the name is there
        ("sub.*.example MX", NOERROR),
        ("_telnet._tcp.host1.example SRV", NXDOMAIN),  # _tcp.host1 is there, and has no wildcard
        ("ghost.*.example MX", NXDOMAIN),  # so is *.example
        ("_tcp.host1.example SRV", NOERROR),  # an empty non-terminal
        ("host2.example MX", NOERROR),  # another
    ],
)
def test_a_wildcard_stands_back_for_names_that_are_there(question: str, rcode: int) -> None:
    found = asked(WILD, question)
    assert (found.rcode, found.authoritative, found.answer, found.exact) == (rcode, True, (), False)
    assert sets(found.authority) == ["example. SOA"]


def test_no_wildcard_reaches_below_a_cut() -> None:
    found = asked(WILD, "host.subdel.example A")
    assert (found.rcode, found.authoritative, sets(found.authority)) == (
        NOERROR,
        False,
        ["subdel.example. NS"],
    )


def test_a_wildcard_that_is_an_empty_non_terminal_gives_nodata() -> None:
    names = served(zone_of(SOA + "x.*.w A 10.0.0.1\n", "z."))
    assert asked(names, "a.w.z A").rcode == NOERROR
    assert asked(names, "a.v.z A").rcode == NXDOMAIN


def test_a_wildcard_may_be_an_alias() -> None:
    names = served(zone_of(SOA + "* CNAME ns\n", "z."))
    found = asked(names, "any.thing.z A")
    assert sets(found.answer) == ["any.thing.z. CNAME", "ns.z. A"]
    assert not found.exact


# What is not there -------------------------------------------------------------------------------

PLAIN = served(
    zone_of(
        SOA + "a.b.c A 10.0.0.1\nmx MX 10 host\nmx MX 20 HOST\nmx MX 30 gone\n"
        "host A 10.0.0.2\nhost AAAA fd00::2\n"
        "_sip._tcp SRV 1 2 5060 host\n\\000\\.\\255 TXT odd\nbox TYPE666 \\# 2 0001\nbox A 10.0.0.3\n",
        "z.test.",
    )
)


@pytest.mark.parametrize(
    ("question", "rcode"),
    [
        ("b.c.z.test A", NOERROR),
        ("c.z.test A", NOERROR),
        ("x.c.z.test A", NXDOMAIN),
        ("x.a.b.c.z.test A", NXDOMAIN),
        ("nobody.z.test A", NXDOMAIN),
        ("host.z.test TXT", NOERROR),
        ("z.test TXT", NOERROR),
        ("host.z.test TYPE667", NOERROR),
    ],
)
def test_what_is_not_there_comes_with_an_soa_of_the_lower_ttl(question: str, rcode: int) -> None:
    found = asked(PLAIN, question)
    assert (found.rcode, found.authoritative, found.exact) == (rcode, True, False)
    (soa,) = found.authority
    assert (sets(found.authority), soa.ttl) == (["z.test. SOA"], 300)


@pytest.mark.parametrize("question", ["test A", "xz.test A", "test.z A", ". NS", "z.test.z A"])
def test_d41_outside_our_zones_it_is_refused(question: str) -> None:
    found = asked(PLAIN, question)
    assert (found.rcode, found.authoritative, found.answer, found.authority) == (REFUSED, False, (), ())


def test_d24_d42_unknown_types_and_odd_octets_are_found() -> None:
    assert sets(asked(PLAIN, "box.z.test TYPE666").answer) == ["box.z.test. TYPE666"]
    assert asked(PLAIN, "\\000\\.\\255.z.test TXT").answer[0].rdatas == (b"\3odd",)
    assert asked(PLAIN, "\\001\\.\\255.z.test TXT").rcode == NXDOMAIN


def test_d44_any_gives_one_set() -> None:
    assert sets(asked(PLAIN, "host.z.test ANY").answer) == ["host.z.test. A"]
    assert asked(PLAIN, "b.c.z.test ANY").answer == ()
    assert asked(PLAIN, "host.z.test RRSIG").answer == ()


def test_addresses_go_beside_the_names_of_hosts() -> None:
    hosts = ["host.z.test. A", "host.z.test. AAAA"]
    assert sets(asked(PLAIN, "mx.z.test MX").additional) == hosts
    assert sets(asked(PLAIN, "_sip._tcp.z.test SRV").additional) == hosts
    assert sets(asked(PLAIN, "z.test NS").additional) == ["ns.z.test. A"]


def test_hosts_may_be_a_wildcards_but_not_below_a_cut() -> None:
    text = (
        "@ MX 1 a.b.w\n@ MX 2 x.kid\n*.w A 10.0.0.9\n*.w TXT no\n* A 10.0.0.8\nkid NS ns.w\nkid NS ns.far.\n"
    )
    names = served(zone_of(SOA + text, "z."))
    assert sets(asked(names, "z MX").additional) == ["a.b.w.z. A"]
    assert sets(asked(names, "q.kid.z A").additional) == ["ns.w.z. A"]


def test_the_target_of_a_service_binding_is_a_host() -> None:
    """RFC 9460 section 4.1; a target "." is the owner itself or none."""
    text = "a HTTPS 1 NS alpn=h2 port=8443\nb SVCB 0 ns\nc HTTPS 1 . alpn=h2\n"
    names = served(zone_of(SOA + text, "z."))
    assert sets(asked(names, "a.z HTTPS").additional) == ["ns.z. A"]
    assert sets(asked(names, "b.z SVCB").additional) == ["ns.z. A"]
    assert asked(names, "c.z HTTPS").additional == ()
    assert asked(served(zone_of(SOA + text, ".")), "c HTTPS").additional == ()


def test_a_set_of_many_hosts_has_some_of_their_addresses() -> None:
    count = limits.ZONE_ADDITIONAL + 5
    text = "".join(f"@ MX 1 h{each}\nh{each} A 10.0.0.1\n" for each in range(count))
    found = asked(served(zone_of(SOA + text, "z.")), "z MX")
    assert len(found.answer[0].rdatas) == count
    assert len(found.additional) == limits.ZONE_ADDITIONAL


def test_the_root_may_be_a_zone_of_ours() -> None:
    root = served(zone_of(SOA + "lan NS ns.lan\nns.lan A 10.0.0.1\nwww.home A 10.0.0.2\n", "."))
    assert sets(asked(root, ". NS").answer) == [". NS"]
    assert sets(asked(root, "www.home A").answer) == ["www.home. A"]
    assert sets(asked(root, "x.lan A").authority) == ["lan. NS"]
    assert asked(root, "nobody A").rcode == NXDOMAIN
    assert sets(asked(root, ". DS").authority) == [". SOA"]


# Cuts --------------------------------------------------------------------------------------------

PARENT = zone_of(
    SOA + "kid NS ns.kid\nkid NS deep.NS.kid\nkid NS ns.other\nkid NS ns\nkid NS ns.far.\nns.kid A 10.1.0.1\n"
    "ns.kid AAAA fd00::1\ndeep.ns.kid A 10.1.0.2\nother NS ns.other\nns.other A 10.2.0.1\n"
    "safe NS ns.far.\nsafe DS 1 13 2 " + "ab" * 32 + "\nkid TXT lost\n",
    "z.",
)
CUT = served(PARENT)


@pytest.mark.parametrize(
    "question", ["kid.z A", "kid.z NS", "kid.z TXT", "x.kid.z A", "ns.kid.z A", "kid.z ANY"]
)
def test_below_a_cut_is_a_referral_and_glue_is_no_answer(question: str) -> None:
    found = asked(CUT, question)
    assert (found.rcode, found.authoritative, found.answer) == (NOERROR, False, ())
    assert sets(found.authority) == ["kid.z. NS"]
    assert found.exact is question.startswith("kid.")


def test_glue_below_the_cut_comes_first_then_what_the_zone_has() -> None:
    assert sets(asked(CUT, "x.kid.z A").additional) == [
        *("ns.kid.z. A", "ns.kid.z. AAAA", "deep.ns.kid.z. A"),
        *("ns.other.z. A", "ns.z. A"),
    ]


def test_the_ds_of_a_cut_is_the_parents() -> None:
    found = asked(CUT, "safe.z DS")
    assert (found.authoritative, sets(found.answer), found.exact) == (True, ["safe.z. DS"], True)
    found = asked(CUT, "kid.z DS")
    assert (found.authoritative, found.answer, sets(found.authority)) == (True, (), ["z. SOA"])
    assert not asked(CUT, "x.safe.z DS").authoritative


def test_the_ds_of_an_apex_comes_from_the_zone_that_delegates_it() -> None:
    kid = zone_of(SOA, "safe.z.")
    both = served(PARENT, kid)
    assert asked(both, "safe.z DS").zone is PARENT
    assert sets(asked(both, "safe.z DS").answer) == ["safe.z. DS"]
    assert sets(asked(both, "safe.z SOA").answer) == ["safe.z. SOA"]
    alone = asked(served(kid), "safe.z DS")
    assert (alone.authoritative, sets(alone.authority)) == (True, ["safe.z. SOA"])


@pytest.mark.parametrize("origin", ["loose.z.", "x.kid.z."])
def test_a_zone_that_nobody_of_ours_delegates_denies_its_ds_itself(origin: str) -> None:
    found = asked(served(PARENT, zone_of(SOA, origin)), f"{origin} DS")
    assert (found.rcode, sets(found.authority)) == (NOERROR, [f"{origin} SOA"])


def test_a_cut_below_a_cut_is_not_seen() -> None:
    names = served(zone_of(SOA + "a NS ns.far.\nx.a NS ns.other.\n", "z."))
    assert sets(asked(names, "y.x.a.z A").authority) == ["a.z. NS"]


def test_the_deepest_zone_answers() -> None:
    names = served(PARENT, zone_of(SOA + "www A 10.0.0.7\n", "kid.z."))
    assert asked(names, "www.kid.z A").authoritative
    assert asked(names, "nobody.kid.z A").rcode == NXDOMAIN


# Aliases -----------------------------------------------------------------------------------------


def test_a_chain_goes_through_all_zones_that_are_served() -> None:
    names = served(
        zone_of(SOA + "a CNAME B.Two.\nbad CNAME gone.two.\nout CNAME www.far.\n", "one."),
        zone_of(SOA + "b CNAME c.one.\n", "two."),
        zone_of(SOA + "@ A 10.0.0.9\n", "c.one."),
    )
    found = asked(names, "a.one A")
    assert sets(found.answer) == ["a.one. CNAME", "b.two. CNAME", "c.one. A"]
    assert (found.rcode, found.authoritative, found.exact) == (NOERROR, True, True)
    assert found.zone is names.zones[wire("one")]
    assert found.answer[0].rdatas == (b"\1B\3Two\0",)
    nodata = asked(names, "a.one TXT")
    assert (nodata.rcode, sets(nodata.authority)) == (NOERROR, ["c.one. SOA"])
    missing = asked(names, "bad.one A")
    assert (missing.rcode, sets(missing.answer), sets(missing.authority)) == (
        *(NXDOMAIN, ["bad.one. CNAME"]),
        ["two. SOA"],
    )
    outside = asked(names, "out.one A")
    assert (outside.rcode, sets(outside.answer), outside.authority) == (NOERROR, ["out.one. CNAME"], ())
    assert sets(asked(names, "a.one CNAME").answer) == ["a.one. CNAME"]
    assert sets(asked(names, "a.one ANY").answer) == ["a.one. CNAME"]


def test_a_chain_may_end_in_a_referral() -> None:
    found = asked(served(zone_of(SOA + "a CNAME x.kid\nkid NS ns.kid\nns.kid A 10.0.0.1\n", "z.")), "a.z A")
    assert (found.authoritative, sets(found.answer)) == (True, ["a.z. CNAME"])
    assert (sets(found.authority), sets(found.additional)) == (["kid.z. NS"], ["ns.kid.z. A"])


def test_d56_chains_end() -> None:
    text = SOA + "a CNAME b\nb CNAME A\nself CNAME self\nd DNAME x.d\ne DNAME e\nf DNAME g\ng DNAME f\n"
    text += "".join(f"n{each} CNAME n{each + 1}\n" for each in range(40))
    names = served(zone_of(text, "z."))
    assert sets(asked(names, "a.z A").answer) == ["a.z. CNAME", "b.z. CNAME"]
    assert sets(asked(names, "self.z A").answer) == ["self.z. CNAME"]
    assert len(asked(names, "n0.z A").answer) == MAX_CHAIN
    assert sets(asked(names, "q.e.z A").answer) == ["e.z. DNAME", "q.e.z. CNAME"]
    assert [each.rdtype for each in asked(names, "q.d.z A").answer].count(CNAME) == MAX_CHAIN
    assert sets(asked(names, "q.f.z A").answer) == [
        *("f.z. DNAME", "q.f.z. CNAME"),
        *("g.z. DNAME", "q.g.z. CNAME"),
    ]
    for question in ("a.z A", "self.z A", "n0.z A", "q.d.z A", "q.e.z A", "q.f.z A"):
        assert asked(names, question).rcode == NOERROR


RENAMED = served(
    zone_of(
        SOA + "old 77 DNAME New.z.\nold TXT itself\nwww.new A 10.0.0.1\nalias.new CNAME www.new\n"
        f"long DNAME {'.'.join(['y' * 63] * 3)}.z.\nout DNAME far.\n",
        "z.",
    )
)


def test_a_dname_makes_a_cname_with_its_own_ttl() -> None:
    found = asked(RENAMED, "www.old.z A")
    assert sets(found.answer) == ["old.z. DNAME", "www.old.z. CNAME", "www.new.z. A"]
    assert (found.answer[1].ttl, found.answer[1].rdatas) == (77, (b"\3www\3New\1z\0",))
    assert (found.rcode, found.authoritative, found.exact) == (NOERROR, True, False)
    assert sets(asked(RENAMED, "alias.old.z A").answer)[-1] == "www.new.z. A"


def test_a_dname_says_nothing_of_its_owner() -> None:
    assert sets(asked(RENAMED, "old.z TXT").answer) == ["old.z. TXT"]
    assert sets(asked(RENAMED, "old.z DNAME").answer) == ["old.z. DNAME"]
    assert sets(asked(RENAMED, "old.z A").authority) == ["z. SOA"]


def test_what_a_dname_leads_to_may_not_be_there() -> None:
    found = asked(RENAMED, "nobody.old.z A")
    assert (found.rcode, sets(found.authority)) == (NXDOMAIN, ["z. SOA"])
    assert sets(found.answer) == ["old.z. DNAME", "nobody.old.z. CNAME"]
    assert sets(asked(RENAMED, "a.b.out.z A").answer) == ["out.z. DNAME", "a.b.out.z. CNAME"]
    assert asked(RENAMED, "a.b.out.z A").rcode == NOERROR


def test_the_cname_of_a_dname_answers_who_asks_for_it() -> None:
    assert sets(asked(RENAMED, "nobody.old.z CNAME").answer) == ["old.z. DNAME", "nobody.old.z. CNAME"]
    assert asked(RENAMED, "nobody.old.z CNAME").rcode == NOERROR
    assert asked(RENAMED, "nobody.old.z ANY").rcode == NXDOMAIN


def test_d57_a_name_that_a_dname_makes_too_long_is_yxdomain() -> None:
    fits = asked(RENAMED, f"{'x' * 58}.long.z A")
    assert (fits.rcode, len(fits.answer[1].rdatas[0])) == (NXDOMAIN, 254)
    found = asked(RENAMED, f"{'x' * 60}.long.z A")
    assert (found.rcode, found.authoritative, sets(found.answer)) == (YXDOMAIN, True, ["long.z. DNAME"])


def test_an_apex_may_have_a_dname() -> None:
    names = served(zone_of(SOA.replace("ns 3600 A 10.0.0.53\n", "") + "@ DNAME new.\n", "z."))
    assert sets(asked(names, "a.z A").answer) == ["z. DNAME", "a.z. CNAME"]
    assert sets(asked(names, "z NS").answer) == ["z. NS"]


# Beside the zones --------------------------------------------------------------------------------


def little(*records: Record, zone_text: str = "") -> Snapshot:
    zone = zone_of(SOA + zone_text, "z.")
    return Snapshot(nodes_of(records), 3, {zone.origin: zone})


def test_a_little_name_beats_the_zone_that_it_is_in() -> None:
    www = Record(wire("www.z"), A, b"\n\0\0\7")
    names = little(www, zone_text="www A 10.0.0.1\nalias CNAME www\n")
    assert asked(names, "www.z A").answer[0].rdatas == (b"\n\0\0\7",)
    assert asked(names, "alias.z A").answer[1].rdatas == (b"\n\0\0\7",)
    assert sets(asked(names, "www.z TXT").authority) == ["www.z. SOA"]
    assert asked(names, "x.www.z A").rcode == NXDOMAIN


def test_what_is_above_a_little_name_is_there_without_data() -> None:
    """RFC 8020 section 2: who is told NXDOMAIN asks for nothing below it."""
    names = little(Record(wire("a.b.c.z"), A, b"\n\0\0\7"), Record(wire("b.else"), A, b"\n\0\0\7"))
    for name in ("b.c.z", "c.z"):
        found = asked(names, f"{name} A")
        assert (found.rcode, sets(found.answer), sets(found.authority)) == (NOERROR, [], ["z. SOA"])
    for name in ("a.c.z", "b.z", "x.b.c.z"):
        assert asked(names, f"{name} A").rcode == NXDOMAIN
    assert asked(names, "else A").rcode == REFUSED  # in no zone of ours


def test_what_a_zone_has_for_a_name_above_a_little_one_stays() -> None:
    deep = Record(wire("a.b.c.z"), A, b"\n\0\0\7")
    names = little(deep, zone_text="* A 10.0.0.1\n")
    assert sets(asked(names, "c.z A").answer) == ["c.z. A"]
    assert sets(asked(names, "b.c.z A").answer) == ["b.c.z. A"]
    assert sets(asked(little(deep, zone_text="c A 10.0.0.1\n"), "c.z A").answer) == ["c.z. A"]
    below_a_cut = asked(little(deep, zone_text="c NS ns\n"), "b.c.z A")
    assert (below_a_cut.authoritative, sets(below_a_cut.authority)) == (False, ["c.z. NS"])
    renamed = asked(little(deep, zone_text="c DNAME d\n"), "b.c.z A")
    assert (renamed.rcode, sets(renamed.answer)) == (NXDOMAIN, ["c.z. DNAME", "b.c.z. CNAME"])


def test_a_signed_zone_says_what_it_proves_of_a_name_above_a_little_one() -> None:
    signed = nsec_zone(SOA, "z.")
    names = Snapshot(nodes_of([Record(wire("a.b.z"), A, b"\n\0\0\7")]), 1, {signed.origin: signed})
    assert asked(names, "b.z A").rcode == NXDOMAIN
    proved = asked(names, "b.z A", dnssec=True)
    assert (proved.rcode, sets(proved.authority)) == (NXDOMAIN, ["z. SOA", "z. NSEC"])


def test_what_is_there_for_little_names_follows_them_and_the_zones() -> None:
    top, inner, other = (zone_of(SOA, origin) for origin in ("z.", "c.z.", "y."))
    nodes = {wire(each): () for each in ("a.b.c.z", "x.c.z", "k.l.y", "z")}
    one = Snapshot(nodes, 1, {top.origin: top})
    assert one.hollow == one.aside == {wire("b.c.z"), wire("c.z")}
    two = Snapshot(
        nodes, 2, {top.origin: zone_of(SOA, "z.")}, frozenset({wire("w")}), one, frozenset({top.origin})
    )
    assert two.hollow is one.hollow
    assert two.aside == two.hollow | {wire("w")}
    zones = {each.origin: each for each in (top, inner, other)}
    three = Snapshot(nodes, 3, zones, frozenset(), two, frozenset({inner.origin, other.origin}))
    assert three.hollow == {wire("b.c.z"), wire("l.y")}
    four = Snapshot({wire("z"): ()}, 4, zones, frozenset(), three)
    assert four.hollow == frozenset()
    assert Snapshot(nodes, 5, {}, frozenset(), three, frozenset(zones)).hollow == frozenset()
    everything = Snapshot({wire("a.b"): ()}, 1, {b"\0": zone_of(SOA, ".")})
    assert everything.hollow == {wire("b")}


def test_a_zone_that_has_expired_is_a_failure() -> None:
    old, new = zone_of(SOA + "a A 10.0.0.1\n", "old."), zone_of(SOA + "b CNAME a.old.\n", "new.")
    names = Snapshot({}, 1, {old.origin: old, new.origin: new}, frozenset({old.origin}))
    assert asked(names, "a.old A").rcode == SERVFAIL
    found = asked(names, "b.new A")
    assert (found.rcode, sets(found.answer)) == (NOERROR, ["b.new. CNAME"])


def test_the_ds_of_a_zone_that_has_expired_is_given_by_the_one_above() -> None:
    """Other servers of it may be well: RFC 4035 section 3.1.4.1."""
    ds = "DS 1 13 2 " + "ab" * 32
    top = zone_of(SOA + f"a NS ns\na {ds}\nns A 10.0.0.1\n", "z.")
    below = zone_of(SOA, "a.z.")
    for zones in ({top.origin: top, below.origin: below}, {top.origin: top}):
        names = Snapshot({}, 1, zones, frozenset({below.origin}))
        assert sets(asked(names, "a.z DS").answer) == ["a.z. DS"]
        assert asked(names, "a.z A").rcode == asked(names, "b.a.z DS").rcode == SERVFAIL
    both = frozenset({top.origin, below.origin})
    names = Snapshot({}, 1, {top.origin: top, below.origin: below}, both)
    assert asked(names, "a.z DS").rcode == SERVFAIL


def test_nothing_is_said_of_a_ds_whose_zone_has_expired() -> None:
    """The zone below does not know that there is none."""
    top, below = zone_of(SOA + "a NS ns\na DS 1 13 2 " + "ab" * 32 + "\n", "z."), zone_of(SOA, "a.z.")
    for zones in ({top.origin: top, below.origin: below}, {below.origin: below}):  # the second waits
        names = Snapshot({}, 1, zones, frozenset({top.origin}))
        for dnssec in (False, True):
            assert asked(names, "a.z DS", dnssec).rcode == SERVFAIL
        assert asked(names, "a.z SOA").rcode == asked(names, "ns.a.z DS").rcode == NOERROR
    alone = Snapshot({}, 1, {below.origin: below})
    assert (asked(alone, "a.z DS").rcode, sets(asked(alone, "a.z DS").authority)) == (NOERROR, ["a.z. SOA"])


def test_a_zone_that_has_not_come_yet_is_a_failure_and_hides_no_other() -> None:
    top, below = zone_of(SOA + "a A 10.0.0.1\n", "z."), zone_of(SOA + "b A 10.0.0.2\n", "x.y.z.")
    coming = frozenset({wire("y.z"), wire("else")})
    names = Snapshot({}, 1, {top.origin: top, below.origin: below}, coming)
    for name in ("y.z", "w.y.z", "else", "w.else"):
        assert asked(names, f"{name} A").rcode == SERVFAIL, name
    for name in ("a.z", "b.x.y.z"):
        assert asked(names, f"{name} A").rcode == NOERROR, name
    assert asked(names, "other A").rcode == REFUSED
