"""Tries that nobody waits for any more: they free their places, and cost what others cost."""

import pytest
from twisted.internet import defer
from twisted.logger import capturedLogs, formatEvent

from netapp.people.model import Account, AccountChanged
from tests.people.place import ELSEWHERE, HOST, Place, cancelled, now


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account("Zhao", "123")


def test_l26_a_try_that_leaves_while_it_is_hashed_frees_its_place_and_is_counted_once(
    place: Place, zhao: Account
) -> None:
    place.threads.held = True
    first, second = (place.people.authenticate("zhao", f"guess {n}", HOST) for n in range(2))
    cancelled(second)  # it has waited for its turn, and was not looked at
    cancelled(first)
    assert place.threads.waits == []
    assert place.people._turns._locks == {}
    assert place.people._turns.waiting == 0
    row = place.people.throttle._ledger.row(f"h:{HOST}", place.clock.seconds())
    assert row[0] == 1
    place.threads.held = False
    assert now(place.people.authenticate("zhao", "123", HOST)) is not None


def test_l26_a_try_that_leaves_while_it_is_stored_is_counted_once(place: Place, zhao: Account) -> None:
    place.store.held = True
    waits = place.people.authenticate("zhao", "guess", HOST)
    while not waits.called and place.store.kept and len(place.store.kept) < 2:
        place.store.kept[-1].callback(None)  # the verdict; the next write is the count
    cancelled(waits)
    place.store.held = False
    assert place.people._turns._locks == {}
    assert place.people.throttle._ledger.row(f"h:{HOST}", place.clock.seconds())[0] == 1
    place.tried("nobody", "x", ELSEWHERE)
    stored = {key: failures for key, failures, _ in place.rows(lambda rows: rows.throttles.failures())}
    assert stored[f"h:{HOST}"] == 1


def test_who_hangs_up_each_time_is_held_back_as_who_waits(place: Place, zhao: Account) -> None:
    place.threads.held = True
    for number in range(4):
        waits = place.people.authenticate("zhao", f"guess {number}", HOST)
        place.clock.advance(5.0)
        cancelled(waits)
    assert place.people.throttle.source_wait(HOST, place.clock.seconds()) > 0.0


def test_l32_a_change_whose_owner_hangs_up_is_told_of_all_the_same(place: Place, zhao: Account) -> None:
    told: list[AccountChanged] = []
    place.people.changes.subscribe(told.append)
    place.store.held = True
    revoking = defer.ensureDeferred(place.people.sessions.revoke(zhao.id, None))
    cancelled(revoking)
    (written,) = place.store.kept
    place.store.held = False
    written.callback((zhao, 0))
    assert [each.kind for each in told] == ["revoked"]


def test_l41_what_goes_wrong_when_nobody_waits_is_told_in_the_log(place: Place, zhao: Account) -> None:
    place.store.held = True
    revoking = defer.ensureDeferred(place.people.sessions.revoke(zhao.id, None))
    cancelled(revoking)
    with capturedLogs() as logs:
        place.store.kept.pop().errback(OSError("the disk is full"))
    assert ["the disk is full" in str(formatEvent(event)) for event in logs] == [True]
