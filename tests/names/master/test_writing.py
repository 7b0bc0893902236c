"""Zones to master files, and back."""

from pathlib import Path

import dns.zone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from netapp.names import master
from netapp.names.model import SOA, A, Record
from netapp.names.naming import wire_name
from netapp.names.zone import build_zone
from tests.names.master.making import HEAD, ORIGIN, every_type, faults, put, records, zone

TEXT = st.text(alphabet=st.sampled_from('ab.\\"();@$ \t\n\r019*-_\0é教'), max_size=40)


def test_every_type_loaded_written_and_loaded_again_is_equal(tmp_path: Path) -> None:
    first = zone(tmp_path, every_type())
    text = "".join(master.written(first))
    again = zone(tmp_path, text)
    assert records(again) == records(first)
    assert "".join(master.written(again)) == text


def test_what_is_written_others_read(tmp_path: Path) -> None:
    first = zone(tmp_path, every_type())
    path = put(tmp_path, "".join(master.written(first)), "written")
    foreign = dns.zone.from_file(str(path), "example.com.", relativize=False)
    assert records(first) == {
        Record(name.to_wire().lower(), int(rdata.rdtype), rdata.to_wire(), ttl)
        for name, ttl, rdata in foreign.iterate_rdatas()
    }


def test_the_text_of_known_types_is_theirs(tmp_path: Path) -> None:
    text = "".join(master.written(zone(tmp_path, every_type())))
    generic = [line for line in text.splitlines() if "\\#" in line]
    assert all("TYPE" in line for line in generic), generic
    assert text.startswith("$ORIGIN example.com.\n@\t3600\tIN\tSOA\t")


@given(rdtype=st.sampled_from([1, 2, 15, 16, 28, 33, 46, 257, 65400]), rdata=st.binary(max_size=40))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_data_that_is_not_what_its_type_has_is_written_or_told(
    tmp_path: Path, rdtype: int, rdata: bytes
) -> None:
    soa = Record(ORIGIN, SOA, b"\0\0" + bytes(20), 5)
    made = build_zone(ORIGIN, [soa, Record(b"\1x" + ORIGIN, rdtype, rdata, 5)])
    text = "".join(master.written(made))
    try:
        again = zone(tmp_path, text)
    except master.BrokenZone:
        return  # dnspython refuses the octets in whichever form
    assert records(again) == records(made)


@given(label=st.binary(min_size=1, max_size=63))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_owners_of_any_octets_come_back(tmp_path: Path, label: bytes) -> None:
    owner = bytes((len(label),)) + label.lower() + ORIGIN
    soa = Record(ORIGIN, SOA, b"\0\0" + bytes(20), 5)
    made = build_zone(ORIGIN, [soa, Record(owner, A, b"\1\2\3\4", 5), Record(owner, 2, owner, 5)])
    assert records(zone(tmp_path, "".join(master.written(made)))) == records(made)


@given(text=TEXT)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_zone_or_faults_with_lines(tmp_path: Path, text: str) -> None:
    assert all(line > 4 for _, line, _ in faults(tmp_path, HEAD + text))


@given(octets=st.binary(max_size=200))
@example(octets=b"\xc2\xa0 A 1.2.3.4")  # a blank that is no space
@example(octets=b"$INCLUDE a\xe2\x80\x8b\xa8\x7f")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_octets_are_a_zone_or_faults(tmp_path: Path, octets: bytes) -> None:
    path = put(tmp_path, HEAD.encode() + octets)
    try:
        read = master.read_zone(path)
    except master.BrokenZone as error:
        assert str(error).isprintable()  # noqa: PT017 (most octets are a zone's or a fault, either is right)
    else:
        assert ORIGIN in read.zone.nodes


def test_a_list_may_be_empty_and_the_first_types_are_read(tmp_path: Path) -> None:
    """RFC 3123 section 4; RFC 1035 section 3.3 has more types of one name than are still in use."""
    text = "a APL\nb APL \\# 0\nc MB d\ne MINFO d f\nc MG g.example.net.\nh MD \\# 3 016900\n"
    made = zone(tmp_path, HEAD + text)
    within = wire_name("example.com")
    got = {(each.owner[1:2], each.rdtype): each.rdata for each in made.records() if each.owner != within}
    del got[b"n", A]
    assert got == {
        (b"a", 42): b"",
        (b"b", 42): b"",
        (b"c", 7): b"\1d" + within,
        (b"c", 8): wire_name("g.example.net"),
        (b"e", 14): b"\1d" + within + b"\1f" + within,
        (b"h", 3): b"\1i\0",
    }
    assert records(zone(tmp_path, "".join(master.written(made)))) == records(made)


def test_a_list_is_the_only_data_that_may_be_empty(tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD + "a MB\n") == [("example.com.zone", 5, "no data")]
