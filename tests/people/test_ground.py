"""What all parts stand on: the news of changes, settings, and failures that outlive a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.core.database import Database
from netapp.people import admin, settings, store
from netapp.people.model import AccountChanged, Password, Refused
from netapp.people.passwords import Cost
from netapp.people.rows import Rows
from netapp.people.settings import Peppers, Settings
from netapp.people.store import MemoryStore, SqlStore, Store
from netapp.people.throttling.counts import Changes
from netapp.people.throttling.ledger import ORDER
from netapp.people.trail.audit import Audit
from tests.people.place import ELSEWHERE, HOST, Disk, Place, now

SECRET = b"s" * 32


@pytest.fixture
def place() -> Place:
    return Place()


def told_by(place: Place) -> list[AccountChanged]:
    told: list[AccountChanged] = []
    place.people.changes.subscribe(told.append)
    return told


# The feed ------------------------------------------------------------------------------------


def test_changes_of_here_and_elsewhere_are_told_once_and_in_order(place: Place) -> None:
    told = told_by(place)
    zhao = place.account()
    place.store.elsewhere(lambda rows: admin.set_role(rows, zhao, "admin"))
    now(place.people.add("li", "83625417 long"))
    place.store.elsewhere(lambda rows: None)
    assert [(each.kind, each.account.name) for each in told] == [
        ("added", "zhao"), ("role", "zhao"), ("added", "li"),
    ]  # fmt: skip
    assert told[1].account.role == "admin"


def test_what_was_before_the_start_is_no_news(place: Place) -> None:
    place.account()
    later = Place(place.store, place.clock)
    told = told_by(later)
    place.store.elsewhere(lambda rows: None)
    assert told == []


def test_one_who_fails_keeps_nothing_from_the_others(place: Place) -> None:
    def fails(_: object) -> None:
        raise ValueError("odd")

    with capturedLogs() as logs:
        place.people.changes.subscribe(fails)
        told = told_by(place)
        place.account()
        place.store.elsewhere(lambda rows: admin.set_role(rows, admin.find(rows, "zhao"), "guest"))
    assert [each.kind for each in told] == ["added", "role"]
    assert sum("failed" in str(formatEvent(event)) for event in logs) == 2


class Unread(Place):
    """News cannot be read while ``broken``."""

    broken = False

    def __init__(self) -> None:
        super().__init__()
        news = self.people._ground._news

        def read(rows: Rows) -> Any:
            if self.broken:
                raise OSError("the disk fails")
            return news(rows)

        self.people._ground._news = read  # type: ignore[method-assign]


def test_a_change_that_is_stored_is_no_failure_and_is_told_of_as_soon_as_can_be() -> None:
    place = Unread()
    told = told_by(place)
    place.broken = True
    with capturedLogs() as logs:
        zhao = place.account()
        place.store.elsewhere(lambda rows: admin.set_role(rows, zhao, "guest"))
    assert place.rows(lambda rows: rows.accounts.get(zhao.id)).role == "guest"
    assert logs
    assert told == []
    place.broken = False
    place.clock.advance(limits.CHANGES_AGAIN)
    assert [each.kind for each in told] == ["added", "role"]
    assert place.clock.getDelayedCalls() == []


def test_a_stop_leaves_no_timer_behind() -> None:
    place = Unread()
    place.broken = True
    with capturedLogs():
        place.account()
    now(place.people.stop())
    assert place.clock.getDelayedCalls() == []
    place.store.elsewhere(lambda rows: None)
    assert place.clock.getDelayedCalls() == []


# Settings ------------------------------------------------------------------------------------


def test_settings_are_followed_and_what_makes_no_sense_is_told_of(tmp_path: Path) -> None:
    place = Place(settings=Settings())
    place.store.elsewhere(lambda rows: settings.put_cost(rows, Cost(memory=16, rounds=2)))
    place.store.elsewhere(lambda rows: settings.put_policy(rows, "nist"))
    assert place.people._ground.hasher.cost == Cost(memory=16, rounds=2)
    assert place.people.policy == "nist"
    with pytest.raises(Refused, match="15"):
        now(place.people.add("li", "94736102"))
    with capturedLogs() as logs:
        gone = Peppers("k", {"k": str(tmp_path / "gone")})
        place.store.elsewhere(lambda rows: settings.put_peppers(rows, gone))
    assert any("hashed as before" in str(formatEvent(event)) for event in logs)
    assert place.people._ground.hasher.cost == Cost(memory=16, rounds=2)
    place.people.chosen_policy = "basic"
    assert now(place.people.add("li", "94736102"))


def test_an_old_hash_follows_the_new_cost_at_the_next_login() -> None:
    place = Place(settings=Settings())
    zhao = place.account()
    place.store.elsewhere(lambda rows: settings.put_cost(rows, Cost(memory=16, rounds=2)))
    assert place.tried("zhao", "123") is not None
    kept = place.rows(lambda rows: rows.accounts.password(zhao.id))
    assert "m=16,t=2" in kept.phc
    assert place.tried("zhao", "123") is not None


# Throttles -----------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Any]:
    """``places()``: a process's people on one directory; as many as are asked for."""
    opened: list[Disk] = []

    def begin(clock: Any = None) -> Place:
        opened.append(disk := Disk(tmp_path))
        return Place(disk, clock, secret=SECRET)

    yield begin
    for each in opened:
        each.close()


