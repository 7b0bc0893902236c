"""What of a zone in a file is kept already."""

import pytest

from netapp.names.changing.changes import Change, difference
from netapp.names.changing.known import is_known
from netapp.names.changing.storing import Whole
from netapp.names.zone import Zone
from tests.names.zoning import a, zone

ONE, TWO, MINE = (a(f"{name}.example.lan") for name in ("one", "two", "mine"))


def step(old: Zone, new: Zone) -> Change:
    change = difference(old, new)
    assert change is not None
    return change


SERVED = (zone(1), zone(2, ONE), zone(3, ONE, TWO), zone(4, TWO))
FILE = zone(1, a("www.example.lan"))
WHOLE = Whole(SERVED[-1], FILE, tuple(map(step, SERVED, SERVED[1:])))


@pytest.mark.parametrize("there", [*SERVED, FILE])
def test_what_was_served_or_taken_in_is_kept(there: Zone) -> None:
    assert is_known(there, WHOLE)


@pytest.mark.parametrize(
    "there",
    [
        zone(1, a("www.example.lan"), MINE),
        zone(2, a("www.example.lan")),
        zone(4, TWO, MINE),
        zone(4),
        zone(3, ONE, TWO, MINE),
        zone(2, MINE),
        zone(9, TWO),
    ],
)
def test_what_was_edited_is_not(there: Zone) -> None:
    assert not is_known(there, WHOLE)


def test_without_a_history_there_is_the_file_and_what_is_served() -> None:
    whole = Whole(zone(4, TWO), FILE)
    assert [is_known(each, whole) for each in (zone(4, TWO), FILE, zone(2, ONE))] == [True, True, False]
