"""The queue, the pace and the end of a conversation, by values."""

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from netapp.chat.asks import Ask, Hold, Join, Release, Say
from netapp.chat.conversation import Conversation, Pacer
from netapp.core import limits
from netapp.core.sessions import Close, Effect
from netapp.errors import NetappError
from netapp.talk import Author, Change, Delivery, Kind, Message


class Talker(Conversation[str]):
    """``+room`` joins, all else is said."""

    def take(self, items: Sequence[str], now: float) -> Sequence[Effect]:
        """Hear lines."""
        return self.receive("".join(f"{item}\n" for item in items).encode(), now)

    def split(self, octets: bytes, now: float) -> Sequence[Effect]:
        self.queue(octets.decode().splitlines())
        return ()

    def execute(self, item: str, now: float) -> Sequence[Effect]:
        return self.ask(Join(item[1:]) if item.startswith("+") else Say("lobby", item))

    def says(self, item: str) -> bool:
        return not item.startswith("+")

    def on_answer(self, ask: Ask, answer: object, now: float) -> Sequence[Effect]:
        return [f"answer to {ask}"]

    def delivered(self, delivery: Delivery) -> bytes:
        return b""

    def changed(self, change: Change) -> bytes:
        return b""


def stored(text: str) -> Message:
    return Message(1, "lobby", "id", 0.0, Kind.SAY, Author("bob"), text)


def test_saying_does_not_wait_for_saying_but_all_else_waits() -> None:
    talker = Talker(flood=False)
    assert talker.take(["a", "b", "+games", "c"], 0.0) == [Say("lobby", "a"), Say("lobby", "b")]
    assert talker.answered(Say("lobby", "a"), stored("a"), 0.0) == []
    assert talker.answered(Say("lobby", "b"), stored("b"), 0.0) == [Join("games")]
    assert talker.answered(Join("games"), None, 0.0)[1:] == [Say("lobby", "c")]
    assert talker.busy
    assert talker.answered(Say("lobby", "c"), NetappError("x"), 0.0)
    assert not talker.busy


def test_only_so_many_messages_are_on_their_way_to_the_disk() -> None:
    talker = Talker(flood=False)
    says = talker.take(["x"] * 100, 0.0)
    assert says.count(Say("lobby", "x")) == limits.CHAT_UNSTORED


def test_five_at_once_and_then_two_a_second_and_none_is_lost() -> None:
    talker = Talker(flood=True)
    assert len(talker.take([str(n) for n in range(9)], 0.0)) == 5
    assert talker.deadline > 0.0
    now, done = 0.0, 5
    while talker.deadline != math.inf:
        now = talker.deadline
        done += len(talker.pump(now))
    assert done == 9
    assert 1.9 < now < 2.1


def test_a_long_queue_stops_the_reading_and_a_short_one_lets_it_go_on() -> None:
    talker = Talker(flood=True)
    assert talker.take(["x"] * 60, 0.0)[-1] == Hold()
    now = 0.0
    effects: list[Effect] = []
    while talker.deadline != math.inf:
        now = talker.deadline
        effects += talker.pump(now)
    assert effects.count(Release()) == 1
    assert effects.count(Hold()) == 0


def test_what_the_queue_has_no_place_for_stays_octets() -> None:
    talker = Talker(flood=True)
    talker.take(["+a"] * 20_000, 0.0)
    assert len(talker._queue) <= limits.CHAT_QUEUE
    assert len(talker._unsplit) > 59_000
    for _ in range(40):
        talker.answered(Join("a"), None, talker.deadline if talker.deadline != math.inf else 1.0)
        talker.pump(1e6)
    assert len(talker._queue) <= limits.CHAT_QUEUE * 5 // 4
    talker.closed()
    assert not talker._queue
    assert not talker._unsplit


def test_lines_are_done_in_order_however_many_come_at_once() -> None:
    talker = Talker(flood=False)
    done: list[Effect] = list(talker.take([f"+{number}" for number in range(500)], 0.0))
    for number in range(500):
        done += talker.answered(Join(str(number)), None, 0.0)
    assert [ask for ask in done if isinstance(ask, Join)] == [Join(str(number)) for number in range(500)]
    assert not talker.busy


def test_who_has_finished_is_served_to_the_end() -> None:
    talker = Talker(flood=True)
    talker.take(["a"] * 6, 0.0)
    assert talker.finish(0.0) == []
    for _ in range(5):
        assert talker.answered(Say("lobby", "a"), stored("a"), 0.1) == []
    assert talker.pump(talker.deadline) == [Say("lobby", "a")]
    assert talker.answered(Say("lobby", "a"), stored("a"), 2.0) == [Close("the peer has finished")]


@given(st.lists(st.floats(0.0, 3.0), max_size=60))
def test_no_pace_is_faster_than_the_limit(pauses: list[float]) -> None:
    pacer, now, taken = Pacer(True), 0.0, 0
    for pause in pauses:
        now += pause
        taken += pacer.take(1.0, now)
    assert taken <= limits.FLOOD_BURST + limits.FLOOD_RATE * now + 1
