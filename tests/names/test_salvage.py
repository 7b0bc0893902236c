"""Journals that something has happened to: what is found in them was written, and in its order."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.names.changing.changes import difference
from netapp.names.changing.storing import Step, Whole
from netapp.names.keeping import chunks
from netapp.names.keeping.salvage import mended, read_journal, rising
from tests.names.zoning import a, zone

ZONES = [zone(each + 1, *(a(f"h{n}.example.lan") for n in range(each))) for each in range(9)]
STEPS = [Step(change) for old, new in pairwise(ZONES) if (change := difference(old, new)) is not None]
PACKED = [chunks.pack_step(number, each) for number, each in enumerate(STEPS, 1)]
JOURNAL = b"".join(PACKED)


@given(
    at=st.integers(0, len(JOURNAL)),
    count=st.integers(0, 300),
    instead=st.one_of(st.binary(max_size=40), st.integers(0, 300).map(bytes)),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_into_a_journal_its_other_steps_are_found(
    at: int, count: int, instead: bytes
) -> None:
    octets = JOURNAL[:at] + instead + JOURNAL[at + count :]
    found = read_journal(octets)
    numbered = [*found.steps, *found.later]
    assert all(STEPS[number - 1] == step for number, step in numbered)
    assert rising(numbered, 0) == numbered
    assert found.steps == list(enumerate(STEPS, 1))[: len(found.steps)]
    ends, begin = [], 0
    for each in PACKED:
        ends.append((begin, begin + len(each)))
        begin += len(each)
    kept = {number for number, (begin, end) in enumerate(ends, 1) if end <= at or begin >= at + count}
    assert kept <= {number for number, _ in numbered}
    later = rising(found.later, len(found.steps))
    if later:
        made = mended(Whole(ZONES[len(found.steps)], ZONES[0]), len(found.steps), later)
        assert made.lost + len(found.steps) + len(later) == later[-1][0]
        assert made.left_out == 0


@given(octets=st.binary(max_size=200))
def test_octets_that_are_no_journal_hold_nothing(octets: bytes) -> None:
    found = read_journal(octets)
    assert (found.steps, found.later, found.sound) == ([], [], 0)


def test_looking_for_what_is_sound_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lure = (10_000).to_bytes(4, "big") + bytes(4) + chunks.STEP + bytes(3)
    octets = b"\xff" * 8 + lure * 2000 + PACKED[0]
    assert chunks.following(octets, 0) == len(octets) - len(PACKED[0])
    monkeypatch.setattr(limits, "ZONE_SALVAGE", 100_000)
    assert chunks.following(octets, 0) is None
