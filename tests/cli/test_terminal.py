"""``netapp tcp`` and ``udp`` at a terminal: the line editor, the commands, and what is saved."""

import re
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.cli.tools import (
    COMMAND,
    PATIENCE,
    Running,
    Server,
    answering,
    netapp,
    started,
    tcp_server,
    terminal,
    udp_server,
)
from tests.real import tcp_client, tool, udp_client

pytestmark = pytest.mark.real
ENGLISH = "en_US.UTF-8"
UP = "\x1b[A"


def listening(running: Running, kind: str = "TCP") -> int:
    return int(running.wait_for(rf"listening on {kind} 127\.0\.0\.1:(\d+)")[1])


def test_a_line_that_is_being_typed_survives_what_arrives() -> None:
    with (
        terminal("tcp", "--listen", "127.0.0.1:0", lang=ENGLISH) as person,
        tcp_client(listening(person)) as peer,
    ):
        person.wait_for("has connected")
        person.type("half a ")
        person.wait_for("half a")
        for number in range(20):
            peer.sendall(b"message %d" % number)
            person.wait_for(rf"←.*message {number}")
            person.type("li"[number % 2] if number < 2 else "")
        person.type("ne\n")
        assert peer.recv(1024) == b"half a line"
        person.wait_for("→.* 11  half a line")
        person.type("\x04")
        assert person.end() == 0


def test_keys_edit_the_line_and_arrows_bring_back_what_was_sent(tmp_path: Path) -> None:
    home = {"NETAPP_STATE": str(tmp_path)}
    with tcp_server(answering(lambda octets: octets)) as server:
        with terminal("tcp", server.place, **home) as person:
            person.wait_for("Ctrl-D")
            person.type("第一句\nxsecond\x1b[H\x1b[3~\n")
            person.wait_for("(?s)←.*second.*>")  # the line to type in is back: keys before that may be lost
            person.type(f"{UP}{UP}\n")
            person.wait_for("(?s)(←.*第一句.*){2}")
            person.type("\x04")
            assert person.end() == 0
        with terminal("tcp", server.place, **home) as person:  # another day
            person.wait_for("Ctrl-D")
            person.type(f"{UP}{UP}!\n")
            person.wait_for("←.*second!")
    assert b"".join(server.got) == "第一句second第一句second!".encode()
    assert (tmp_path / "history" / "tcp").read_text("utf-8") == "第一句\nsecond\n第一句\nsecond!\n"


def test_a_password_is_not_in_the_history(tmp_path: Path) -> None:
    with (
        tcp_server(answering(lambda _: "密码:".encode())) as server,
        terminal("tcp", server.place, NETAPP_STATE=str(tmp_path)) as person,
    ):
        person.wait_for("Ctrl-D")
        person.type("zhao\n")
        person.wait_for("←.*密码:")
        person.type("s3cret\n")
        person.wait_for("→.*s3cret")
        person.type("\x04")
        assert person.end() == 0
    assert (tmp_path / "history" / "tcp").read_text("utf-8") == "zhao\n"


def test_encodings_and_manners_are_switched_while_running() -> None:
    with (
        tcp_server(answering(lambda _: b"ok")) as server,
        terminal("tcp", server.place, lang=ENGLISH) as person,
    ):
        person.wait_for("Ctrl-D")
        for line in ("你好", "/encoding gbk", "你好", "//not a command", "/send-hex 00 ff"):
            person.type(f"{line}\n")
            time.sleep(0.1)  # so that each is a segment of its own
        person.wait_for("00 ff")
        person.type("/hex\nx\n")
        person.wait_for("→ .*   1  78\r\n")
        person.type("/nope\n")
        person.wait_for("there is no /nope: /help lists the commands")
        person.type("/quit\n")
        assert person.end() == 0
    expected = ("你好".encode(), "你好".encode("gbk"), b"/not a command", b"\x00\xff", b"x")
    assert b"".join(server.got) == b"".join(expected)


def test_a_text_is_repeated_until_it_is_stopped() -> None:
    with (
        tcp_server(answering(lambda _: None)) as server,
        terminal("tcp", server.place, lang=ENGLISH) as person,
    ):
        person.wait_for("Ctrl-D")
        person.type("/every 0.1 tick\n")
        person.wait_for("(?s)(→.*tick.*){3}")
        person.wait_for(r"every 0\.1 s: \d")
        person.type("/stop\n")
        count = int(person.wait_for(r"repeating has ended: (\d+) sent")[1])
        time.sleep(0.3)
        person.type("\x04")
        assert person.end() == 0
    assert b"".join(server.got) == b"tick" * count


def test_two_peers_are_listed_and_chosen() -> None:
    with terminal("tcp", "--listen", "127.0.0.1:0", lang=ENGLISH) as person:
        port = listening(person)
        with tcp_client(port) as first, tcp_client(port) as second:
            person.wait_for("(?s)has connected.*has connected")
            second.sendall(b"hello")
            person.wait_for("←.*hello")
            person.type("/peers\n")
            for number, peer in ((1, first), (2, second)):
                person.wait_for(rf"  {number}  127\.0\.0\.1:{peer.getsockname()[1]}  TCP, utf-8")
            person.type("/to 1\nto the first\n")
            assert first.recv(1024) == b"to the first"
            person.type("/to all\nto both\n")
            assert first.recv(1024) == second.recv(1024) == b"to both"
            person.type("/to auto\nto who spoke\n")
            assert second.recv(1024) == b"to who spoke"
        person.type("/quit\n")
        assert person.end() == 0


