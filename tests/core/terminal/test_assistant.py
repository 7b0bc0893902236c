"""The assistant and an operator's guests, with a terminal and a clock in memory."""

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet import task

from netapp.core import limits
from netapp.core.desk import Arrived, Desk
from netapp.core.terminal.guests import Guests
from netapp.core.terminal.layout import clock
from netapp.core.text import Tongue

NINE = ("10.0.0.9", 9)


class Screen:
    """A terminal in memory."""

    width, plain, colour, secret = 80, False, False, False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.status, self.cleared = "", 0

    def show(self, text: str) -> None:
        self.lines += text.splitlines()

    def say(self, status: str) -> None:
        self.status = status

    def clear(self) -> None:
        self.cleared += 1

    @property
    def last(self) -> str:
        return self.lines[-1]


class Room:
    """A desk at a terminal, and what its guests have got."""

    def __init__(self) -> None:
        self.screen, self.clock, self.left = Screen(), task.Clock(), 0
        self.desk = Desk(self.screen.lines.append, "en")
        self.guests = self.desk.guests = Guests(self.screen, lambda: 0.0, "en", self.clock, self._leave)
        self.got: dict[int, list[bytes]] = {}
        self.gone: set[int] = set()
        self.slow: set[int] = set()
        self.stalls = False  # who gets something reads no more

    def _leave(self) -> None:
        self.left += 1

    def what(self, port: int, octets: bytes = b"", encoding: str = "auto", *, stream: bool = True) -> Arrived:
        tongue = Tongue(encoding)  # type: ignore[arg-type]
        return Arrived(
            NINE[0], port, "", octets, tongue, ("10.0.0.1", 80), stream, lambda: port not in self.slow
        )

    def answer(self, port: int, *, once: bool = False) -> Callable[[str | bytes], bool]:
        def give(octets: str | bytes) -> bool:
            assert isinstance(octets, bytes)
            if port in self.gone:
                return False
            self.got.setdefault(port, []).append(octets)
            self.slow |= {port} if self.stalls else set()
            if once:
                self.gone.add(port)
            return True

        return give

    def hears(self, port: int, octets: bytes, encoding: str = "auto", *, stream: bool = True) -> None:
        self.gone.discard(port)
        answer = self.answer(port, once=not stream)
        self.desk.arrived(self.what(port, octets, encoding, stream=stream), answer)

    def type(self, *lines: str) -> None:
        for line in lines:
            self.guests.typed(line)


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_line_goes_to_who_waits_the_last_first_and_is_shown(room: Room) -> None:
    room.hears(1, b"one")
    room.hears(2, "二".encode("gbk"))
    room.type("给二", "to one", "to two again")
    assert room.got == {2: ["给二".encode("gbk"), b"to two again"], 1: [b"to one"]}
    assert any(" → 10.0.0.9:1   6  to one " in line for line in room.screen.lines)


def test_one_answer_to_a_datagram(room: Room) -> None:
    room.hears(1, b"ping", stream=False)
    room.type("pong", "and more")
    assert room.got == {1: [b"pong"]}
    assert room.screen.last == "(nobody is there to answer)"


def test_who_has_not_spoken_yet_can_be_spoken_to_and_who_left_cannot(room: Room) -> None:
    room.type("too early")
    room.desk.joined(room.what(1), room.answer(1))
    room.type("welcome")
    room.desk.left(room.what(1))
    room.type("still there?")
    assert room.got == {1: [b"welcome"]}
    notes = [line for line in room.screen.lines if "→" not in line]
    assert notes == [
        "(nobody is there to answer)",
        f"{clock(0.0)} 10.0.0.9:1 has connected",
        f"{clock(0.0)} 10.0.0.9:1 has left",
        "(nobody is there to answer)",
    ]


