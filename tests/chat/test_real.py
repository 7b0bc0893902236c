"""The chat service as a process, met by tiny blocking clients."""

import random
import re
import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests import real

pytestmark = pytest.mark.real
LOCAL = ("--listen=tcp:0:interface=127.0.0.1", "--irc=tcp:0:interface=127.0.0.1")
Start = Callable[..., real.Plugin]


class Talker:
    """Somebody at one of the doors."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.heard = b""

    def send(self, *lines: str) -> None:
        self.client.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self, words: str) -> str:
        """Read until the words have come; what has come by then."""
        wanted = words.encode()
        while wanted not in self.heard:
            data = self.client.recv(65536)
            assert data, f"closed before {words!r}: {self.heard.decode('utf-8', 'replace')}"
            self.heard += data
        end = self.heard.index(wanted) + len(wanted)
        before, self.heard = self.heard[:end], self.heard[end:]
        return before.decode()


@contextmanager
def line_chat(chat: real.Plugin, name: str) -> Iterator[Talker]:
    with real.tcp_client(chat.ports("tcp")[0]) as client:
        talker = Talker(client)
        talker.hear("Your nickname: ")
        talker.send(name)
        talker.hear(" here: ")
        talker.hear("\r\n")
        yield talker


@contextmanager
def irc(chat: real.Plugin, nick: str, room: str = "#lobby") -> Iterator[Talker]:
    with real.tcp_client(chat.ports("tcp")[1]) as client:
        talker = Talker(client)
        talker.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", f"JOIN {room}")
        talker.hear(" 366 ")
        talker.hear("\r\n")
        yield talker


@pytest.fixture
def chat(start: Start) -> real.Plugin:
    return start("netapp-chat", *LOCAL, "--flood=off", "--lang=en")


def test_two_people_with_nc_and_one_with_irc_talk(chat: real.Plugin) -> None:
    with line_chat(chat, "bob") as bob, irc(chat, "eve") as eve, line_chat(chat, "joe") as joe:
        bob.send("hello")
        assert joe.hear("hello\r\n").endswith("[bob] hello\r\n")
        assert eve.hear("hello\r\n").endswith(":bob!guest@netapp PRIVMSG #lobby :hello\r\n")
        eve.send("PRIVMSG #lobby :hi all")
        for talker in (bob, joe):
            talker.hear("[eve] hi all\r\n")


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t6_t16_t27_one_text_out_and_one_in(start: Start, codec: str) -> None:
    chat = start("netapp-chat", *LOCAL, "--encoding", codec)
    with real.tcp_client(chat.tcp()) as client:
        texts = ("小明", "你好吗", "/没有", "再见了")
        for text in texts:
            client.sendall(text.encode())  # T6 writes UTF-8 and reads GBK
            assert client.recv(1024).decode(codec)


def test_of_two_who_register_one_nick_at_once_exactly_one_gets_it(chat: real.Plugin) -> None:
    for attempt in range(20):
        with ExitStack() as stack:
            both = [stack.enter_context(real.tcp_client(chat.ports("tcp")[1])) for _ in range(2)]
            for client in both:
                client.sendall(f"NICK n{attempt}\r\nUSER x 0 * :x\r\nPING end\r\n".encode())
            verdicts = [Talker(client).hear("PONG netapp :end") for client in both]
            assert sorted(re.findall(r":netapp (001|433) ", "".join(verdicts))) == ["001", "433"]


def test_what_anybody_has_seen_survives_kill_9(start: Start, tmp_path: Path) -> None:
    chat = start("netapp-chat", *LOCAL, "--flood=off", "--lang=en")
    seen: set[str] = set()

    def read(talker: Talker, stop: threading.Event) -> None:
        data = b""
        try:
            while not stop.is_set() and (piece := talker.client.recv(65536)):
                data += piece
        except OSError:
            pass
        complete = data[: data.rfind(b"\n") + 1].decode()
        seen.update(re.findall(r"(?:\[\w+\]|#lobby) :?(\w+-\d+)\r\n", complete))

    stop = threading.Event()
    with line_chat(chat, "bob") as bob, irc(chat, "eve") as eve:
        readers = [threading.Thread(target=read, args=(talker, stop)) for talker in (bob, eve)]
        for reader in readers:
            reader.start()
        try:
            for number in range(400):
                bob.send(f"line-{number}")
                eve.send(f"PRIVMSG #lobby :irc-{number}")
                if number == 200:
                    threading.Thread(target=chat.kill).start()
                time.sleep(0.0005)
        except OSError:
            pass
        chat.kill()
        for reader in readers:
            reader.join()
    assert len(seen) > 50
    database = sqlite3.connect(tmp_path / "state" / "talk.db")
    stored = [text for (text,) in database.execute("SELECT text FROM messages WHERE room = 'lobby'")]
    numbers = [number for (number,) in database.execute("SELECT number FROM messages WHERE room = 'lobby'")]
    database.close()
    assert seen <= set(stored)
    assert numbers == list(range(1, len(numbers) + 1))
    again = start("netapp-chat", *LOCAL, "--lang=en")
    with line_chat(again, "joe") as joe:
        joe.send("/history 3")
        for text in stored[-3:]:
            joe.hear(text)


def test_two_processes_on_one_state_directory_share_the_lobby(start: Start) -> None:
    one, two = (start("netapp-chat", *LOCAL, "--lang=en") for _ in range(2))
    with line_chat(one, "bob") as bob, irc(two, "eve") as eve:
        bob.send("hello")
        eve.hear(":bob!guest@netapp PRIVMSG #lobby :hello\r\n")
        eve.send("PRIVMSG #lobby :hi")
        bob.hear("[eve] hi\r\n")


def test_f_500_idle_clients_beside_one_that_works(chat: real.Plugin) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    try:
        with ExitStack() as stack, irc(chat, "worker", "#work") as worker:
            worker.send("PING before")
            worker.hear("PONG netapp :before")
            for number in range(500):
                client = stack.enter_context(real.tcp_client(chat.ports("tcp")[number % 2]))
                if number % 2:
                    client.sendall(f"NICK idle{number}\r\nUSER x 0 * :x\r\n".encode())
            started = time.monotonic()
            for number in range(50):
                worker.send(f"PING {number}")
                worker.hear(f"PONG netapp :{number}\r\n")
            assert time.monotonic() - started < 5.0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_slow_reader_costs_its_own_connection_only(chat: real.Plugin) -> None:
    with irc(chat, "slow") as slow, irc(chat, "bob") as bob, irc(chat, "eve") as eve:
        slow.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = _memory(chat)
        heard = ""
        for _ in range(400):
            if ":slow!guest@netapp QUIT" in heard:
                break
            bob.send(*["PRIVMSG #lobby :" + "x" * 400] * 50, "PING done")
            heard = bob.hear("PONG netapp :done")
            eve.client.settimeout(0.001)
            with suppress(TimeoutError):
                while data := eve.client.recv(1 << 20):
                    eve.heard = (eve.heard + data)[-600:]
            eve.client.settimeout(10)
        else:
            pytest.fail("the slow reader is still there")
        assert _memory(chat) - before < 8_000


def _memory(chat: real.Plugin) -> int:
    """KiB that the process holds."""
    status = Path(f"/proc/{chat.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1])


def test_random_octets_at_both_doors_leave_the_service_standing(chat: real.Plugin) -> None:
    rng = random.Random(7)
    with irc(chat, "watcher") as watcher:
        for number in range(2000):
            with real.tcp_client(chat.ports("tcp")[number % 2]) as client:
                client.sendall(rng.randbytes(rng.randrange(1, 200)) + rng.choice([b"", b"\n", b"\r\n"]))
        watcher.send("PING alive")
        watcher.hear("PONG netapp :alive")


def test_a_port_that_is_taken_ends_the_start_in_one_line(chat: real.Plugin, tmp_path: Path) -> None:
    taken = f"--irc=tcp:{chat.ports('tcp')[1]}:interface=127.0.0.1"
    outcome = real.run_once("netapp-chat", LOCAL[0], taken, state=tmp_path)
    assert outcome.returncode == 1
    assert "cannot listen on" in (outcome.stdout + outcome.stderr).splitlines()[-1]
    assert "Traceback" not in outcome.stdout + outcome.stderr


def test_a_listener_that_cannot_be_is_named_by_its_option(tmp_path: Path) -> None:
    outcome = real.run_once("netapp-chat", LOCAL[0], "--irc=udp:0", state=tmp_path)
    assert outcome.returncode == 1
    assert "--irc: 'udp:0' is no listener" in outcome.stderr


def test_irc_may_be_turned_off(start: Start) -> None:
    chat = start("netapp-chat", LOCAL[0], "--irc=none")
    assert len(chat.ports("tcp")) == 1
    assert "try  nc 127.0.0.1" in chat.log
