"""Who is here, who may be called what, and who gets what."""

from typing import Any

import pytest
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.talk import (
    Author,
    BadName,
    Change,
    Departed,
    Joined,
    Kind,
    NameTaken,
    NoSuchName,
    NotThere,
    Parted,
    Proof,
    Renamed,
    StoreFailed,
    TooMuch,
    TopicSet,
)
from netapp.talk.model import Draft
from netapp.talk.store import MemoryStore
from tests.talk.helpers import Accounts, Remembering, WaitingStore, arrive, now, talk


def test_what_is_said_reaches_everyone_in_the_room_and_nobody_else() -> None:
    place = talk()
    bob, heard_bob = arrive(place, "bob", "lobby")
    _, heard_eve = arrive(place, "eve", "lobby")
    _, elsewhere = arrive(place, "joe", "games")
    message = now(bob.say("lobby", "hello", Kind.ACT))
    assert (message.number, message.text, message.kind) == (1, "hello", Kind.ACT)
    assert message.author == Author("bob", Proof.GUEST)
    assert message.time == 1000.0
    assert heard_bob.texts == heard_eve.texts == ["hello"]
    assert heard_bob.deliveries[0].sender is bob
    assert elsewhere.deliveries == []


def test_octets_are_made_once_for_each_kind_of_receiver() -> None:
    place = talk()
    bob, heard = arrive(place, "bob", "lobby")
    arrive(place, "eve", "lobby")
    now(bob.say("lobby", "hello"))
    delivery, made = heard.deliveries[0], []
    for kind in ("a", "a", "b"):
        delivery.octets(kind, lambda delivery: made.append(delivery) or b"x")
    assert len(made) == 2


def test_nothing_is_delivered_before_it_is_stored() -> None:
    store = WaitingStore()
    place = talk(store)
    bob, heard = arrive(place, "bob", "lobby")
    said = bob.say("lobby", "hello")
    assert not said.called
    assert heard.deliveries == []
    store.release()
    assert now(said).number == 1
    assert heard.texts == ["hello"]


def test_what_cannot_be_stored_is_told_to_its_sender_only() -> None:
    class Full(MemoryStore):
        def add(self, draft: Draft) -> "defer.Deferred[object]":
            return defer.fail(OSError("no space left on device"))

    place = talk(Full())
    bob, heard = arrive(place, "bob", "lobby")
    with pytest.raises(StoreFailed, match="no space"):
        now(bob.say("lobby", "hello"))
    assert heard.deliveries == []
    assert place.unstored == 1


def test_why_the_store_fails_is_logged_once_until_it_changes() -> None:
    class Sick(MemoryStore):
        trouble = ""

        def add(self, draft: Draft) -> "defer.Deferred[Any]":
            return defer.fail(OSError(self.trouble)) if self.trouble else super().add(draft)

    store = Sick()
    bob, _ = arrive(talk(store), "bob", "lobby")
    with capturedLogs() as events:
        for store.trouble in ("disk is full", "disk is full", "disk is broken", "", "disk is broken"):
            said = bob.say("lobby", "hello")
            said.addErrback(lambda failure: failure.trap(StoreFailed))
    assert [event["reason"] for event in events] == ["disk is full", "disk is broken", "disk is broken"]
    assert not any("log_failure" in event for event in events)


def test_one_who_cannot_take_a_message_keeps_it_from_nobody() -> None:
    class Broken(Remembering):
        def deliver(self, delivery: object) -> None:
            raise RuntimeError("broken")

    place = talk()
    now(now(place.arrive("eve", Broken())).join("lobby"))
    bob, heard = arrive(place, "bob", "lobby")
    now(bob.say("lobby", "hello"))
    assert heard.texts == ["hello"]


def test_one_who_cannot_take_a_change_keeps_it_from_nobody() -> None:
    class Broken(Remembering):
        def changed(self, change: Change) -> None:
            raise RuntimeError("broken")

    place = talk()
    eve = now(place.arrive("eve", Broken()))
    now(eve.join("lobby"))
    now(eve.join("games"))
    _, heard = arrive(place, "joe", "lobby")
    bob, _ = arrive(place, "bob", "lobby", "games", "own")
    now(bob.rename("rob"))
    now(bob.set_topic("lobby", "chess"))
    bob.part("games")
    bob.depart()
    kinds = [Joined, Renamed, TopicSet, Departed]
    assert [type(change) for change in heard.changes] == kinds
    assert place.room("own") is None


def test_a_message_has_a_bound_and_needs_the_room() -> None:
    bob, _ = arrive(talk(), "bob", "lobby")
    with pytest.raises(TooMuch):
        now(bob.say("lobby", "x" * (limits.MESSAGE + 1)))
    with pytest.raises(NotThere):
        now(bob.say("games", "x"))
    with pytest.raises(BadName):
        now(bob.join("a b"))


def test_rooms_each_and_in_all_have_a_bound() -> None:
    bob, _ = arrive(talk(), "bob")
    for number in range(limits.ROOMS_EACH):
        now(bob.join(f"room{number}"))
    with pytest.raises(TooMuch):
        now(bob.join("one-more"))