def test_l42_a_restart_forgives_nothing(places: Any) -> None:
    first = places()
    first.account()
    for number in range(5):
        assert first.tried("zhao", f"wrong {number}") is None
    second = places(first.clock)
    for throttle in (first.people.throttle, second.people.throttle):
        assert 3.0 < throttle.account_wait(HOST, {"zhao"}, first.clock.seconds()) <= 4.0
        assert throttle.source_wait(HOST, first.clock.seconds()) > 3.0


def test_l7_known_places_outlive_a_restart(places: Any) -> None:
    first = places()
    first.account()
    assert first.tried("zhao", "123") is not None
    for number in range(limits.THROTTLE_GUARDS + 1):
        first.tried("zhao", f"wrong {number}", f"198.51.100.{number}")
    second = places(first.clock)
    waits = second.people.authenticate("zhao", "123", "203.0.113.1")
    assert not waits.called  # strangers wait
    assert now(second.people.authenticate("zhao", "123", HOST)) is not None  # at once
    waits.cancel()
    waits.addErrback(lambda failure: None)


def test_failures_in_one_process_count_in_the_other(places: Any) -> None:
    first = places()
    second = places(first.clock)
    first.account()
    for number in range(4):
        first.tried("zhao", f"wrong {number}")
    second.store.elsewhere(lambda rows: None)
    assert second.people.throttle.account_wait(HOST, {"zhao"}, first.clock.seconds()) > 1.0
    assert second.tried("zhao", "123") is not None
    first.store.elsewhere(lambda rows: None)
    assert first.people.throttle.account_wait(HOST, {"zhao"}, first.clock.seconds()) == 0.0


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_an_account_that_is_removed_and_made_again_begins_anew(places: Any, where: str) -> None:
    place = places()
    zhao = place.account()
    assert place.tried("zhao", "123") is not None
    for number in range(4):
        place.tried("zhao", f"wrong {number}", ELSEWHERE)
    if where == "here":
        now(place.people.remove("zhao"))
    else:
        place.store.elsewhere(lambda rows: admin.remove(rows, zhao))
    place.account()
    seconds = place.clock.seconds()
    assert not place.people.throttle.knows(HOST, {"zhao"}, seconds)
    assert place.people.throttle.account_wait("192.0.2.9", {"zhao"}, seconds) == 0.0
    place.tried("nobody", "x", "192.0.2.9")  # whatever is stored next
    later = places(place.clock)
    assert not later.people.throttle.knows(HOST, {"zhao"}, seconds)


def test_what_is_stored_of_failures_has_a_bound(places: Any) -> None:
    first = places()
    begin = first.clock.seconds()
    rows = [(f"h:10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1 + n % 5, begin - n / 1000) for n in range(20_000)]
    old = [(f"h:172.16.{n >> 8}.{n & 255}", 7, begin - limits.THROTTLE_FORGETS - 1.0) for n in range(1000)]
    first.rows(lambda it: it.throttles.store(Changes(rows + old)))
    second = places(first.clock)
    second.tried("nobody", "x")
    left = second.rows(lambda it: it.throttles.failures())
    assert len([key for key, _, _ in left if key.startswith("h:")]) <= limits.THROTTLES
    assert len(left) <= limits.THROTTLES * len(ORDER)
    assert not any(key.startswith("h:172") for key, _, _ in left)


def test_l41_a_trail_that_cannot_be_written_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with capturedLogs() as logs:
        place = Place()
        place = Place(place.store, place.clock, audit=Audit(tmp_path / "audit.jsonl", b"k" * 32, place.clock))
        place.account()
        assert place.tried("zhao", "123") is not None
        assert place.tried("zhao", "124") is None
        now(place.people.stop())
    assert sum("audit trail" in str(formatEvent(event)) for event in logs) == 1


# Stores --------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqlStore(Database(store.open_database(tmp_path), reactor))
    )
    opened.start()
    yield opened
    pytest_twisted.blockon(opened.stop())


@pytest_twisted.ensureDeferred
async def test_both_stores_do_all_of_a_work_or_nothing(kept: Store) -> None:
    def half(rows: Rows) -> None:
        admin.add(rows, "zhao", Password("phc"), 1.0, groups=["a"])
        raise Refused("gone")

    with pytest.raises(Refused):
        await kept.write(half)
    assert await kept.read(lambda rows: rows.accounts.all()) == []
    assert await kept.read(lambda rows: rows.changes.since(0)) == []
    zhao = await kept.write(lambda rows: admin.add(rows, "zhao", Password("phc"), 1.0, groups=["a"]))
    assert await kept.read(lambda rows: rows.accounts.get(zhao.id)) == zhao
    assert [change.kind for _, change in await kept.read(lambda rows: rows.changes.since(0))] == ["added"]
    with pytest.raises(Refused, match="taken"):
        await kept.write(lambda rows: admin.add(rows, "ZHAO", None, 1.0))
    await kept.write(lambda rows: admin.remove(rows, zhao))
    assert await kept.read(lambda rows: rows.accounts.members()) == {}
