"""What a check says of zones with one thing wrong each."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.languages import LANGS
from netapp.names import checks
from netapp.names.naming import wire_name
from tests.names.master.making import HEAD, put

NOW = 1_750_000_000.0


def found(folder: Path, text: str, origin: str = "example.com") -> list[tuple[int, str]]:
    """Line and kind of each warning; there are no errors."""
    checked = checks.check(put(folder, text), wire_name(origin), "f", NOW)
    assert checked.errors == ()
    for each in checked.warnings:
        assert each.text("zh") != each.text("en")
    return [(each.place[1], each.key) for each in checked.warnings]


def test_a_good_zone_has_nothing_wrong_with_it(tmp_path: Path) -> None:
    good = HEAD + (
        "@ NS ns.example.net.\n@ MX 10 mail\n@ MX 20 mx.example.net.\nmail A 10.0.0.2\nwww CNAME @\n"
        "sub NS ns.sub\nsub NS ns1\nns.sub A 10.0.0.3\n*.wild A 10.0.0.4\na.wild.x TXT y\nx CNAME any.wild\n"
        "_sip._tcp SRV 0 0 5060 any.wild\nno MX 0 .\nold DNAME new.example.net.\n"
    )
    checked = checks.check(put(tmp_path, good), None, "f", NOW)
    assert (checked.errors, checked.warnings) == ((), ())
    assert checked.zone is not None
    assert (checked.zone.serial, checked.records) == (7, 17)


@pytest.mark.parametrize(
    ("more", "line", "key"),
    [
        ("@ NS alias\nalias CNAME ns1\n", 5, "ns alias"),
        ("@ NS under.dn\ndn DNAME x.example.net.\n", 5, "ns alias"),
        ("@ NS nothere\n", 5, "ns address"),
        ("txt TXT x\n@ NS txt\n", 6, "ns address"),
        ("sub NS ns.sub\n", 5, "no glue"),
        ("sub NS other\n", 5, "ns address"),
        ("*.sub NS ns1\n", 5, "wildcard ns"),
        ("*.sub DNAME x.example.net.\n", 5, "wildcard ns"),
        ("d DNAME x.example.net.\na.d A 10.0.0.1\n", 5, "dname below"),
        ("sub NS ns1\na.sub A 10.0.0.1\nb.sub TXT x\n", 7, "occluded"),
        ("sub DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118\n", 5, "ds alone"),
        ("a 5 A 10.0.0.1\na 6 A 10.0.0.2\n", 6, "ttls differ"),
        ("@ MX 5 alias\nalias CNAME ns1\n", 5, "target alias"),
        ("@ MX 5 none\n", 5, "target address"),
        ("_a._tcp SRV 0 0 1 none\n", 5, "target address"),
        ("www CNAME none\n", 5, "alias nowhere"),
        ("@ NS 10.0.0.1.\n", 5, "target literal"),
        ("@ NS 10.0.0.1\n", 5, "target literal"),
        ("sub NS 10.0.0.1\n", 5, "target literal"),
        ("@ MX 5 10.0.0.1\n", 5, "target literal"),
        ("@ MX 5 2001:db8::1.\n", 5, "target literal"),
        ("_a._tcp SRV 0 0 1 10.0.0.1.\n", 5, "target literal"),
        ("www CNAME 10.0.0.1.\n", 5, "target literal"),
        ("a CNAME a\n", 5, "ring"),
        ("x CNAME a\na CNAME b\nb CNAME C\nc CNAME a\n", 6, "ring"),
        ("www.example.com A 10.0.0.1\n", 5, "doubled"),
        ("www CNAME ns1.example.com\n", 5, "doubled"),
        ("@ MX 5 mail.\n", 5, "single label"),
        ("a_b A 10.0.0.1\n", 5, "odd host"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, more: str, line: int, key: str) -> None:
    assert found(tmp_path, HEAD + more) == [(line, key)]


def test_numbers_are_names_in_a_reverse_zone(tmp_path: Path) -> None:
    text = "$TTL 9\n@ SOA ns.example.net. admin 1 7200 3600 1209600 300\n@ NS ns.example.net.\n"
    assert found(tmp_path, text + "5 CNAME 5.2.0.192\n5.2.0.192 PTR a.example.net.\n", "in-addr.arpa") == []


@pytest.mark.parametrize(
    ("soa", "keys"),
    [
        ("ns1 admin 0 7200 3600 1209600 300", ["serial zero"]),
        ("ns1 admin 1 3600 3600 1209600 300", ["retry"]),
        ("ns1 admin 1 7200 3600 10800 300", ["expire"]),
        ("ns1 admin 1 7200 3600 1209600 86401", ["minimum"]),
        ("ns1 a@b.example.com. 1 7200 3600 1209600 300", ["at sign"]),
    ],
)
def test_a_soa_that_is_odd(tmp_path: Path, soa: str, keys: list[str]) -> None:
    assert found(tmp_path, f"$TTL 9\n@ SOA {soa}\n@ NS ns1\nns1 A 10.0.0.1\n") == [(2, key) for key in keys]


def test_a_zone_without_ns(tmp_path: Path) -> None:
    assert [key for _, key in found(tmp_path, "$TTL 9\n@ SOA ns1 admin 1 7200 3600 1209600 300\n")] == [
        "no ns"
    ]


def test_a_warning_of_which_there_are_many_is_told_so_often(tmp_path: Path) -> None:
    many = "".join(f"a_{number} A 10.0.0.1\n" for number in range(limits.ZONE_WARNINGS + 5))
    told = found(tmp_path, HEAD + many)
    assert len(told) == limits.ZONE_WARNINGS + 1
    assert told[-1] == (0, "more")


def test_errors_are_told_all_and_no_warnings_beside_them(tmp_path: Path) -> None:
    checked = checks.check(put(tmp_path, HEAD + "a A x\na_b A 10.0.0.1\nc Q z\n"), None, "f", NOW)
    assert [str(each).partition(" ")[0] for each in checked.errors] == ["f:5:", "f:7:"]
    assert (checked.zone, checked.warnings) == (None, ())


LINE = st.tuples(
    st.sampled_from(
        ["@", "a", "*", "*.a", "a.b", "sub", "x.sub", "example.com", "2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"]
    ),
    st.sampled_from(
        [
            "A 10.0.0.1",
            "NS a",
            "NS ns.sub",
            "CNAME a.b",
            "DNAME sub",
            "DNAME x.",
            "MX 5 a",
            "MX 5 .",
            "SRV 0 0 0 *",
            "TXT x",
            "DS 1 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
            "NSEC a A",
            "NSEC3PARAM 1 0 5 -",
            "NSEC3 1 0 5 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A",
            "RRSIG A 13 2 5 20300101000000 20200101000000 1 @ AAAA",
        ]
    ),
)


@given(lines=st.lists(LINE, max_size=12))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_zone_is_checked(tmp_path: Path, lines: list[tuple[str, str]]) -> None:
    text = HEAD + "".join(f"{owner} {data}\n" for owner, data in lines)
    checked = checks.check(put(tmp_path, text), None, "f", NOW)
    assert (checked.zone is None) == bool(checked.errors)
    assert all(each.line > 4 for each in checked.errors)
    assert all(each.text(lang).isprintable() for each in checked.warnings for lang in LANGS)
    assert all(each.place[1] for each in checked.warnings if each.owner in _owners(checked))


def _owners(checked: checks.Checked) -> set[bytes]:
    assert checked.zone is not None
    return {owner for owner, node in checked.zone.nodes.items() if node}


# Signed ------------------------------------------------------------------------------------------


def rrsig(kind: str, *, end: float = NOW + 30 * 86400, begin: float = NOW - 86400) -> str:
    times = [time.strftime("%Y%m%d%H%M%S", time.gmtime(each)) for each in (end, begin)]
    return f"RRSIG {kind} 13 2 3600 {times[0]} {times[1]} 1 example.com. AAAA"


def signed(text: str) -> str:
    """A zone with NSEC: every authoritative set has a signature."""
    head = HEAD.replace("\nns1 A", f"\n@ {rrsig('SOA')}\n@ {rrsig('NS')}\nns1 A")
    apex = f"@ NSEC ns1 SOA NS RRSIG NSEC\n@ {rrsig('NSEC')}\n"
    return head + f"ns1 {rrsig('A')}\n" + apex + text


NS1 = f"ns1 NSEC @ A RRSIG NSEC\nns1 {rrsig('NSEC')}\n"


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        (NS1, []),
        (f"ns1 NSEC @ A RRSIG NSEC\nns1 {rrsig('NSEC', end=NOW - 5)}\n", ["expired"]),
        (f"ns1 NSEC @ A RRSIG NSEC\nns1 {rrsig('NSEC', end=NOW + 86400)}\n", ["expires"]),
        (f"ns1 NSEC @ A RRSIG NSEC\nns1 {rrsig('NSEC', begin=NOW + 86400)}\n", ["early"]),
        (f"ns1 NSEC @ A RRSIG NSEC\nns1 {rrsig('NSEC', end=NOW - 5)}\nns1 {rrsig('NSEC')}\n", []),
        ("", ["no nsec"]),
        (f"ns1 NSEC ns1 A RRSIG NSEC\nns1 {rrsig('NSEC')}\n", ["nsec chain"]),
        (f"ns1 NSEC @ A\nns1 {rrsig('NSEC')}\nb A 10.0.0.1\n", ["nsec chain", "unsigned", "no nsec"]),
        (NS1 + "sub NS ns1\n", ["nsec chain", "no nsec"]),
    ],
)
def test_a_zone_with_nsec(tmp_path: Path, more: str, keys: list[str]) -> None:
    assert sorted(key for _, key in found(tmp_path, signed(more))) == sorted(keys)


def test_d64_nsec3_with_many_iterations_is_told(tmp_path: Path) -> None:
    checked = checks.check(put(tmp_path, HEAD + "@ NSEC3PARAM 1 0 65535 aabb\n"), None, "f", NOW)
    (told,) = [each for each in checked.warnings if each.key == "iterations"]
    assert "65535 iterations" in told.text("en")


def test_an_nsec3_chain_is_a_ring(tmp_path: Path) -> None:
    one, two = "2T7B4G4VSA5SMI47K61MV5BV1A22BOJR", "B4UM86EGHHDS6NEA196SMVMLO4ORS995"
    chain = "{0} NSEC3 1 0 0 - {1} A\n{1} NSEC3 1 0 0 - {2} A\n"
    parameters = HEAD + "@ NSEC3PARAM 1 0 0 -\n"
    whole = found(tmp_path, parameters + chain.format(one, two, one))
    assert "nsec3 chain" not in {key for _, key in whole}
    broken = found(tmp_path, parameters + chain.format(one, two, two))
    assert [line for line, key in broken if key == "nsec3 chain"] == [7]


def test_two_nsec3_chains_while_the_salt_is_changed(tmp_path: Path) -> None:
    names = "2T7B4G4VSA5SMI47K61MV5BV1A22BOJR", "B4UM86EGHHDS6NEA196SMVMLO4ORS995"
    others = "9CTP97EQ6TF4UMQ2OFQ8KIEV5JGTAS7C", "R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN"
    chain = "{0} NSEC3 1 0 0 {2} {1} A\n{1} NSEC3 1 0 0 {2} {0} A\n"
    text = HEAD + "@ NSEC3PARAM 1 0 0 -\n@ NSEC3PARAM 1 0 0 aabb\n"
    text += chain.format(*names, "-") + chain.format(*others, "aabb")
    assert "nsec3 chain" not in {key for _, key in found(tmp_path, text)}
    broken = found(tmp_path, text.replace(f"aabb {others[0]}", f"aabb {names[0]}"))
    assert [key for _, key in broken if key == "nsec3 chain"] == ["nsec3 chain"]
    coming = text.replace("@ NSEC3PARAM 1 0 0 aabb", "@ NSEC3PARAM 1 1 0 aabb").replace(
        f"aabb {others[0]}", f"aabb {names[0]}"
    )  # RFC 5155 section 4.1.2: a chain that is not whole yet
    assert "nsec3 chain" not in {key for _, key in found(tmp_path, coming)}
