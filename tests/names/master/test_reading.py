"""Master files to zones."""

import os
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest

from netapp.core import limits
from netapp.names import master
from netapp.names.files.origins import origin_of
from netapp.names.model import CNAME, MX, NS, SOA, SRV, TXT, A, Record, find
from netapp.names.naming import shown, wire_name
from netapp.names.zone import Zone
from tests.names.master.making import DATA, HEAD, ORIGIN, every_type, faults, put, records, zone


def data(zone: Zone, name: str, rdtype: int = A) -> tuple[bytes, ...]:
    found = find(zone.nodes[wire_name(name)], rdtype)
    assert found is not None
    return found.rdatas


def ttl(zone: Zone, name: str, rdtype: int = A) -> int:
    found = find(zone.nodes[wire_name(name)], rdtype)
    assert found is not None
    return found.ttl


def by_dnspython(path: Path) -> set[Record]:
    foreign = dns.zone.from_file(str(path), "example.com.", relativize=False, check_origin=False)
    return {
        Record(name.to_wire().lower(), int(rdata.rdtype), rdata.to_wire(), ttl)
        for name, ttl, rdata in foreign.iterate_rdatas()
    }


def test_every_type_is_read_as_dnspython_reads_it(tmp_path: Path) -> None:
    path = put(tmp_path, every_type())
    read = master.read_zone(path)
    assert records(read.zone) == by_dnspython(path)
    assert read.zone.origin == ORIGIN
    assert read.zone.serial == 7
    assert [each.path for each in read.files] == [path]


def test_the_types_are_all_that_dnspython_knows() -> None:
    """A type that a new dnspython knows has a line in the tests too."""
    known = {each.name for each in dns.rdatatype.RdataType if not dns.rdatatype.is_metatype(each)}
    elsewhere = {"SOA", "NS", "CNAME", "DNAME", "RRSIG", "NSEC", "NSEC3", "TYPE0", "NONE"}
    unwritten = {"MD", "MF", "MB", "MG", "MR", "NULL", "WKS", "MINFO", "SIG", "NXT", "A6", "UNSPEC", "TA"}
    written = {kind.replace("-", "_") for kind in DATA}
    assert {
        kind for kind in known - written - elsewhere - unwritten - {"NSAP_PTR"} if not kind.startswith("TYPE")
    } == set()


@pytest.mark.parametrize(
    "text",
    [
        "@ SOA ns1 admin 7 7200 3600 1209600 300\n NS ns1\nns1 1h A 10.0.0.1\n",
        "@ 60 IN SOA ns1 admin ( 7 ; serial\n 7200 3600\n 1209600 300 ) ; end\n"
        " NS ns1\n\n ; nothing\nns1 A 10.0.0.1\n",
        HEAD + 'a IN 5 A 10.0.0.2\na 5 IN A 10.0.0.3\n  TXT (\n  one\n  "two ; )"\n )\n',
        HEAD + "$ORIGIN sub\nwww A 10.0.0.2\n$ORIGIN example.com.\nwww CNAME www.sub\n",
        HEAD + "$GENERATE 1-3 h$ A 10.0.1.$\n$GENERATE 0-20/10 ${1,3,x}.n PTR ${0,0,d}.x\n"
        "$GENERATE 5-6 a$$b${0,3,n} 9 IN TXT $-\\$\n",
        HEAD.replace("\n", "\r\n") + "a A 10.0.0.2\r\nb TXT (\r\n x )\r\n",
        HEAD + 'a TXT "x"y"z"w\nb.example.com. MX 10 @\n* A 10.0.0.1\n$TTL 1d\nz A 10.0.0.9',
    ],
)
def test_text_is_read_as_dnspython_reads_it(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, text)
    assert records(master.read_zone(path, ORIGIN).zone) == by_dnspython(path)


