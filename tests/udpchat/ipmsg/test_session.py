"""The rules of an IP Messenger station, by values and a clock moved by hand."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.errors import WireError
from netapp.udpchat.ipmsg.effects import Away, Effect, Joined, Left, Said, Send
from netapp.udpchat.ipmsg.outbox import COPIES
from netapp.udpchat.ipmsg.session import Session
from netapp.udpchat.ipmsg.wire import (
    Command,
    Packet,
    State,
    Wish,
    build_packet,
    build_presence,
    parse_packet,
    parse_presence,
    parse_receipt,
)
from netapp.udpchat.ipmsg.writer import Identity
from netapp.udpchat.words import GOODBYE

LAJOS = ("192.0.2.1", 2425)
ANNA = ("192.0.2.2", 2425)
US = Identity(
    user=b"netapp",
    host=b"server",
    nickname="大厅",
    group="netapp",
    version=b"1_netapp 0.1",
    feiq=b"1_lbt6_0#128#020000000001#0#0#0#4001#9",
    info="netapp 0.1",
)
CHECK = Command.SENDMSG | Wish.SENDCHECKOPT


class Station:
    """A session, its clock, and peers' packets in short."""

    def __init__(self, encoding: Encoding = "auto") -> None:
        self.now, self._number, self._theirs = 1000.0, 1_700_000_000, 100
        self.session = Session(US, encoding, self._next, lambda: 0.5)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def hears(
        self,
        command: int,
        extra: bytes = b"",
        *,
        of: tuple[str, int] = LAJOS,
        number: int | None = None,
        version: bytes = b"1",
    ) -> list[Effect]:
        if number is None:
            self._theirs += 1
            number = self._theirs
        packet = Packet(version, number, b"lajos", b"pc1", command & 0xFF, command & ~0xFF, extra)
        return list(self.session.receive(build_packet(packet), of, self.now))

    def says(self, text: str, *, stored: bool = True, **more: Any) -> list[Effect]:
        """A message with SENDCHECKOPT; what is said is stored at once."""
        effects = self.hears(more.pop("command", CHECK), text.encode() + b"\0", **more)
        for each in list(effects):
            if isinstance(each, Said) and stored:
                effects += self.session.stored(each.receipt, self.now)
        return effects

    def enters(self, nickname: bytes = b"Lajos", **more: Any) -> None:
        """Present, answered, and a member."""
        self.hears(Command.BR_ENTRY, build_presence(nickname, b"group of some length"), **more)
        self.advance(1.0)
        self.says("hello everybody, here I am", **more)

    def tells(self, text: str, *, to: tuple[str, int] = LAJOS) -> list[Effect]:
        return list(self.session.tell(to, text, self.now))

    def proves(self, of: tuple[str, int] = LAJOS) -> None:
        """Answers a message with its receipt."""
        flight = self.peer(of).outbox.flight
        assert flight is not None
        self.hears(Command.RECVMSG, b"%d" % flight.number, of=of)

    def peer(self, of: tuple[str, int] = LAJOS) -> Any:
        peer = self.session.peers.get(of)
        assert peer is not None
        return peer

    def advance(self, seconds: float) -> list[Effect]:
        """Move the clock as an adapter would: from deadline to deadline."""
        effects: list[Effect] = []
        end = self.now + seconds
        while self.session.deadline <= end:
            self.now = max(self.now, self.session.deadline)
            effects += self.session.tick(self.now)
            assert self.session.deadline > self.now
        self.now = end
        return effects


def sent(effects: list[Effect], command: int | None = None) -> list[Packet]:
    packets = [parse_packet(each.octets) for each in effects if isinstance(each, Send)]
    return [packet for packet in packets if command is None or packet.command == command]


def said(effects: list[Effect]) -> list[str]:
    return [each.text for each in effects if isinstance(each, Said)]


def joined(effects: list[Effect]) -> list[str]:
    return [each.name for each in effects if isinstance(each, Joined)]


# Presence ------------------------------------------------------------------------------------


def test_an_entry_is_answered_once_though_it_comes_from_every_broadcast_address() -> None:
    station, entry = Station(), build_presence("拉约什".encode("gbk"), b"office")
    effects = [each for _ in range(3) for each in station.hears(Command.BR_ENTRY, entry, number=7)]
    (answer,) = sent(effects + station.advance(2.0))
    assert answer.command == Command.ANSENTRY
    assert parse_presence(answer).nickname.decode("gbk") == "大厅"
    assert station.peer().name == "拉约什"


