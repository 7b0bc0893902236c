"""Proofs of what is not there, by the examples of RFC 4035 appendix B and RFC 5155 appendix B."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.names.files.zonefile import ZoneFile
from netapp.names.lookup.denial import denial_of, prepare
from netapp.names.lookup.nsec3 import Parameters, hashed
from netapp.names.lookup.walk import look_up
from netapp.names.model import NOERROR, NSEC, NSEC3, NSEC3PARAM, NXDOMAIN, Record
from netapp.names.model import SOA as SOA_TYPE
from netapp.names.naming import MAX_NAME
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, build_zone
from tests.names.texts import SOA, asked, nsec3_zone, nsec_zone, records_of, served, sets, wire

#: RFC 4035 appendix A and RFC 5155 appendix A, but for what they differ in.
BOTH = (
    "@ 3600 SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n"
    "a NS ns1.a\na NS ns2.a\na DS 57855 5 1 " + "b6" * 20 + "\nns1.a A 192.0.2.5\nns2.a A 192.0.2.6\n"
    "ai A 192.0.2.9\nai HINFO KLH-10 ITS\nai AAAA 2001:db8::f00:baa9\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n"
    "*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\nxx HINFO KLH-10 TOPS-20\n"
)
PLAIN = served(nsec_zone(BOTH + "b NS ns1.b\nb NS ns2.b\nns1.b A 192.0.2.7\nns2.b A 192.0.2.8\n", "example."))
HASHED = served(
    nsec3_zone(
        BOTH + "c NS ns1.c\nns1.c A 192.0.2.7\n2t7b4g4vsa5smi47k61mv5bv1a22bojr A 192.0.2.127\n",
        *("example.", "aabbccdd", 12, True),
    )
)


def proof(names: Snapshot, question: str) -> tuple[int, bool, list[str]]:
    """The rcode, whether it was said with authority, and what owns NSEC or NSEC3 records, in order."""
    found = asked(names, question, dnssec=True)
    owners = [each.owner for each in found.authority if each.rdtype in (NSEC, NSEC3)]
    return found.rcode, found.authoritative, sorted(str(dns.name.from_wire(each, 0)[0]) for each in owners)


@pytest.mark.parametrize(
    ("question", "rcode", "owners"),
    [
        ("ml.example A", NXDOMAIN, ["b.example.", "example."]),  # B.2
        ("ns1.example MX", NOERROR, ["ns1.example."]),  # B.3
        ("a.z.w.example AAAA", NOERROR, ["*.w.example.", "x.y.w.example."]),  # B.7
        ("a.z.w.example MX", NOERROR, ["x.y.w.example."]),  # B.6
        ("example DS", NOERROR, ["example."]),  # B.8
        ("y.w.example A", NOERROR, ["x.w.example."]),  # an empty non-terminal
        ("b.example DS", NOERROR, ["b.example."]),
        ("zz.example A", NXDOMAIN, ["example.", "xx.example."]),
    ],
)
def test_nsec_proofs(question: str, rcode: int, owners: list[str]) -> None:
    assert proof(PLAIN, question) == (rcode, True, owners)
    assert proof(PLAIN, question.upper()) == (rcode, True, owners)


def test_nsec_beside_referrals() -> None:
    assert proof(PLAIN, "mc.b.example MX") == (NOERROR, False, ["b.example."])  # B.5
    signed = asked(PLAIN, "mc.a.example MX", dnssec=True)  # B.4
    assert sets(signed.authority) == ["a.example. NS", "a.example. DS"]
    assert len(signed.additional) == 2


#: RFC 5155 appendix A.
H = {
    "example": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
    "a.example": "35mthgpgcu1qg68fab165klnsnk3dpvl",
    "ai.example": "gjeqe526plbf1g8mklp59enfd789njgi",
    "ns1.example": "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
    "ns2.example": "q04jkcevqvmu85r014c7dkba38o0ji5r",
    "w.example": "k8udemvp1j2f7eg6jebps17vp3n8i58h",
    "*.w.example": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    "x.w.example": "b4um86eghhds6nea196smvmlo4ors995",
    "y.w.example": "ji6neoaepv8b5o6k4ev33abha8ht9fgc",
    "x.y.w.example": "2vptu5timamqttgl4luu9kg21e0aor3s",
    "xx.example": "t644ebqk9bibcna874givr6joj62mlhv",
}


@pytest.mark.parametrize("name", H)
def test_names_are_hashed_as_in_the_example(name: str) -> None:
    number = hashed(wire(name), Parameters(12, bytes.fromhex("aabbccdd")))
    assert base64.b32hexencode(number.to_bytes(20, "big")).decode().lower() == H[name]


@pytest.mark.parametrize(
    ("question", "rcode", "names"),
    [
        ("a.c.x.w.example A", NXDOMAIN, ["example", "x.w.example", "a.example"]),  # B.1
        ("ns1.example MX", NOERROR, ["ns1.example"]),  # B.2
        ("y.w.example A", NOERROR, ["y.w.example"]),  # B.2.1
        ("a.z.w.example MX", NOERROR, ["ns2.example"]),  # B.4
        ("a.z.w.example AAAA", NOERROR, ["w.example", "ns2.example", "*.w.example"]),  # B.5
        ("example DS", NOERROR, ["example"]),  # B.6
        ("c.example DS", NOERROR, ["example", "a.example"]),  # section 7.2.4, with opt-out
    ],
)
def test_nsec3_proofs(question: str, rcode: int, names: list[str]) -> None:
    assert proof(HASHED, question) == (rcode, True, sorted(f"{H[name]}.example." for name in names))


def test_nsec3_beside_referrals() -> None:
    expected = sorted(f"{H[name]}.example." for name in ("a.example", "example"))
    assert proof(HASHED, "mc.c.example MX") == (NOERROR, False, expected)  # B.3
    signed = asked(HASHED, "mc.a.example MX", dnssec=True)
    assert sets(signed.authority) == ["a.example. NS", "a.example. DS"]


def test_an_nsec3s_owner_is_as_if_not_there() -> None:
    """RFC 5155 section 7.2.8; but one has an address of its own in that zone."""
    assert asked(HASHED, f"{H['ns1.example']}.example A").rcode == NOERROR
    for name in (H["ns2.example"], f"x.{H['ns2.example']}"):
        for rdtype in ("A", "NSEC3"):
            found = asked(HASHED, f"{name}.example {rdtype}", dnssec=True)
            assert (found.rcode, found.answer) == (NXDOMAIN, ())


def test_without_do_there_are_no_proofs() -> None:
    for names in (PLAIN, HASHED):
        assert sets(asked(names, "ml.example A").authority) == ["example. SOA"]
        assert sets(asked(names, "mc.a.example A").authority) == ["a.example. NS"]


def test_no_set_is_given_twice() -> None:
    one = served(nsec_zone(SOA.replace("ns", "@", 2).split("\nns ")[0] + "\n", "z."))
    assert sets(asked(one, "b.z A", dnssec=True).authority) == ["z. SOA", "z. NSEC"]
    found = asked(served(nsec3_zone(SOA, "z.")), "b.z A", dnssec=True).authority
    assert len(set(found)) == len(found)


def test_a_chain_has_the_proofs_of_all_its_links() -> None:
    names = served(nsec_zone(SOA + "* CNAME gone.y.\n", "z."), nsec_zone(SOA + "a A 10.0.0.1\n", "y."))
    found = asked(names, "any.z A", dnssec=True)
    assert (found.rcode, sets(found.authority)) == (NXDOMAIN, ["*.z. NSEC", "y. SOA", "a.y. NSEC", "y. NSEC"])


def test_d64_too_many_iterations_are_served_without_proofs() -> None:
    assert limits.NSEC3_ITERATIONS >= 100  # what signers were told to stay below before RFC 9276
    for iterations, count in ((limits.NSEC3_ITERATIONS, 2), (65535, 0)):
        zone = nsec3_zone("@ SOA @ @ 1 2 3 4 5\n", "z.", iterations=0)
        changed = _with_iterations(zone, iterations)
        found = asked(served(changed), "gone.z A", dnssec=True)
        assert found.rcode == NXDOMAIN
        assert sets(found.authority)[0] == "z. SOA"
        assert (len(found.authority) > 1) == bool(count)


def _with_iterations(zone: Zone, iterations: int) -> Zone:
    """The same zone with another number in it; its hashes are wrong then, which nobody asks."""
    records = list(zone.records())
    signing = [each for each in records if each.rdtype in (NSEC3, 51)]
    new = [
        Record(each.owner, each.rdtype, each.rdata[:2] + iterations.to_bytes(2, "big") + each.rdata[4:], 60)
        for each in signing
    ]
    return zone.changed(signing, new)


def test_only_the_chain_of_the_parameters_counts() -> None:
    """RFC 5155 section 10.4: two chains stand beside each other while one is taken out."""
    zone = nsec3_zone(SOA + "www A 10.0.0.1\n", "z.", "aa", 1)
    other = [
        each for each in nsec3_zone(SOA + "www A 10.0.0.1\n", "z.", "bb", 2).records() if each.rdtype == NSEC3
    ]
    both = zone.changed([], other)
    for question in ("gone.z A", "www.z MX", "x.www.z A"):
        expected = asked(served(zone), question, dnssec=True)
        assert asked(served(both), question, dnssec=True).authority == expected.authority


def test_a_broken_chain_is_no_fault_of_the_question() -> None:
    zone = nsec3_zone(SOA, "z.")
    stump = zone.changed([each for each in zone.records() if each.rdtype == NSEC3], [])
    assert sets(asked(served(stump), "gone.z A", dnssec=True).authority) == ["z. SOA"]
    odd = [
        Record(wire(f"{'z' * 32}.z."), NSEC3, b"\1\0\0\0\0", 60),
        Record(wire("short.z."), NSEC3, b"\1", 60),
    ]
    assert asked(served(stump.changed([], odd)), "gone.z A", dnssec=True).rcode == NXDOMAIN


LABEL = st.sampled_from([b"a", b"w", b"x", b"c", b"*", b"\0", b"\xff", b"z" * 63]) | st.binary(
    min_size=1, max_size=63
)


@given(st.lists(LABEL, max_size=6), st.sampled_from([1, 2, 6, 15, 43, 46, 47, 50, 255, 65535]), st.booleans())
def test_any_name_gets_an_answer_that_is_of_the_zone(labels: list[bytes], rdtype: int, dnssec: bool) -> None:
    name = b"".join(bytes((len(each),)) + each for each in [*labels, b"example"]) + b"\0"
    if len(name) > MAX_NAME:
        return
    for names in (PLAIN, HASHED):
        found = look_up(names, name.lower(), rdtype, dnssec)
        (zone,) = names.zones.values()
        assert found.zone is zone
        assert found.rcode in (NOERROR, NXDOMAIN)
        assert found.answer or found.authority
        for each in (*found.answer, *found.authority, *found.additional):
            assert each.owner in zone.nodes or each.owner == name.lower()


@pytest.mark.parametrize("make", [nsec_zone, nsec3_zone])
def test_a_changed_zone_proves_as_one_built_anew(make: Callable[[str, str], Zone]) -> None:
    """The chain is carried over, not made again."""
    random, texts = Random(5), [SOA + "www A 10.0.0.1\n"]
    zone = prepare(make(texts[0], "z."))
    for serial in range(2, 30):
        label = "".join(random.choice("abc") + "." for _ in range(random.choice((1, 2)))).rstrip(".")
        text = random.choice(texts) + f"{label} TXT {serial}\n{random.choice('abc')}.x TXT {serial}\n"
        new = make(text, "z.")
        old_records, new_records = set(zone.records()), set(new.records())
        zone = zone.changed(old_records - new_records, new_records - old_records)
        assert "denial" in zone.memo
        texts.append(text)
        for name in ("z", "a.z", "b.z", "a.b.z", "x.z", "q.x.z", "www.z", "c.c.z", "zz.z"):
            for rdtype in ("A", "MX"):
                question = f"{name} {rdtype}"
                ours, built = (asked(served(each), question, dnssec=True) for each in (zone, new))
                assert ours.authority == built.authority, question


def test_a_zone_that_is_no_longer_signed_proves_nothing() -> None:
    zone = prepare(nsec_zone(SOA, "z."))
    plain = zone.changed([each for each in zone.records() if each.rdtype == NSEC], [])
    assert denial_of(plain).proofs is None
    again = served(plain.changed([], [each for each in zone.records() if each.rdtype == NSEC]))
    assert sets(asked(again, "zz.z A", dnssec=True).authority) == ["z. SOA", "ns.z. NSEC", "z. NSEC"]


def test_a_signed_zone_of_a_file_is_ready_when_it_is_read(tmp_path: Path) -> None:
    made = nsec_zone(SOA, "z.")
    path = tmp_path / "z"
    path.write_text("".join(f"{line}\n" for line in _lines(made)))
    file = ZoneFile(path, made.origin, "z", lambda: 0.0)
    file.look()
    assert file.zone is not None
    assert "denial" in file.zone.memo
    assert sets(asked(served(file.zone), "zz.z A", dnssec=True).authority)[1:] == ["ns.z. NSEC", "z. NSEC"]


def _lines(zone: Zone) -> Iterator[str]:
    """A zone as a master file of unknown types: RFC 3597 section 5."""
    for each in zone.records():
        owner = dns.name.from_wire(each.owner, 0)[0]
        yield f"{owner} {each.ttl} TYPE{each.rdtype} \\# {len(each.rdata)} {each.rdata.hex()}"


def test_the_soa_of_denials_follows_a_change() -> None:
    zone = prepare(nsec_zone(SOA, "z."))
    (soa,) = (each for each in zone.records() if each.rdtype == SOA_TYPE)
    (new,) = (each for each in records_of(SOA.replace(" 300\n", " 7\n"), "z.") if each.rdtype == SOA_TYPE)
    assert asked(served(zone.changed([soa], [new])), "gone.z A").authority[0].ttl == 7


@pytest.mark.parametrize("salt", [b"\0", b"\2ab", b"\x20ab"])
def test_a_chain_without_its_apex_costs_the_proof_and_not_the_answer(salt: bytes) -> None:
    """X23: nobody could validate what such a primary sends, and still each question has an answer."""
    data = b"\1\0\0\0" + salt
    hashed_name = b"\x20" + H["ns2.example"].encode() + wire("example.")
    chain = Record(hashed_name, NSEC3, data + b"\x14" + bytes(20))
    zone = build_zone(
        wire("example."),
        [*records_of(SOA, "example."), Record(wire("example."), NSEC3PARAM, data), chain],
    )
    names = served(zone)
    for question in ("example TXT", "example DS", "ns.example TXT", "nope.example A", "a.b.nope.example A"):
        found = asked(names, question, dnssec=True)
        assert found.rcode == (NXDOMAIN if "nope" in question else NOERROR)
        assert found.authority[0].rdtype == SOA_TYPE