def test_datagram_peers_are_chosen_too() -> None:
    with terminal("udp", "--listen", "127.0.0.1:0", lang=ENGLISH) as person:
        where = ("127.0.0.1", listening(person, "UDP"))
        with udp_client() as first, udp_client() as second:
            for peer, text in ((first, b"one"), (second, b"two")):
                peer.sendto(text, where)
                person.wait_for(f"←.*{text.decode()}")
            person.type("/to 1\nhi\n")
            assert first.recv(1024) == b"hi"
        person.type("quit\n")  # T1
        assert person.end() == 0


def test_a_big_file_is_sent_while_others_are_heard(tmp_path: Path) -> None:
    octets = bytes(range(256)) * 40_000
    (tmp_path / "big.bin").write_bytes(octets)
    with terminal("tcp", "--listen", "127.0.0.1:0", lang=ENGLISH, folder=tmp_path) as person:
        port = listening(person)
        with tcp_client(port) as slow, tcp_client(port) as other:
            person.wait_for("(?s)has connected.*has connected")
            person.type("/to 1\n/fi")
            person.wait_for("> /fi")
            person.type("\tbi\t\n")  # completed twice
            other.sendall(b"are you there?")  # nobody reads the file yet
            person.wait_for("←.*are you there")
            got = b""
            while len(got) < len(octets):
                got += slow.recv(1 << 20)
            assert got == octets
            person.wait_for(rf"file big\.bin, {len(octets)} octets")


def test_the_talk_is_saved_as_text_and_as_packets(tmp_path: Path) -> None:
    with (
        tcp_server(answering(lambda octets: octets.upper())) as server,
        terminal("tcp", server.place, lang=ENGLISH, folder=tmp_path) as person,
    ):
        person.wait_for("Ctrl-D")
        person.type("before\n")
        person.wait_for("←.*BEFORE")
        person.type("/save talk.txt\n/save talk.pcap\n/save talk.txt\n")
        person.wait_for("talk.txt is there already")
        person.type("after 你好\n")
        person.wait_for("←.*AFTER")
        person.type("\x04")
        assert person.end() == 0
    text = (tmp_path / "talk.txt").read_text("utf-8")
    assert re.search(r"(?s)→ 127.* before .*← .* BEFORE .*→ .*after 你好.*← .*AFTER 你好", text)
    command = [tool("tcpdump", "tcpdump"), "-nvvA", "-r", str(tmp_path / "talk.pcap")]
    shown = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout.decode(
        errors="replace"
    )
    assert "incorrect" not in shown
    assert re.search(r"(?s)Flags \[S\].*before.*BEFORE.*after.*AFTER.*Flags \[F\.\]", shown)


def test_saving_and_showing_work_in_a_pipe(tmp_path: Path) -> None:
    with tcp_server(answering(lambda octets: octets + b"\n")) as server:
        save = ("--save", tmp_path / "talk.pcap")
        plain = netapp("tcp", server.place, "--send", "你好", *save)
        digits = netapp("tcp", server.place, "--send", "你好", "--show", "hex", "--save", tmp_path / "a.txt")
        both = netapp("tcp", server.place, "--show", "both", typed="hi\n")
        text = netapp("tcp", server.place, "--hex", "--show", "text", "--send", "6869")
    assert (plain.stdout, digits.stdout) == ("你好\n", "e4 bd a0 e5 a5 bd 0a\n")
    assert (both.stdout, text.stdout) == ("hi␊   68 69 0a\n", "hi\n")
    assert "→" in (tmp_path / "a.txt").read_text("utf-8")
    octets = (tmp_path / "talk.pcap").read_bytes()
    assert octets.count("你好".encode()) == 2
    with udp_server(lambda octets: octets) as server:
        netapp("udp", server.place, "--send", "ping", *save)
    assert (tmp_path / "talk.pcap").read_bytes().count(b"ping") == 2
    menu = netapp("udp", "--menu", *save, lang="C")
    assert (menu.returncode, "neither with --save" in menu.stderr) == (2, True)


def test_a_file_that_cannot_be_saved_is_one_line(tmp_path: Path) -> None:
    with tcp_server(answering(lambda octets: octets)) as server:
        done = netapp("tcp", server.place, "--send", "x", "--save", tmp_path / "no" / "a.pcap", lang="C")
    assert (done.returncode, done.stderr) == (1, f"netapp tcp: there is no {tmp_path}/no/a.pcap\n")