def test_one_address_cannot_hold_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.ROOMS > 2 * limits.CONNECTIONS_PER_ADDRESS * limits.ROOMS_EACH
    monkeypatch.setattr(limits, "ROOMS", 2)
    place = talk()
    arrive(place, "bob", "a", "b")
    eve, _ = arrive(place, "eve", "lobby")
    with pytest.raises(TooMuch):
        now(eve.join("c"))


def test_coming_going_and_names_are_told_to_those_who_share_a_room() -> None:
    place = talk()
    published: list[object] = []
    place.changes.subscribe(published.append)
    bob, _ = arrive(place, "bob", "lobby", "games")
    eve, heard = arrive(place, "eve", "lobby", "games")
    _, elsewhere = arrive(place, "joe", "other")
    now(bob.rename("rob"))
    now(bob.set_topic("games", "chess"))
    bob.part("games", "tired")
    bob.depart("bye")
    bob.depart("again")
    old, new = Author("bob"), Author("rob")
    told = [Renamed(old, new), TopicSet("games", "chess", new), Parted("games", new, "tired")]
    told.append(Departed(new, ("lobby",), "bye"))
    assert heard.changes == told
    assert published[-4:] == told
    assert elsewhere.changes == []
    assert place.members("lobby") == (Author("eve"),)
    assert now(eve.join("games")).topic == "chess"


def test_a_room_nobody_is_in_is_forgotten_but_its_topic_is_kept() -> None:
    place = talk()
    bob, _ = arrive(place, "bob", "games")
    now(bob.set_topic("games", "chess"))
    bob.part("games")
    assert [view.name for view in place.rooms()] == ["lobby"]
    assert now(bob.join("games")).topic == "chess"


def test_a_guests_name_belongs_to_one_presence() -> None:
    place = talk()
    bob, _ = arrive(place, "bob")
    for name in ("bob", "BOB", "ｂｏｂ"):
        with pytest.raises(NameTaken) as caught:
            arrive(place, name)
        assert not caught.value.by_account
    bob.depart()
    arrive(place, "Bob")


def test_a_name_that_was_changed_is_free_again() -> None:
    place = talk()
    bob, _ = arrive(place, "bob")
    now(bob.rename("rob"))
    arrive(place, "bob")
    with pytest.raises(NameTaken):
        now(bob.rename("bob"))
    assert bob.author.name == "rob"
    now(bob.rename("Rob"))
    assert place.author("ROB") == Author("Rob")


def test_a_guest_and_a_machine_cannot_take_an_accounts_name() -> None:
    place = talk(people=Accounts(zhao="17"))
    with pytest.raises(NameTaken) as caught:
        arrive(place, "zhao")
    assert caught.value.by_account
    machine, _ = arrive(place, "zhao", proof=Proof.LAN, unique=True)
    assert machine.author == Author("zhao_2", Proof.LAN)
    with pytest.raises(NameTaken):
        now(machine.rename("zhao"))


def test_unique_names_get_a_number_and_stay_within_the_limit() -> None:
    place = talk()
    names = [arrive(place, "pc" * 15, unique=True)[0].author.name for _ in range(3)]
    assert names == ["pc" * 15, "pc" * 14 + "_2", "pc" * 14 + "_3"]


def test_of_two_who_ask_for_a_name_at_once_one_gets_it() -> None:
    people = Accounts()
    people.held = []
    place = talk(people=people)
    first, second = (place.arrive("bob", Remembering()) for _ in range(2))
    for _, answer in people.held:
        answer.callback(None)
    assert now(first).author.name == "bob"
    with pytest.raises(NameTaken) as caught:
        now(second)
    assert not caught.value.by_account


def test_of_two_who_ask_for_an_accounts_name_at_once_both_are_told_whose_it_is() -> None:
    people = Accounts(zhao="17")
    people.held = []
    place = talk(people=people)
    asked = [place.arrive("zhao", Remembering()) for _ in range(2)]
    for name, answer in people.held:
        answer.callback(people.account(name))
    for each in asked:
        with pytest.raises(NameTaken) as caught:
            now(each)
        assert caught.value.by_account


def test_a_guest_who_leaves_while_the_owner_comes_leaves_no_name_behind() -> None:
    people = Accounts()
    place = talk(people=people)
    guest, _ = arrive(place, "zhao")
    people.held = []
    owner = place.arrive("zhao", Remembering(), proof=Proof.ACCOUNT, account="17")
    guest.depart()
    people.held[0][1].callback(None)
    assert now(owner).author.name == "zhao"
    people.held = None
    arrive(place, "zhao_2")


def test_an_owner_who_could_not_come_leaves_no_name_behind() -> None:
    people = Accounts(zhao="17", ZHAO="18")
    place = talk(people=people)
    first, _ = arrive(place, "zhao", proof=Proof.ACCOUNT, account="17")
    people.held = []
    second = place.arrive("ZHAO", Remembering(), proof=Proof.ACCOUNT, account="18")
    people.held.pop()[1].errback(OSError("no people"))
    with pytest.raises(OSError, match="no people"):
        now(second)
    assert place.author("zhao") == first.author
    people.held = None
    assert arrive(place, "ZHAO", proof=Proof.ACCOUNT, account="18")[0].author.name == "ZHAO_2"