def test_an_answer_is_in_utf8_for_those_who_understand_it() -> None:
    station = Station()
    extra = build_presence(b"?", b"?", {b"NN": "拉约什".encode()})
    station.hears(Command.BR_ENTRY | State.CAPUTF8OPT, extra)
    (answer,) = sent(station.advance(1.0))
    assert answer.has(State.UTF8OPT)
    assert parse_presence(answer).nickname.decode() == "大厅"
    assert station.peer().name == "拉约什"


@given(
    st.binary(max_size=60).filter(lambda extra: b"\n" not in extra), st.sampled_from([0, 1, 3, 4, 32, 64, 80])
)
def test_nothing_larger_than_twice_the_question_goes_to_an_unproved_address(
    extra: bytes, command: int
) -> None:
    station = Station()
    question = build_packet(Packet(b"1", 5, b"a", b"b", command, 0x100 if command == 32 else 0, extra))
    effects = list(station.session.receive(question, LAJOS, station.now))
    for each in list(effects):
        if isinstance(each, Said):
            effects += station.session.stored(each.receipt, station.now)
    effects += station.advance(30.0)
    assert sum(len(each.octets) for each in effects if isinstance(each, Send)) <= 2 * len(question)


def test_a_member_of_short_packets_is_asked_to_prove_its_address_once_a_minute() -> None:
    station = Station()
    station.hears(Command.BR_ENTRY, b"a\0\0")
    station.advance(1.0)  # the answer has used its credit
    for effect in station.hears(Command.SENDMSG | Wish.SENDCHECKOPT, b"hi"):
        if isinstance(effect, Said):
            station.session.stored(effect.receipt, station.now)
    first = [packet.command for packet in sent(station.tells("a line that is rather long for such a peer"))]
    assert first == [Command.BR_ENTRY]
    assert sent(station.advance(50.0)) == []
    station.hears(Command.ANSENTRY, b"a\0\0")
    assert Command.SENDMSG in [packet.command for packet in sent(station.advance(1.0))]


def test_presence_is_answered_once_a_second_however_often_it_comes() -> None:
    station, answers = Station(), []
    for _ in range(50):
        answers += sent(
            station.hears(Command.BR_ENTRY, b"nick\0group of some length\0") + station.advance(0.1)
        )
    assert 4 <= len(answers) <= 6


def test_absence_and_unknown_commands_are_not_answered() -> None:
    station = Station()
    for command in (0, 4, 0x10, 0x18, 0x72, 0x78, 0x79, 0xD1, 0xB0):
        assert station.hears(command, b"\0" * 200) == []
    assert sent(station.advance(5.0)) == []


def test_f_ports_below_1024_are_never_answered() -> None:
    station = Station()
    with pytest.raises(WireError, match=r"20\.4"):
        station.hears(Command.BR_ENTRY, of=("192.0.2.1", 53))


def test_our_own_packets_come_back_and_are_passed_over() -> None:
    station = Station()
    ours = Packet(US.version, 1, US.user, US.host, Command.BR_ENTRY, 0, b"x\0" * 99)
    assert station.session.receive(build_packet(ours), LAJOS, station.now) == ()
    assert station.session.peers.get(LAJOS) is None


# Messages ------------------------------------------------------------------------------------


def test_a_message_is_shown_once_and_receipted_for_every_copy() -> None:
    station = Station()
    effects = station.says("a message with words", number=7)
    assert said(effects) == ["a message with words"]
    assert [parse_receipt(each) for each in sent(effects)] == [7]
    again = station.says("a message with words", number=7)
    assert said(again) == []
    assert [each.command for each in sent(again)] == [Command.RECVMSG]


def test_a_receipt_leaves_only_after_the_message_is_stored() -> None:
    station = Station()
    effects = station.says("a message with words", number=7, stored=False)
    assert sent(effects) == []
    assert sent(station.says("a message with words", number=7, stored=False)) == []
    (message,) = (each for each in effects if isinstance(each, Said))
    assert len(sent(list(station.session.stored(message.receipt, station.now)))) == 2


def test_a_message_that_could_not_be_stored_is_new_when_it_comes_again() -> None:
    station = Station()
    (message,) = (each for each in station.says("a text", number=7, stored=False) if isinstance(each, Said))
    station.session.unstored(message.receipt)
    assert said(station.says("a text", number=7)) == ["a text"]


def test_the_same_number_with_another_text_or_after_an_entry_is_new() -> None:
    station = Station()
    assert said(station.says("one", number=7) + station.says("two", number=7)) == ["one", "two"]
    station.hears(Command.BR_ENTRY, b"nick\0")
    assert said(station.says("two", number=7)) == ["two"]