def test_peers_have_numbers_that_stay_and_one_or_all_can_be_chosen(room: Room) -> None:
    for port in (1, 2, 3):
        room.hears(port, b"hi")
    room.type("/peers", "/to 2", "for two", "/to all", "for all")
    assert room.got == {2: [b"for two", b"for all"], 1: [b"for all"], 3: [b"for all"]}
    assert "   1  10.0.0.9:1  TCP, utf-8, waits for an answer" in room.screen.lines
    room.type("/to 2")
    room.desk.left(room.what(1))
    room.desk.left(room.what(2))
    assert room.screen.last == "(what is typed goes to who spoke last)"
    room.type("/peers", "/to 2")
    assert room.screen.lines[-2].startswith("   3  10.0.0.9:3")
    assert room.screen.last == "(there is no peer 2: see /peers)"


def test_the_encoding_is_switched_and_auto_knows_what_the_peer_wrote(room: Room) -> None:
    room.hears(1, "你".encode("gbk"), "utf-8")
    room.type("好", "/encoding gbk", "好", "/encoding utf-8", "好", "/encoding auto", "好")
    assert room.got[1] == [
        text.encode(codec) for text, codec in zip("好" * 4, ("utf-8", "gbk") * 2, strict=True)
    ]


def test_the_manner_is_switched(room: Room) -> None:
    room.type("/hex")
    room.hears(1, b"ab")
    assert room.screen.last.endswith("  2  61 62")
    room.type("/text")
    room.hears(1, b"ab")
    assert room.screen.last.endswith("  2  ab")
    room.type("/clear")
    assert room.screen.cleared == 1


def test_octets_go_as_they_are(room: Room) -> None:
    room.hears(1, b"x")
    room.type("/send-hex 00 ff0a", "/send-hex zz")
    assert room.got[1] == [b"\x00\xff\x0a"]
    assert room.screen.last == "zz is no hex: write 48 65 6c"


def test_a_text_is_repeated_until_stopped(room: Room) -> None:
    room.hears(1, b"x")
    room.type("/every 2 tick")
    room.clock.pump([0.0, 1.0, 1.0, 2.0])
    assert room.got[1] == [b"tick"] * 3
    assert "every 2 s: 3" in room.screen.status
    room.type("/stop")
    room.clock.pump([5.0])
    assert room.got[1] == [b"tick"] * 3
    assert room.screen.last == "(repeating has ended: 3 sent)"
    room.type("/stop")
    assert room.screen.last == "(nothing is being sent)"


def test_repeating_ends_with_the_peer(room: Room) -> None:
    room.desk.joined(room.what(1), room.answer(1))
    room.type("/every 1 tick")
    room.clock.pump([0.0])
    room.desk.left(room.what(1))
    room.clock.pump([1.0, 1.0])
    assert room.screen.lines[-2:] == ["(nobody is there to answer)", "(repeating has ended: 1 sent)"]
    assert not room.clock.getDelayedCalls()


def test_a_file_goes_in_pieces_and_waits_for_a_slow_reader(room: Room, tmp_path: Path) -> None:
    octets = bytes(range(256)) * 1000
    (tmp_path / "big.bin").write_bytes(octets)
    room.hears(1, b"x")
    room.hears(2, b"y")
    room.stalls = True
    room.type("/to 1", f"/file {tmp_path}/big.bin")
    room.clock.pump([0.0, 0.001])
    assert "big.bin 25%" in room.screen.status
    assert room.got[1] == [octets[:65536]]
    room.type("in between")
    assert room.screen.last.startswith("(10.0.0.9:1 is being sent a file")
    room.hears(2, b"others are heard meanwhile")
    room.stalls = False
    room.slow.clear()
    room.clock.pump([limits.TERMINAL_PAUSE] * 8)
    assert b"".join(room.got[1]) == octets
    assert room.screen.last.endswith("→ 10.0.0.9:1: file big.bin, 256000 octets")
    assert not room.clock.getDelayedCalls()


