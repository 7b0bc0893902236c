"""Frames of plain values."""

import marshal
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as some

from netapp.dns.workers.wire import Frames, pack
from netapp.errors import WireError

plain = some.recursive(
    some.none() | some.integers() | some.binary() | some.text() | some.floats(allow_nan=False),
    lambda inner: some.lists(inner) | some.tuples(inner, inner) | some.dictionaries(some.text(), inner),
)
values = some.tuples(some.text(), plain)


@given(some.lists(values), some.lists(some.integers(1, 50), min_size=1))
def test_frames_however_they_are_cut(sent: list[tuple[str, object]], sizes: list[int]) -> None:
    octets = b"".join(pack(*each) for each in sent)
    frames, got = Frames(), []
    for size in cycle(sizes):
        if not octets:
            break
        got += frames.receive(octets[:size])
        octets = octets[size:]
    assert got == sent


@given(some.binary())
def test_octets_that_are_no_frames(octets: bytes) -> None:
    try:
        for each in Frames(1000).receive(octets):
            assert isinstance(each, tuple)
    except WireError:
        return


@pytest.mark.parametrize(
    "wrong", [b"", b"?", marshal.dumps([1]), marshal.dumps(()), marshal.dumps((1, 2))[:-1]]
)
def test_a_frame_that_is_no_tuple(wrong: bytes) -> None:
    with pytest.raises(WireError, match="cannot be read"):
        list(Frames().receive(len(wrong).to_bytes(4, "big") + wrong))


def test_a_frame_that_is_too_large() -> None:
    with pytest.raises(WireError, match="101 octets"):
        list(Frames(100).receive((101).to_bytes(4, "big")))
