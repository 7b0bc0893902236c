"""Frames and header dictionaries."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.errors import WireError
from netapp.file.plain.wire import Header, Order, length_of, parse_header, split_frame, write_header

orders: st.SearchStrategy[Order] = st.sampled_from(["little", "big"])


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=20), orders)
def test_a_frame_comes_back_and_leaves_the_rest(payload: bytes, rest: bytes, order: Order) -> None:
    octets = length_of(len(payload), order) + payload + rest
    assert split_frame(octets, order) == (payload, rest)
    for end in range(4 + len(payload)):
        assert split_frame(octets[:end], order) is None


@pytest.mark.parametrize("length", [0, 65536, 2**32 - 1])
def test_f10_lengths_that_no_frame_has(length: int) -> None:
    with pytest.raises(WireError):
        split_frame(length_of(length, "big"), "big")


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({"filename": "a"}, Header("a")),
        ({"file_name": "a", "x": [1]}, Header("a")),
        ({"name": "文件", "size": 5}, Header("文件", 5)),
        ({"filename": "a", "file_name": "a", "filesize": 0}, Header("a", 0)),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t13_headers(fields: dict[str, object], header: Header, codec: str) -> None:
    assert parse_header(json.dumps(fields, ensure_ascii=False).encode(codec)) == header
    assert parse_header(b" \n" + json.dumps(fields).encode()) == header


@pytest.mark.parametrize(
    "payload",
    [
        b"{", b"{}", b'{"filename": ""}', b'{"filename": 5}', b'{"filename": null}', b'{"filename": ["a"]}',
        b'{"filename": "a", "filename": "b"}', b'{"filename": "a", "file_name": "b"}',
        b'{"filename": "a", "filesize": -1}', b'{"filename": "a", "filesize": 1e308}',
        b'{"filename": "a", "filesize": "5"}', b'{"filename": "a", "filesize": true}',
        b'{"filename": "a", "filesize": 5.0}', b'{"filename": "a", "filesize": NaN}',
        b'{"filename": "a", "filesize": 99999999999999999999}', b'{"filename": "a", "x": Infinity}',
        b'{"filename": "a", "filesize": ' + b"9" * 5000 + b"}",
        b'{"a":' * 10_000, b'{"a":' + b"[" * 60_000, b'{"filename": "a"} trailing', b"{\xff\xff}",
    ],
)  # fmt: skip
def test_f12_dictionaries_that_are_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        parse_header(payload)


def test_f12_a_frame_full_of_keys_is_read_or_refused_at_once() -> None:
    payload = json.dumps({"filename": "a"} | {f"{n}": n for n in range(4000)}).encode()
    assert len(payload) < limits.FRAME
    assert parse_header(payload) == Header("a")


@given(st.binary(max_size=200))
def test_f12_any_payload_is_a_name_a_header_or_an_error(payload: bytes) -> None:
    for octets in (payload, b"{" + payload):
        try:
            header = parse_header(octets)
        except WireError:
            continue
        assert header is None or isinstance(header, Header)


def test_t13_an_answer_has_its_facts_under_every_usual_key() -> None:
    octets = write_header("文件", 7, "big", sha256="ab")
    frame = split_frame(octets, "big")
    assert frame is not None
    assert json.loads(frame[0]) == {
        "filename": "文件", "file_name": "文件",
        "filesize": 7, "file_size": 7, "size": 7, "total_size": 7, "sha256": "ab",
    }  # fmt: skip