def test_a_ttl_is_the_records_own_or_that_of_ttl_or_the_last_or_the_soas(tmp_path: Path) -> None:
    soa = "@ SOA ns admin 1 2 3 4 300\n"
    assert ttl(zone(tmp_path, soa + "a A 10.0.0.1\n"), "a.example.com") == 300
    read = zone(
        tmp_path, soa + "a 1h A 10.0.0.1\nb A 10.0.0.1\n$TTL 5\nc A 10.0.0.1\nd 9 A 10.0.0.1\ne A 10.0.0.1\n"
    )
    assert [ttl(read, f"{name}.example.com") for name in "abcde"] == [3600, 3600, 5, 9, 5]
    assert ttl(read, "example.com", SOA) == 300
    assert faults(tmp_path, "a A 10.0.0.1\n" + soa) == [("example.com.zone", 1, "no ttl")]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_text_of_any_script_goes_out_as_utf_8_and_names_as_a_labels(
    tmp_path: Path, encoding: str, mark: bytes
) -> None:
    text = HEAD + '打印机 A 10.0.0.5\n@ TXT "二楼打印室" 诚\n@ MX 5 邮件\n_x._tcp SRV 0 0 1 打印机\n'
    read = zone(tmp_path, mark + text.encode(encoding))
    assert data(read, "打印机.example.com") == (bytes((10, 0, 0, 5)),)
    words = ["二楼打印室".encode(), "诚".encode()]
    assert data(read, "example.com", TXT) == (b"".join(bytes((len(each),)) + each for each in words),)
    assert data(read, "example.com", MX) == (b"\0\5" + wire_name("邮件.example.com"),)
    assert data(read, "_x._tcp.example.com", 33)[0].endswith(wire_name("打印机.example.com"))


@pytest.mark.parametrize("dot", "。．｡")
def test_the_dots_of_other_scripts_are_dots(tmp_path: Path, dot: str) -> None:
    lines = f"www{dot}例子 A 10.0.0.2\n你{dot}好{dot}example.com{dot} CNAME www{dot}例子\n"
    lines += f"_ldap._tcp SRV 0 0 389 你{dot}好\nmx MX 5 甲{dot}乙{dot}net{dot}\n"
    for text in (lines.encode(), lines.replace("｡", "。").encode("gb18030")):
        read = zone(tmp_path, HEAD.encode() + text)
        assert data(read, "www.例子.example.com") == (b"\x0a\0\0\2",)
        assert data(read, "你.好.example.com", CNAME) == (wire_name("www.例子.example.com"),)
        assert data(read, "_ldap._tcp.example.com", SRV) == (
            b"\0\0\0\0\1\x85" + wire_name("你.好.example.com"),
        )
        assert data(read, "mx.example.com", MX) == (b"\0\5" + wire_name("甲.乙.net"),)


@pytest.mark.parametrize("name", ["你\\.好", "你\\.", "你\\。好", "例子。。www"])
def test_a_dot_within_a_label_of_another_script_is_a_fault(tmp_path: Path, name: str) -> None:
    assert [line for _, line, _ in faults(tmp_path, f"{HEAD}{name} A 10.0.0.2\n")] == [5]


def test_octets_of_no_encoding_stay_as_they_are(tmp_path: Path) -> None:
    read = zone(tmp_path, HEAD.encode() + b'@ TXT "a\xff\xffz" "\\255"\n')
    assert data(read, "example.com", TXT) == (b"\4a\xff\xffz\1\xff",)


def test_names_in_data_keep_their_case_and_owners_are_folded(tmp_path: Path) -> None:
    read = zone(tmp_path, HEAD + "WWW CNAME Ns1.EXAMPLE.com.\n")
    assert data(read, "www.example.com", CNAME) == (b"\3Ns1\7EXAMPLE\3com\0",)