def test_a_longer_last_copy_is_a_copy() -> None:
    station = Station()
    first = station.hears(CHECK, b"text\0", number=7)
    assert said(first + station.hears(CHECK, b"text\0" + b"\0" * 99, number=7)) == ["text"]


def test_numbers_are_remembered_for_ten_minutes() -> None:
    station = Station()
    station.enters()
    station.says("text", number=7)
    station.advance(limits.IPMSG_SEEN - 1)
    station.hears(Command.BR_ABSENCE, b"Lajos\0")
    assert said(station.says("text", number=7)) == []
    station.advance(2.0)
    assert said(station.says("text", number=7)) == ["text"]


def test_t28_the_greeters_packet_is_shown_each_time_and_answered_never() -> None:
    station, shown = Station(), []
    for _ in range(3):
        effects = station.hears(
            32, "您好，欢迎进入飞秋".encode("gbk"), number=12345, version=b"99", of=("192.0.2.9", 50000)
        )
        shown += said(effects)
        assert sent(effects) == []
    assert shown == ["您好，欢迎进入飞秋"] * 3
    assert sent(station.tells("[小明] 你好")) == []


@pytest.mark.parametrize("wish", [Wish.BROADCASTOPT, Wish.AUTORETOPT])
def test_broadcast_and_automatic_texts_are_neither_relayed_nor_receipted(wish: Wish) -> None:
    assert Station().hears(CHECK | wish, b"to everybody here\0") == []


def test_another_netapp_is_receipted_and_never_relayed() -> None:
    station = Station()
    effects = station.says("[x] a line of another house", version=b"1_netapp 0.1")
    assert said(effects) == []
    assert [each.command for each in sent(effects)] == [Command.RECVMSG]
    assert sent(station.tells("[x] y")) == []


def test_receipts_have_a_rate() -> None:
    station = Station()
    receipts = [each for n in range(100) for each in sent(station.says(f"a message of words {n}"))]
    assert len(receipts) == limits.IPMSG_RECEIPT_RATE


def test_feiq_gets_gbk_and_its_font_note_is_taken_off() -> None:
    station = Station()
    feiq = b"1_lbt6_0#128#0A1B2C3D4E5F#0#0#0#4001#9"
    station.hears(Command.BR_ENTRY, build_presence("飞秋".encode("gbk"), b""), version=feiq)
    (answer,) = sent(station.advance(1.0))
    assert answer.version == US.feiq
    text = "你好{/font;-16 0 0 0 400 0 0 0 134 0 0 2 32 宋体 0;}".encode("gbk")
    assert said(station.hears(CHECK, text + b"\0", version=feiq)) == ["你好"]
    (message,) = sent(station.tells("[小明] 你好"))
    assert message.body == "[小明] 你好".encode("gbk")


def test_a_peer_that_shows_utf8_gets_utf8() -> None:
    station = Station()
    station.says("这里是一段够长的中文文字")
    (message,) = sent(station.tells("[小明] 你好"))
    assert message.body == "[小明] 你好".encode()
    assert not message.has(Wish.UTF8OPT)


def test_offered_files_are_named() -> None:
    station = Station()
    extra = b"see\x000:a.txt:6:6553f100:1:\a1:b c.bin:186a0:6553f100:1:\a\0"
    assert said(station.hears(CHECK | Wish.FILEATTACHOPT, extra)) == ["see\n[a.txt]\n[b c.bin]"]


def test_a_sealed_text_is_refused() -> None:
    with pytest.raises(WireError, match="key"):
        Station().hears(CHECK | Wish.ENCRYPTOPT, b"100002:00:00")


# The lobby -----------------------------------------------------------------------------------


def test_who_only_announces_itself_hears_nothing_and_who_speaks_is_in_the_lobby() -> None:
    station = Station()
    assert joined(station.hears(Command.BR_ENTRY, b"Lajos\0group\0")) == []
    assert sent(station.tells("[x] y")) == []
    assert joined(station.says("hello there, everybody")) == ["Lajos"]
    assert len(sent(station.tells("[x] y"))) == 1
    assert joined(station.hears(Command.BR_ABSENCE, b"Lajos (away)\0")) == ["Lajos (away)"]


@pytest.mark.parametrize("word", ["quit", "Q", "q"])
def test_t14_a_word_ends_the_talk_with_the_tutorials_farewell(word: str) -> None:
    station = Station()
    station.enters()
    effects = station.says(word)
    assert Left(LAJOS) in effects
    assert [each.command for each in sent(effects)] == [Command.RECVMSG, Command.SENDMSG]
    farewell = sent(effects)[1]
    assert farewell.body.decode("gbk") == GOODBYE
    assert farewell.has(Wish.AUTORETOPT)
    assert sent(station.tells("[x] y")) == []