def test_a_file_is_stopped(room: Room, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(bytes(200_000))
    room.hears(1, b"x")
    room.stalls = True
    room.type(f"/file {tmp_path}/big.bin")
    room.clock.pump([0.0])
    room.type("/stop")
    assert room.screen.last == "(big.bin was cut: 65536 of 200000 octets)"


@pytest.mark.parametrize(
    ("name", "stream", "told"),
    [
        ("nope", True, "there is no {}"),
        ("", True, "{} is a folder"),
        ("pipe", True, "{}: Invalid argument"),
        ("long", False, "the message to {} is too long"),
    ],
)
def test_a_file_that_cannot_be_sent_is_one_line(
    room: Room, tmp_path: Path, name: str, stream: bool, told: str
) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(bytes(65508))
    room.hears(1, b"x", stream=stream)
    room.type(f"/file {tmp_path / name}")
    assert room.screen.last == told.format(tmp_path / name)
    assert room.got == {}


def test_a_datagrams_file_is_one_datagram(room: Room, tmp_path: Path) -> None:
    (tmp_path / "packet").write_bytes(b"\x00\x01")
    room.hears(1, b"x", stream=False)
    room.type(f"/file {tmp_path}/packet")
    room.clock.pump([0.0])
    assert room.got == {1: [b"\x00\x01"]}


def test_the_talk_is_saved_once_and_no_file_is_lost(room: Room, tmp_path: Path) -> None:
    room.hears(1, b"hello")
    path = tmp_path / "talk.txt"
    room.type(f"/save {path}", f"/save {path}", f"/save {tmp_path}/no/such/folder.txt")
    assert room.screen.lines[-3:] == [
        f"(the talk is saved to {path})",
        f"{path} is there already: choose another name",
        f"there is no {tmp_path}/no/such/folder.txt",
    ]
    room.guests.end()
    assert "hello" in path.read_text()
    assert "10.0.0.9:1 has left" in path.read_text()


@pytest.mark.parametrize(
    "prompt",
    [
        "密码:",
        "请输入密码\uff1a ",
        "Password: ",
        "Password for zhao:",
        "口令 >\r\n",
        "再输一次:",
        "再输入一次: ",
        "验证码:",
        "PIN:",
        "Code: ",
        "Again: ",
    ],
)
def test_what_answers_a_password_prompt_is_not_kept(room: Room, prompt: str) -> None:
    room.hears(1, prompt.encode("gbk"))
    assert room.screen.secret
    room.type("123")
    assert not room.screen.secret
    room.hears(1, "密码不对,请再想想。用户名:".encode() + b" " * 50)
    assert not room.screen.secret


def test_a_long_dump_leaves_the_talk_on_the_screen(room: Room) -> None:
    room.hears(1, bytes(3000))
    assert room.screen.last.count("\n") < 20
    assert "2744 more octets" in room.screen.last
    room.type("/text")
    room.hears(1, b"x" * 3000)
    assert "more octets" not in room.screen.last


def test_who_is_asked_for_a_password_is_asked_whoever_else_speaks(room: Room) -> None:
    room.hears(1, "密码:".encode())
    room.hears(2, b"hello")
    assert room.screen.secret
    room.type("/peers")
    assert room.screen.secret
    room.type("123")
    assert not room.screen.secret


def test_a_peer_cannot_steer_the_terminal(room: Room) -> None:
    room.hears(1, b"\x1b[2J\r\n\xe2\x80\xae")
    assert "\x1b" not in room.screen.last
    assert "\u202e" not in room.screen.last


def test_quitting_is_up_to_the_process(room: Room) -> None:
    room.type("/quit")
    assert room.left == 1


def test_guests_have_a_bound(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DESK_GUESTS", 3)
    for port in range(1, 10):
        room.hears(port, b"x", stream=False)
    room.type("/to all", "hi")
    assert set(room.got) == {7, 8, 9}


def test_help_is_shown(room: Room) -> None:
    room.type("/help", "/nope")
    assert any(line.startswith("  /send-hex 01 02 ff") for line in room.screen.lines)
    assert all(len(line) <= 80 for line in room.screen.lines)
    assert room.screen.last == "there is no /nope: /help lists the commands"


def test_a_datagram_at_every_address_has_reached_one_of_them(room: Room) -> None:
    room.desk.arrived(Arrived("127.0.0.1", 5000, octets=b"?", own=("0.0.0.0", 7777)), lambda line: True)
    (guest,) = room.guests.parties()
    assert guest.own == ("127.0.0.1", 7777)