def test_an_origin_is_given_or_the_soas_or_the_files_name(tmp_path: Path) -> None:
    named = put(tmp_path, "$TTL 9\n$ORIGIN Lan.\n@ SOA ns admin 1 2 3 4 5\n", "anything")
    assert master.read_zone(named).zone.origin == wire_name("lan")
    absolute = put(
        tmp_path, "$TTL 9\nhome.arpa. SOA ns.home.arpa. a.b. 1 2 3 4 5\nhome.arpa. NS x.\n", "db.1"
    )
    assert master.read_zone(absolute).zone.origin == wire_name("home.arpa")
    assert master.read_zone(put(tmp_path, HEAD, "教室.zone")).zone.origin == wire_name("教室")
    assert master.read_zone(put(tmp_path, HEAD, "x"), wire_name("y")).zone.origin == wire_name("y")


def test_a_file_name_says_its_origin() -> None:
    assert (
        origin_of("example.com") == origin_of("example.com.zone") == origin_of("Example.COM.zone") == ORIGIN
    )
    rfc2317 = origin_of("0%2F25.2.0.192.in-addr.arpa.zone")
    assert rfc2317 is not None
    assert shown(rfc2317) == "0/25.2.0.192.in-addr.arpa"
    assert origin_of("root.zone") == b"\0"
    assert origin_of("a..b") is None


