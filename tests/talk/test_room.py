"""The order of a room's messages when several processes write to it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.talk import Message, StoreFailed
from netapp.talk.bus import Hint, LocalBus
from netapp.talk.store import MemoryStore
from netapp.talk.talk import Talk
from tests.talk.helpers import Remembering, WaitingStore, arrive, clock, now, talk


class SharedStore(MemoryStore):
    """One file that two processes write to."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[Callable[[], object]] = []

    def watch(self, changed: Callable[[], object]) -> None:
        self.watchers.append(changed)


def test_a_gap_is_filled_from_the_rows() -> None:
    store = SharedStore()
    here, there = talk(store), talk(store)
    bob, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    now(eve.say("lobby", "1"))
    now(eve.say("lobby", "2"))
    assert heard.deliveries == []  # nobody has told us yet
    now(bob.say("lobby", "3"))
    assert heard.texts == ["1", "2", "3"]
    assert heard.deliveries[2].sender is bob


def test_a_watcher_is_enough_to_hear_of_others() -> None:
    store = SharedStore()
    here, there = talk(store), talk(store)
    _, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    now(eve.say("lobby", "1"))
    store.watchers[0]()
    store.watchers[0]()
    assert heard.texts == ["1"]


def test_a_bus_between_two_talks_carries_hints() -> None:
    store, bus = MemoryStore(), LocalBus()
    here, there = (Talk(store, clock(), bus=bus) for _ in range(2))
    here.start()
    there.start()
    _, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    now(eve.say("lobby", "1"))
    assert heard.texts == ["1"]
    bus.publish(Hint("lobby", 1))
    bus.publish(Hint("nowhere", 9))
    assert heard.texts == ["1"]
    here.stop()
    now(eve.say("lobby", "2"))
    assert heard.texts == ["1"]


def test_rows_that_are_deleted_already_hold_nobody_up() -> None:
    store = MemoryStore(keep=2)
    here, there = talk(store), talk(store)
    bob, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    for number in range(5):
        now(eve.say("lobby", str(number)))
    now(bob.say("lobby", "last"))
    assert heard.numbers == [5, 6]


class SlowStore(WaitingStore):
    """A message is in the rows before its Deferred fires; reads wait too."""

    def __init__(self) -> None:
        super().__init__()
        self.committed: list[tuple[defer.Deferred[Message], Message]] = []
        self.reads: list[Callable[[], None]] = []

    def commit(self) -> None:
        done, draft = self.waiting.pop(0)
        MemoryStore.add(self, draft).addCallback(lambda message: self.committed.append((done, message)))

    def tell(self) -> None:
        done, message = self.committed.pop(0)
        done.callback(message)

    def after(self, room: str, number: int, *, limit: int) -> "defer.Deferred[list[Message]]":
        done: defer.Deferred[list[Message]] = defer.Deferred()
        self.reads.append(lambda: MemoryStore.after(self, room, number, limit=limit).chainDeferred(done))
        return done


@given(st.lists(st.sampled_from(["ours", "stored", "told", "theirs", "read", "hint"]), max_size=40))
def test_whatever_comes_first_the_order_is_that_of_numbers(steps: list[str]) -> None:
    store = SlowStore()
    here = talk(store)
    bob, heard = arrive(here, "bob", "lobby")
    sent = 0
    for step in [*steps, *["stored", "told"] * 40, "hint", *["read"] * 50]:
        if step == "ours":
            bob.say("lobby", "x")
            sent += 1
        elif step == "stored" and store.waiting:
            store.commit()
        elif step == "told" and store.committed:
            store.tell()
        elif step == "theirs":
            MemoryStore.add(store, here.draft("lobby", bob.author, "y", "say", None))  # type: ignore[arg-type]
            sent += 1
        elif step == "read" and store.reads:
            store.reads.pop(0)()
        elif step == "hint":
            here._bus.publish(Hint(None))
    assert heard.numbers == list(range(1, sent + 1))
    for delivery in heard.deliveries:
        assert (delivery.sender is bob) is (delivery.message.text == "x")


def test_more_than_one_page_of_others_messages_is_read() -> None:
    store = SharedStore()
    here, there = talk(store), talk(store)
    _, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    for _ in range(limits.HISTORY + 5):
        now(eve.say("lobby", "x"))
    store.watchers[0]()
    assert heard.numbers == list(range(1, limits.HISTORY + 6))


class SickStore(SharedStore):
    """Its rows cannot be read now and then."""

    sick, tries = False, 0

    def after(self, room: str, number: int, *, limit: int) -> "defer.Deferred[list[Message]]":
        self.tries += 1
        return defer.fail(OSError("disk")) if self.sick else super().after(room, number, limit=limit)


def test_a_room_that_cannot_be_read_is_read_again() -> None:
    store, time = SickStore(), clock()
    here, there = talk(store, reactor=time), talk(store)
    _, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    store.sick = True
    with capturedLogs() as events:
        now(eve.say("lobby", "1"))
        store.watchers[0]()
        time.pump([limits.ROOM_AGAIN] * 3)
        store.watchers[0]()
    assert (heard.texts, store.tries, len(events)) == ([], 4, 1)
    store.sick = False
    time.advance(limits.ROOM_AGAIN)
    assert heard.texts == ["1"]
    assert time.getDelayedCalls() == []


def test_a_room_is_not_read_again_for_ever() -> None:
    store, time = SickStore(), clock()
    here, there = talk(store, reactor=time), talk(store)
    _, heard = arrive(here, "bob", "lobby")
    eve, _ = arrive(there, "eve", "lobby")
    now(eve.say("lobby", "1"))
    store.sick = True
    store.watchers[0]()
    time.pump([limits.ROOM_AGAIN] * 100)
    assert store.tries == limits.ROOM_TRIES
    assert time.getDelayedCalls() == []
    store.sick = False
    store.watchers[0]()
    assert heard.texts == ["1"]


@pytest.mark.parametrize("well_again", [True, False])
def test_a_room_that_everybody_left_while_it_was_read_is_forgotten(well_again: bool) -> None:
    store, time = SickStore(), clock()
    here = talk(store, reactor=time)
    bob, _ = arrive(here, "bob", "games")
    store.sick = True
    store.watchers[0]()
    bob.depart()
    assert here.room("games") is not None
    store.sick = not well_again
    time.pump([limits.ROOM_AGAIN] * limits.ROOM_TRIES)
    assert here.room("games") is None


def test_a_room_that_cannot_be_read_is_not_entered() -> None:
    class Broken(MemoryStore):
        def room(self, name: str) -> "defer.Deferred[object]":
            return defer.fail(OSError("gone"))

    place = talk(Broken())
    bob = now(place.arrive("bob", Remembering()))
    with pytest.raises(StoreFailed, match="gone"):
        now(bob.join("lobby"))