def test_a_guest_keeps_the_name_when_its_owner_could_not_come() -> None:
    people = Accounts()
    place = talk(people=people)
    guest, _ = arrive(place, "zhao")
    people.held = []
    owner = place.arrive("zhao", Remembering(), proof=Proof.ACCOUNT, account="17")
    people.held.pop()[1].errback(OSError("no people"))
    with pytest.raises(OSError, match="no people"):
        now(owner)
    assert place.author("zhao") == guest.author
    people.held = None
    guest.depart()
    assert arrive(place, "zhao")[0].author == Author("zhao")


def test_an_owner_has_many_presences_and_is_announced_once() -> None:
    place = talk(people=Accounts(zhao="17"))
    _, heard = arrive(place, "eve", "lobby")
    owner = {"proof": Proof.ACCOUNT, "account": "17"}
    first, heard_first = arrive(place, "zhao", "lobby", **owner)
    second, heard_second = arrive(place, "zhao", "lobby", **owner)
    now(first.say("lobby", "hello"))
    assert heard.texts == heard_first.texts == heard_second.texts == ["hello"]
    first.depart()
    second.depart()
    zhao = Author("zhao", Proof.ACCOUNT, "17")
    assert heard.changes == [Joined("lobby", zhao), Departed(zhao, ("lobby",))]


def test_an_owner_gets_the_name_back_from_a_guest() -> None:
    people = Accounts()
    place = talk(people=people)
    guest, heard = arrive(place, "zhao", "lobby")
    people.ids["zhao"] = "17"
    owner, _ = arrive(place, "zhao", proof=Proof.ACCOUNT, account="17")
    assert owner.author.name == "zhao"
    assert guest.author == Author("zhao_2")
    assert heard.changes == [Renamed(Author("zhao"), Author("zhao_2"))]


def test_an_owner_who_comes_while_a_guest_is_looked_up_gets_the_name() -> None:
    people = Accounts(zhao="17")
    people.held = []
    place = talk(people=people)
    guest = place.arrive("zhao", Remembering())
    owner, _ = arrive(place, "zhao", proof=Proof.ACCOUNT, account="17")
    people.held[0][1].callback(people.account("zhao"))
    with pytest.raises(NameTaken):
        now(guest)
    assert place.author("zhao") == owner.author


def test_a_direct_message_reaches_both_and_nobody_else() -> None:
    store = MemoryStore()
    place = talk(store)
    bob, heard_bob = arrive(place, "bob", "lobby")
    eve, heard_eve = arrive(place, "eve", "lobby")
    _, others = arrive(place, "joe", "lobby")
    message = now(bob.direct("EVE", "psst"))
    assert message.room.startswith("@")
    assert heard_eve.deliveries[0].to == Author("eve")
    assert heard_bob.texts == heard_eve.texts == ["psst"]
    assert others.deliveries == []
    now(eve.direct("bob", "yes?"))
    assert [m.text for m in now(store.newest(message.room, before=None, limit=9))] == ["psst", "yes?"]
    with pytest.raises(NoSuchName):
        now(bob.direct("nobody", "x"))


def test_who_has_the_name_later_sees_nothing_of_a_guests_talks() -> None:
    place = talk()
    bob, _ = arrive(place, "bob")
    eve, _ = arrive(place, "eve")
    secret = now(bob.direct("eve", "secret"))
    eve.depart()
    arrive(place, "eve")
    assert now(bob.direct("eve", "hello")).room != secret.room


def test_history_is_paged_by_number() -> None:
    place = talk()
    bob, _ = arrive(place, "bob", "lobby")
    for number in range(1, 11):
        now(bob.say("lobby", str(number)))

    def numbers(**how: int) -> list[int]:
        return [message.number for message in now(place.history("大厅", **how))]

    assert numbers(limit=3) == [8, 9, 10]
    assert numbers(before=8, limit=3) == [5, 6, 7]
    assert numbers(after=8) == [9, 10]


def test_the_house_may_tell_something_in_a_room_it_is_not_in() -> None:
    place = talk()
    _, heard = arrive(place, "bob", "lobby")
    now(place.post("lobby", Author("netapp"), "a file has come"))
    assert heard.deliveries[0].message.kind is Kind.EVENT
    assert heard.deliveries[0].sender is None


def test_a_name_claimed_by_one_who_left_meanwhile_is_free() -> None:
    people = Accounts()
    place = talk(people=people)
    bob, _ = arrive(place, "bob")
    people.held = []
    renaming = bob.rename("rob")
    bob.depart()
    people.held[0][1].callback(None)
    now(renaming)
    people.held = None
    arrive(place, "rob")
    arrive(place, "bob")


def test_rooms_are_forgotten_when_the_last_message_is_stored() -> None:
    store = WaitingStore()
    place = talk(store)
    bob, _ = arrive(place, "bob", "games")
    bob.say("games", "x")
    bob.depart()
    assert place.room("games") is not None
    store.release()
    assert place.room("games") is None