def test_the_farewell_ends_the_talk_without_an_answer() -> None:
    station = Station()
    station.enters()
    effects = station.says(GOODBYE)
    assert Left(LAJOS) in effects
    assert [each.command for each in sent(effects)] == [Command.RECVMSG]


def test_a_text_that_we_have_just_sent_is_not_said() -> None:
    station = Station()
    station.enters()
    station.tells("[小明] 你好")
    assert said(station.says("[小明] 你好")) == []
    station.advance(limits.NO_ECHO + 1)
    assert said(station.says("[小明] 你好")) == ["[小明] 你好"]


def test_an_exit_is_believed_when_nobody_denies_it() -> None:
    station = Station()
    station.enters()
    (asked,) = sent(station.hears(Command.BR_EXIT) + station.hears(Command.BR_EXIT))
    assert asked.command == Command.BR_ENTRY
    assert Left(LAJOS) in station.advance(5.0)
    assert station.session.peers.get(LAJOS) is None


def test_f_a_forged_exit_is_denied() -> None:
    station = Station()
    station.enters()
    station.hears(Command.BR_EXIT)
    station.hears(Command.ANSENTRY, b"Lajos\0")
    assert Left(LAJOS) not in station.advance(10.0)


# What goes to a peer -------------------------------------------------------------------------


def test_one_message_is_in_flight_and_the_next_carries_all_lines_since() -> None:
    station = Station()
    station.enters()
    (first,) = sent(station.tells("[x] 1"))
    for text in ("[x] 2", "[x] 3"):
        assert station.tells(text) == []
    (second,) = sent(station.hears(Command.RECVMSG, b"%d" % first.number))
    assert second.body == b"[x] 2\n[x] 3"
    assert second.number > first.number
    assert second.has(Wish.SENDCHECKOPT)


def test_a_receipt_of_another_number_or_peer_is_not_ours() -> None:
    station = Station()
    station.enters()
    (first,) = sent(station.tells("[x] 1"))
    station.tells("[x] 2")
    assert sent(station.hears(Command.RECVMSG, b"%d" % (first.number + 1))) == []
    assert sent(station.hears(Command.RECVMSG, b"%d" % first.number, of=ANNA)) == []


def test_a_message_is_repeated_eight_times_and_then_waits_for_the_peer() -> None:
    station = Station()
    station.enters()
    station.tells("[x] 0")
    station.proves()
    began = station.now
    copies = [(station.now, each) for each in sent(station.tells("[x] 1"))]
    while station.session.deadline < began + 40:
        station.now = station.session.deadline
        copies += [(station.now, each) for each in sent(list(station.session.tick(station.now)))]
    assert len({each for _, each in copies}) == 1
    assert [at - began for at, _ in copies] == pytest.approx(COPIES)
    station.now = began + 41
    (again,) = sent(station.hears(Command.BR_ABSENCE, b"Lajos\0"), Command.SENDMSG)
    assert again == copies[0][1]


def test_an_unproved_address_gets_no_more_than_its_due_until_it_proves_itself() -> None:
    station = Station()
    station.enters()
    text = "[x] " + "a long line " * 100
    assert [each.command for each in sent(station.tells(text))] == [Command.BR_ENTRY]
    (message,) = sent(station.hears(Command.ANSENTRY, b"Lajos\0"))
    assert message.body.decode() == text


def test_getinfo_is_answered_only_to_a_proved_address() -> None:
    station = Station()
    (asked,) = sent(station.hears(Command.GETINFO, b"\0" * 40))
    assert asked.command == Command.BR_ENTRY
    (info,) = sent(station.hears(Command.ANSENTRY, b"Lajos\0"))
    assert (info.command, info.body) == (Command.SENDINFO, b"netapp 0.1")
    assert sent(station.hears(Command.GETINFO)) == []  # one a second
    station.advance(1.0)
    assert len(sent(station.hears(Command.GETINFO))) == 1


def test_getabsenceinfo_is_answered() -> None:
    (answer,) = sent(Station().hears(Command.GETABSENCEINFO, b"\0" * 40))
    assert (answer.command, answer.body) == (Command.SENDABSENCEINFO, b"Not absence mode")