def test_includes_are_relative_to_their_file_and_keep_origin_and_owner(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    put(tmp_path, "h A 10.0.1.1\n$INCLUDE deeper\n$TTL 77\n", "sub/one")
    put(tmp_path, "$ORIGIN far\nx A 10.0.1.2\n", "sub/deeper")
    path = put(tmp_path, HEAD + "a A 10.0.0.7\n$INCLUDE sub/one in.example.com.\n AAAA ::1\nb A 10.0.0.8\n")
    read = master.read_zone(path)
    assert {"h.in.example.com", "x.far.in.example.com", "a.example.com", "b.example.com"} <= set(
        map(shown, read.zone.nodes)
    )
    assert data(read.zone, "a.example.com", 28) == (bytes(15) + b"\1",)
    assert ttl(read.zone, "b.example.com") == 77
    assert [each.path for each in read.files] == [path, tmp_path / "sub/one", tmp_path / "sub/deeper"]


def test_every_fault_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    put(tmp_path, "a A 10.0.0.1\nb A 10.0.0.256\n", "inner")
    text = HEAD + (
        "x NOSUCH 1\n"  # 5
        "y A\n"
        "other.example.net. A 10.0.0.1\n"
        " AAAA ::1\n"
        "z MX ten mail\n"
        "a..b A 10.0.0.1\n"  # 10
        "$INCLUDE inner\n"
        '"open TXT\n'
        "t TXT (\n one\n two)\n"
        "u ) A 10.0.0.1\n"  # 16
        "$NOSUCH 1\n"
        "v CH A 10.0.0.1\n"
        "w 5 5 A 10.0.0.1\n"
        "q 3000000000 A 10.0.0.1\n"  # 20
        "$ORIGIN\n"
        "o AXFR 1\n"
        "$INCLUDE nowhere\n"
        "p TXT (\n never\n"
    )
    assert faults(tmp_path, text) == [
        ("example.com.zone", 5, "bad type"),
        ("example.com.zone", 6, "no data"),
        ("example.com.zone", 7, "outside"),
        ("example.com.zone", 8, "outside"),
        ("example.com.zone", 9, "bad data"),
        ("example.com.zone", 10, "empty label"),
        ("inner", 2, "bad address"),
        ("example.com.zone", 12, "quote"),
        ("example.com.zone", 16, "close"),
        ("example.com.zone", 17, "directive"),
        ("example.com.zone", 18, "class"),
        ("example.com.zone", 19, "twice"),
        ("example.com.zone", 20, "bad ttl"),
        ("example.com.zone", 21, "form"),
        ("example.com.zone", 22, "no data type"),
        ("example.com.zone", 23, "include"),
        ("example.com.zone", 24, "open"),
    ]


def test_an_error_is_one_line_with_file_line_reason_and_cure(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD + "www.example.net. A 10.0.0.1\nx A y\n")
    with pytest.raises(master.BrokenZone) as caught:
        master.read_zone(path)
    assert str(caught.value) == (
        f"{path}:5: www.example.net is not in the zone example.com: "
        "move it to its own zone, or mend the name; 2 faults in all"
    )


@pytest.mark.parametrize(
    ("line", "english", "chinese"),
    [
        ("mx MX mail", "MX: expecting an integer; write the like of  MX 10 mail", ";写成 MX 10 mail 这样"),
        ("s SRV 1 2 sip", "; write the like of  SRV 10 5 5060 sip", ";写成 SRV 10 5 5060 sip 这样"),
        (
            "x A 10.0.0.1 5",
            "A has one value, and 5 is one too many: a second one is a line of its own",
            "A 只有一个值,5 多出来了:第二个值请另写一行",
        ),
        ("x CNAME a b", "CNAME has one value, and b is one too many", "CNAME 只有一个值,b 多出来了"),
        (
            "x A\u300010.0.0.1",
            "there is no record type A⟦U+3000⟧10.0.0.1; ⟦U+3000⟧ is no common blank: "
            "put a space in its place, or nothing",
            "没有 A⟦U+3000⟧10.0.0.1 这种记录类型;⟦U+3000⟧ 不是普通空格:请改成空格,或者删掉",
        ),
        ("x A 10.0.0.1\u200b", "; ⟦U+200B⟧ is no common blank", ";⟦U+200B⟧ 不是普通空格"),
        ("\u3000x A 10.0.0.1", "⟦U+3000⟧x is no name: Codepoint", ";⟦U+3000⟧ 不是普通空格"),
    ],
)
def test_what_is_mistaken_often_is_told_with_its_cure(
    tmp_path: Path, line: str, english: str, chinese: str
) -> None:
    with pytest.raises(master.BrokenZone) as caught:
        master.read_zone(put(tmp_path, HEAD + line + "\n"))
    (fault,) = caught.value.faults
    assert fault.line == 5
    assert english in fault.reason("en")
    assert chinese in fault.reason("zh")


def test_data_of_any_type_may_still_be_octets(tmp_path: Path) -> None:
    read = zone(tmp_path, HEAD + "a A \\# 4 0a000001\n")
    assert data(read, "a.example.com", 1) == (bytes((10, 0, 0, 1)),)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_file_of_another_encoding_is_one_fault(tmp_path: Path, encoding: str) -> None:
    key = "utf-16" if encoding == "utf-16" else "nul"
    assert faults(tmp_path, HEAD.encode(encoding)) == [("example.com.zone", 1, key)]


@pytest.mark.parametrize(
    ("more", "line", "key"),
    [
        ("www CNAME a\nwww A 10.0.0.1\n", 6, "cname"),
        ("www A 10.0.0.1\nwww TXT x\nwww CNAME a\n", 7, "cname"),
        ("www CNAME a\nwww CNAME b\n", 6, "two"),
        ("www DNAME a\nwww DNAME b\n", 6, "two"),
        ("@ SOA ns1 admin 8 1 1 1 1\n", 5, "two soas"),
        ("sub SOA ns1 admin 8 1 1 1 1\n", 5, "other origin"),
    ],
)
def test_what_cannot_stand_together_is_told_with_its_line(
    tmp_path: Path, more: str, line: int, key: str
) -> None:
    assert faults(tmp_path, HEAD + more) == [("example.com.zone", line, key)]


def test_a_file_without_an_soa_is_no_zone(tmp_path: Path) -> None:
    assert faults(tmp_path, "$TTL 5\n@ NS ns1\n") == [("example.com.zone", 0, "no soa")]
    assert faults(tmp_path, "") == [("example.com.zone", 0, "no soa")]
    assert "no SOA record: the first record is the SOA of example.com" in _reason(tmp_path, "")


def _reason(folder: Path, text: str) -> str:
    with pytest.raises(master.BrokenZone) as caught:
        master.read_zone(put(folder, text))
    return str(caught.value)


# Hostile input, by its number --------------------------------------------------------------------


def test_d64_nsec3_with_65535_iterations_is_a_zone_like_another(tmp_path: Path) -> None:
    """It is loaded; who asks for proofs gets none that costs anything: see the lookup's tests."""
    read = zone(tmp_path, HEAD + "@ NSEC3PARAM 1 0 65535 aabb\n")
    assert read.signed == "nsec3"


def test_d65_a_line_of_ten_megabytes_is_a_fault_with_its_line(tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD + "x TXT " + "a" * 10_000_000) == [("example.com.zone", 5, "long line")]
    assert faults(tmp_path, HEAD + "x TXT " + "a" * 10_000_000 + "\ny A z\n")[0][1:] == (5, "long line")
    assert faults(tmp_path, HEAD + "x TXT (\n" + "a\n" * 1_000_000)[0][1:] == (5, "long entry")


def test_d65_an_include_of_what_is_no_regular_file_is_a_fault_with_its_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("/dev/zero", "/dev/null", "pipe", str(tmp_path)):
        assert [each[1:] for each in faults(tmp_path, HEAD + f"$INCLUDE {name}\n")] in (
            [(5, "not regular")],
            [(5, "include")],
        )
    assert faults(tmp_path, HEAD + "$INCLUDE example.com.zone\n")[0][2] in ("deep", "two soas")


def test_d65_a_generate_of_two_to_the_31_is_a_fault_at_once(tmp_path: Path) -> None:
    for span in ("0-2147483647", "0-4294967295", "0-4294967296", "5-1", "1-2/0", "x"):
        text = HEAD + f"$GENERATE {span} h$ A 10.0.0.1\n"
        assert [each[1] for each in faults(tmp_path, text)] == [5], span
    assert f"may make {limits.ZONE_GENERATE}" in _reason(
        tmp_path, HEAD + "$GENERATE 0-2147483647 h$ A 10.0.0.1\n"
    )


def test_d65_nul_octets_are_a_fault_with_their_line(tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD.encode() + b'a A 10.0.0.1\nb TXT "x\0y"\n') == [
        ("example.com.zone", 6, "nul")
    ]
    assert faults(tmp_path, bytes(100_000))[0][1:] == (1, "nul")


def test_d65_a_record_that_no_transfer_could_carry_is_a_fault_with_its_line(tmp_path: Path) -> None:
    most = limits.TRANSFER_RECORD
    read = zone(tmp_path, HEAD + f"a TYPE65280 \\# {most} {'00' * most}\n")
    assert data(read, "a.example.com", 65280) == (bytes(most),)
    text = HEAD + f"a TYPE65280 \\# {most + 1} {'00' * (most + 1)}\n"
    assert faults(tmp_path, text) == [("example.com.zone", 5, "long data")]
    assert f"example.com.zone:5: TYPE65280 has more than {most} octets of data" in _reason(tmp_path, text)
    strings = " ".join(["x" * 255] * (most // 256))
    assert len(data(zone(tmp_path, HEAD + f"a TXT {strings}\n"), "a.example.com", TXT)[0]) == most
    assert faults(tmp_path, HEAD + f"a TXT {strings} x\n") == [("example.com.zone", 5, "long data")]


def test_d65_a_file_of_nothing_but_faults_tells_a_bounded_number(tmp_path: Path) -> None:
    told = faults(tmp_path, "x y z\n" * 5000)
    assert len(told) == limits.ZONE_FAULTS + 1
    assert told[-1][2] == "many"


def test_ns_and_the_like_may_be_anything_a_name_can_be(tmp_path: Path) -> None:
    read = zone(tmp_path, HEAD + "sub NS a\\.b.c\nsub2 NS \\097\\000.\n")
    assert data(read, "sub.example.com", NS) == (b"\3a.b\1c" + ORIGIN,)
    assert data(read, "sub2.example.com", NS) == (b"\2a\0\0",)
    for bad in ("\\256", "\\1x", "a" * 64, ".".join(["a" * 60] * 5), ".a", '"a"'):
        assert [each[1] for each in faults(tmp_path, HEAD + f"sub NS {bad}\n")] == [5], bad
