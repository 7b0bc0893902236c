"""Ranges, conditions, names and types: RFC 9110 by values."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.exchange import Asked
from netapp.errors import WireError
from netapp.file.http import conditions, wire
from netapp.file.http.ranges import parse_ranges
from netapp.share.model import Entry

ENTRY = Entry("a.txt", 100, 1_000_000_000 * 10**9, "abc")
DATE, EARLIER, LATER = (conditions.http_date(10**9 + shift) for shift in (0, -1, 1))


@pytest.mark.parametrize(
    ("field", "spans"),
    [
        ("bytes=0-4", ((0, 4),)),
        ("bytes=5-", ((5, 99),)),
        ("bytes=-5", ((95, 99),)),
        ("bytes=-99999", ((0, 99),)),
        ("bytes=0-99999999999999999", ((0, 99),)),
        ("Bytes=0-0", ((0, 0),)),
        (" bytes=0-0 ", ((0, 0),)),
        ("bytes=0-0,-1", ((0, 0), (99, 99))),
        ("bytes= 0-0 , ,50-59,", ((0, 0), (50, 59))),
        ("bytes=50-59,0-0", ((0, 0), (50, 59))),
        ("bytes=0-1,1-2", ((0, 2),)),
        ("bytes=0-1,2-3", ((0, 3),)),
        ("bytes=0-1,200-", ((0, 1),)),
        ("bytes=99-", ((99, 99),)),
        ("bytes=-0", ()),
        ("bytes=100-", ()),
        ("bytes=200-300,-0", ()),
        ("bytes=5-2", None),
        ("bytes=0-0,5-2", None),
        ("bytes=1_0-", None),
        ("bytes=+3-", None),
        ("bytes=1 - 2", None),
        ("bytes=-", None),
        ("bytes=--1", None),
        ("bytes=", None),
        ("bytes", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
        ("items=0-4", None),
        ("bytes 0-4", None),
        ("bytes=0-60,0-60", None),
        ("bytes=" + ",".join(["0-"] * 3000), None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 34, 2)), None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_f34_f35_ranges(field: str, spans: tuple[tuple[int, int], ...] | None) -> None:
    assert parse_ranges(field, 100) == spans


@pytest.mark.parametrize(("field", "spans"), [("bytes=0-", ()), ("bytes=-5", None), ("bytes=-0", ())])
def test_f34_ranges_of_nothing(field: str, spans: tuple[()] | None) -> None:
    assert parse_ranges(field, 0) == spans


_SPEC = st.one_of(
    st.builds("{}-{}".format, st.integers(0, 60), st.integers(0, 60)),
    st.builds("{}-".format, st.integers(0, 60)),
    st.builds("-{}".format, st.integers(0, 60)),
    st.text(alphabet="0123456789-+_ ,x", max_size=6),
)


@given(st.lists(_SPEC, max_size=20), st.integers(0, 50))
def test_f34_f35_spans_are_within_ascending_apart_and_never_more_than_the_whole(
    specs: list[str], size: int
) -> None:
    spans = parse_ranges("bytes=" + ",".join(specs), size)
    if spans:
        assert all(0 <= first <= last < size for first, last in spans)
        assert all(left[1] + 1 < right[0] for left, right in pairwise(spans))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-match": '"abc"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"x", "abc"'}, None),
        ({"if-match": '"x"'}, 412),
        ({"if-match": 'W/"abc"'}, 412),
        ({"if-match": "abc"}, 412),
        ({"if-unmodified-since": DATE}, None),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-unmodified-since": "yesterday"}, None),
        ({"if-match": '"abc"', "if-unmodified-since": EARLIER}, None),
        ({"if-match": '"x"', "if-none-match": '"abc"'}, 412),
        ({"if-none-match": '"abc"'}, 304),
        ({"if-none-match": 'W/"abc"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, None),
        ({"if-none-match": '"a,b", "abc"'}, 304),
        ({"if-none-match": '"x"', "if-modified-since": DATE}, None),
        ({"if-modified-since": DATE}, 304),
        ({"if-modified-since": LATER}, 304),
        ({"if-modified-since": EARLIER}, None),
        ({"if-modified-since": "Sun, 99 Nov 2001 00:00:00 GMT"}, None),
        ({"if-modified-since": "Sun, 06 Nov 99999999 08:49:37 GMT"}, None),
        ({"if-match": '"abc"', "if-none-match": '"abc"'}, 304),
        ({"if-unmodified-since": EARLIER, "if-modified-since": DATE}, 412),
    ],
)
def test_f37_preconditions_in_their_order(headers: dict[str, str], status: int | None) -> None:
    asked = Asked("GET", b"/", {name: [value] for name, value in headers.items()})
    assert conditions.precondition(asked, ENTRY) == status


@pytest.mark.parametrize(
    ("field", "holds"), [('"abc"', True), ('"x"', False), ('W/"abc"', False), (DATE, False), ("*", False)]
)
def test_f36_if_range(field: str, holds: bool) -> None:
    assert conditions.range_holds(Asked("GET", b"/", {"if-range": [field]}), ENTRY) is holds


def test_dates_are_http_dates() -> None:
    assert DATE == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert conditions.http_date(-5) == "Thu, 01 Jan 1970 00:00:00 GMT"


@given(st.binary(max_size=40).filter(lambda octets: not any(octet in octets for octet in b"\x00")))
def test_any_name_comes_back_from_its_path(name: bytes) -> None:
    assert wire.name_of(b"/" + wire.path_of(name).encode()) == b"/" + name


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/a%20b?x=/../y", b"/a b"),
        (b"/%2e%2e/x", b"/../x"),
        (b"/%252e", b"/%2e"),
        (b"/a%5cb", b"/a\\b"),
        (b"http://host:80/a", b"/a"),
        (b"HTTPS://host", b"/"),
        (b"//host/a", b"//host/a"),
        ("/端".encode("gbk"), "/端".encode("gbk")),
    ],
)
def test_f3_targets_are_decoded_once(target: bytes, name: bytes) -> None:
    assert wire.name_of(target) == name


@pytest.mark.parametrize(
    "target",
    [b"/a%2fb", b"/a%2Fb", b"/%00", b"/a%", b"/a%4", b"/a%zz", b"/a%+1", b"*", b"a", b"ftp://x/y", b""],
)
def test_f3_f4_targets_that_are_none(target: bytes) -> None:
    with pytest.raises(WireError):
        wire.name_of(target)


@given(st.text(min_size=1, max_size=40), st.sampled_from(["text/plain", "text/html"]))
def test_f32_a_disposition_is_plain_ascii_and_one_line(name: str, kind: str) -> None:
    field = wire.disposition(name.encode("utf-8", "replace"), kind)
    assert field.isascii()
    assert field.isprintable()
    assert field.count('"') == 2


def test_f32_a_disposition_in_both_forms() -> None:
    assert wire.disposition('文"件.txt'.encode("gbk"), "text/plain") == (
        "inline; filename=\"___.txt\"; filename*=UTF-8''%E6%96%87%22%E4%BB%B6.txt"
    )


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("a.txt", "text/plain", True), ("a.md", "text/plain", True), ("a.py", "text/plain", True),
        ("a.json", "text/plain", True), ("a.css", "text/plain", True), ("a.csv", "text/plain", True),
        ("a.png", "image/png", True), ("a.mp4", "video/mp4", True),
        ("a.html", "text/html", False), ("a.svg", "image/svg+xml", False), ("a.js", "text/javascript", False),
        ("a.xml", "text/xml", False), ("a.pdf", "application/pdf", False),
        ("a", "application/octet-stream", False), ("a.txt.gz", "application/octet-stream", False),
    ],
)  # fmt: skip
def test_f33_what_a_browser_may_show(name: str, kind: str, shown: bool) -> None:
    assert wire.type_of(name) in (kind, "application/javascript" if name == "a.js" else kind)
    assert wire.disposition(name.encode(), wire.type_of(name)).startswith("inline" if shown else "attachment")


@pytest.mark.parametrize(
    ("beginning", "charset"),
    [
        (b"", "utf-8"), (b"abc", "utf-8"), ("中文".encode(), "utf-8"), ("中文".encode()[:-1], "utf-8"),
        ("中文".encode("gbk"), "gb18030"), ("中文".encode("gbk")[:-1], "gb18030"), (b"\xff\xfe", "gb18030"),
    ],
)  # fmt: skip
def test_a_texts_encoding(beginning: bytes, charset: str) -> None:
    assert wire.charset_of(beginning) == charset