def test_a_long_line_goes_in_several_messages_in_order() -> None:
    station = Station()
    station.enters()
    station.tells("[x] 0")
    station.proves()
    text = "[x] " + "长" * 8000
    got, packets = "", sent(station.tells(text))
    while packets:
        (packet,) = packets
        assert len(build_packet(packet)) <= 8000
        got += packet.body.decode("gbk")
        packets = sent(station.hears(Command.RECVMSG, b"%d" % packet.number))
    assert got == text


def test_what_waits_for_one_peer_has_a_bound() -> None:
    station = Station()
    station.enters()
    for number in range(limits.IPMSG_QUEUE + 50):
        station.tells(f"[x] {number}")
    assert len(station.peer().outbox) == limits.IPMSG_QUEUE
    assert station.peer().outbox.dropped == 49


# Silence and crowds --------------------------------------------------------------------------


def test_a_silent_member_is_asked_then_away_and_comes_back_with_its_next_packet() -> None:
    station = Station()
    station.enters()
    station.tells("[x] 0")
    station.proves()
    asked = station.advance(limits.IPMSG_AWAY - 1)
    assert [each.command for each in sent(asked)] == [Command.BR_ENTRY] * 3
    assert Away(LAJOS) in station.advance(2.0)
    station.tells("[x] while you were away")
    assert [each.command for each in sent(station.advance(600.0), Command.BR_ENTRY)] == [1, 1]
    back = station.hears(Command.BR_ABSENCE, b"Lajos\0")
    assert joined(back) == ["Lajos"]
    assert sent(back)[0].body == b"[x] while you were away"
    assert Left(LAJOS) in station.advance(limits.IPMSG_FORGETS)
    assert station.session.peers.get(LAJOS) is None


def test_f_one_address_has_thirty_two_places() -> None:
    station = Station()
    for port in range(2000, 2100):
        station.hears(Command.BR_ENTRY, b"nick\0", of=("192.0.2.1", port))
    assert len(station.session.peers) == limits.IPMSG_PEERS_EACH


def test_f_a_full_table_takes_nobody_new_and_keeps_who_is_there() -> None:
    station = Station()
    station.enters()
    for number in range(limits.IPMSG_PEERS + 50):
        station.hears(Command.BR_ENTRY, b"nick\0", of=(f"10.0.{number // 250}.{number % 250}", 2425))
    assert len(station.session.peers) == limits.IPMSG_PEERS
    assert station.session.refused == 51
    assert station.peer().member
    station.advance(limits.IPMSG_FORGETS_UNPROVED + 1)
    assert len(station.session.peers) == 0


def test_we_leave_with_an_exit_to_each_who_lists_us() -> None:
    station = Station()
    station.enters()
    station.hears(32, b"hello\0", of=ANNA)
    (goodbye,) = (each for each in station.session.goodbye() if isinstance(each, Send))
    assert goodbye.to == LAJOS
    assert parse_packet(goodbye.octets).command == Command.BR_EXIT


extras = st.binary(max_size=80) | st.sampled_from([b"quit", b"1700000001", b"x\0y\0\nNN:z\0"])
steps = st.tuples(
    st.sampled_from([0, 1, 2, 3, 4, 32, 33, 64, 80, 0x79]),
    st.sampled_from([0, 0x100, 0x500, 0x2100, 0x200100, 0x1000000]),
    extras,
    st.integers(1, 5),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.1, 3.0, 70.0, 400.0]),
)


@settings(max_examples=60)
@given(st.lists(steps, max_size=40))
def test_any_conversation_keeps_the_rules(script: list[tuple[int, int, bytes, int, int, float]]) -> None:
    """Who is present is told consistently, numbers rise, and no deadline stays in the past."""
    station, present, away, highest = Station(), set[Any](), set[Any](), 0
    copies: set[bytes] = set()
    for command, options, extra, number, who, pause in script:
        address = ("192.0.2.7", 5000 + who)
        try:
            effects = station.hears(command | options, extra, of=address, number=number)
        except WireError:
            effects = []
        effects += station.tells("[x] line", to=address)
        effects += station.advance(pause)
        for each in effects:
            if isinstance(each, Joined):
                present.add(each.who)
                away.discard(each.who)
            elif isinstance(each, Away):
                present.remove(each.who)
                away.add(each.who)
            elif isinstance(each, Left):
                (present if each.who in present else away).remove(each.who)
            elif isinstance(each, Said):
                assert each.who in present
            elif each.octets not in copies:
                copies.add(each.octets)
                assert parse_packet(each.octets).number > highest
                highest = parse_packet(each.octets).number
        assert {peer.address for peer in station.session.peers if peer.present} == present
        assert station.session.deadline > station.now or station.session.deadline == math.inf