def test_a_listener_in_a_script_is_saved_with_all_its_peers(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    with started("tcp", "--listen", "127.0.0.1:0", "--send", "OK!", "--save", path) as server:
        port = listening(server)
        for text in (b"one", b"two"):
            with tcp_client(port) as client:
                client.sendall(text)
                assert client.recv(1024) == b"OK!"
        server.wait_for("(?s)has left.*has left")
        saved = path.read_text("utf-8")  # while it runs
    for text in ("one", "two"):
        assert re.search(rf"(?s)(127.*) has connected\n.* ← \1 +3  {text} .* → \1 +3  OK! ", saved)
    assert "has left" in saved


def test_a_dumb_terminal_has_plain_lines() -> None:
    with (
        tcp_server(answering(lambda octets: octets)) as server,
        terminal("tcp", server.place, lang=ENGLISH, TERM="dumb") as person,
    ):
        person.wait_for(r"\(a line is a message; Ctrl-D ends\)")
        person.type("/help\n")
        person.wait_for(r"\d\d:\d\d:\d\d 127\.0\.0\.1:\d+ >>> /help")
        person.type("\x04")
        assert person.end() == 0
        assert "\x1b" not in person.output


def test_no_colour_where_it_is_not_wanted() -> None:
    with (
        tcp_server(answering(lambda octets: octets)) as server,
        terminal("tcp", server.place, lang=ENGLISH, NO_COLOR="1") as person,
    ):
        person.wait_for("Ctrl-D")
        person.type("hello\n")
        person.wait_for("←.*hello")
        assert not re.search(r"\x1b\[[0-9;]*3\d(;\d+)*m", person.output)


@pytest.mark.parametrize(
    ("end", "status"),
    [("\x04", 0), ("\x03", 130), ("/quit\n", 0), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
def test_the_terminal_is_given_back_however_it_ends(end: str | signal.Signals, status: int) -> None:
    with (
        tcp_server(answering(lambda octets: octets)) as server,
        terminal("tcp", server.place, lang=ENGLISH) as person,
    ):
        before = termios.tcgetattr(person.descriptor)
        person.wait_for("> ")
        deadline = time.monotonic() + PATIENCE
        while termios.tcgetattr(person.descriptor) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        person.type("unfinished" if end in ("\x03", signal.SIGTERM) else "")
        if isinstance(end, signal.Signals):
            person.process.send_signal(end)
        else:
            person.type(end)
        assert person.process.wait(PATIENCE) == status
        assert termios.tcgetattr(person.descriptor) == before


class Tmux:
    """A real terminal, 80 by 24."""

    def __init__(self, folder: Path, command: str) -> None:
        self._command = [tool("tmux", "tmux"), "-u", "-S", str(folder / "tmux")]
        settings = f"NETAPP_STATE={folder} LANG=en_US.UTF-8 LC_ALL= PYTHONUTF8=1"
        self.do("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", f"{settings} {command}")

    def do(self, *arguments: str) -> str:
        done = subprocess.run([*self._command, *arguments], capture_output=True, check=True, timeout=20)
        return done.stdout.decode()

    def keys(self, *keys: str) -> None:
        self.do("send-keys", *keys)

    def shows(self, pattern: str) -> str:
        """What is seen, once the pattern is."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, whole := self.do("capture-pane", "-p"), re.MULTILINE):
            assert time.monotonic() < deadline, whole
            time.sleep(0.05)
        return whole


def test_what_the_screen_shows(tmp_path: Path) -> None:
    """Messages above, the line that is typed below; in a narrower window they are wrapped anew."""

    def handle(server: Server, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall("今天天气真好,我们出去玩吧".encode())
        while connection.recv(1024):
            pass

    with tcp_server(handle) as server:
        screen = Tmux(tmp_path, f"{COMMAND} tcp {server.place}")
        try:
            screen.shows("^> .*/help$")
            screen.keys("/pe")
            screen.shows("^ */peers +list the peers")
            screen.keys("C-u", "你好", "Enter", "next")
            screen.shows("^> next .*/help$")
            whole = screen.shows("0020 ")
            assert re.search(r"→ 127\.0\.0\.1:\d+   6  你好 +e4 bd a0 e5 a5 bd$", whole, re.MULTILINE)
            assert re.search(r"0000  e4 bb 8a .*  今天天气真好$", whole, re.MULTILINE)
            screen.shows("^> next .*/help$")
            screen.do("resize-window", "-x", "60", "-y", "20")
            screen.keys("!", "Enter")
            screen.shows(r"  5  next! ")
        finally:
            screen.do("kill-server")


def test_a_suspended_talk_goes_on(tmp_path: Path) -> None:
    with tcp_server(answering(lambda octets: octets.upper())) as server:
        screen = Tmux(tmp_path, f"PS1='$ ' {tool('bash', 'bash')} --norc -i")
        try:
            screen.shows(r"^\$ ?$")
            screen.keys(f"{COMMAND} tcp {server.place}", "Enter")
            screen.shows("^> .*/help$")
            screen.keys("C-z")
            screen.shows("Stopped")
            screen.keys("fg", "Enter")
            screen.shows("(?s)^fg|fg$.*^> .*/help$")
            screen.keys("still here", "Enter", "next")
            screen.shows("←.*STILL HERE")
            screen.shows("^> next .*/help$")
        finally:
            screen.do("kill-server")
