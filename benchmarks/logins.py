"""Clients that log in, in a process of their own: their work must not hold up who measures."""

import multiprocessing
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.process import LOOPBACK

#: What is sent to a load.
STOP = "stop"
#: What the door says, and what that means; the tutorials' own words.
_PROMPTS = {"请输入用户名:".encode(): "name", "请输入密码:".encode(): "password"}
_OUTCOMES = {
    "登录成功".encode(): "admitted",
    "用户名或密码输入错误".encode(): "wrong",
    "服务器正忙".encode(): "busy",
    "暂时无法登录".encode(): "unavailable",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one login ended, and when: seconds of ``time.perf_counter``, which all processes share."""

    outcome: str
    at: float


class Clients:
    """So many connections of one thread, each with an account of its own.

    :param again: whether a client that was let in comes back at once.
    """

    def __init__(self, port: int, count: int, password: str, *, again: bool) -> None:
        self.verdicts: list[Verdict] = []
        self._port, self._password, self._again = port, password, again
        self._selector = selectors.DefaultSelector()
        self._open: dict[socket.socket, tuple[int, bytearray]] = {}
        for number in range(count):
            self._connect(number)

    def run(self, told: "Connection[list[Verdict], str]") -> None:
        """Until all have their verdict, or it is told to stop; then tell all verdicts."""
        self._selector.register(told, selectors.EVENT_READ)
        while self._open:
            for key, _ in self._selector.select():
                if key.fileobj is told:
                    told.recv()
                    self._again = False
                    for client in list(self._open):
                        self._close(client)
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._open:
                    self._read(key.fileobj)
        told.send(self.verdicts)

    def _connect(self, number: int) -> None:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((LOOPBACK, self._port))
        self._open[client] = (number, bytearray())
        self._selector.register(client, selectors.EVENT_READ)

    def _read(self, client: socket.socket) -> None:
        number, heard = self._open[client]
        try:
            octets = client.recv(4096)
        except OSError:
            octets = b""
        heard += octets
        for prompt, kind in _PROMPTS.items():
            if heard.endswith(prompt):
                heard.clear()
                client.sendall((f"bench{number}" if kind == "name" else self._password).encode() + b"\n")
        outcome = next(
            (told for said, told in _OUTCOMES.items() if said in heard), "" if octets else "cut off"
        )
        if outcome:
            self.verdicts.append(Verdict(outcome, time.perf_counter()))
            self._close(client)
            if self._again and outcome == "admitted":
                self._connect(number)

    def _close(self, client: socket.socket) -> None:
        del self._open[client]
        self._selector.unregister(client)
        client.close()


def steadily(port: int, count: int, password: str, told: "Connection[list[Verdict], str]") -> None:
    """So many clients, each of which logs in again and again until it is told to stop."""
    Clients(port, count, password, again=True).run(told)


def at_once(port: int, count: int, password: str, told: "Connection[list[Verdict], str]") -> None:
    """So many clients that come in one moment, and go with their verdict."""
    Clients(port, count, password, again=False).run(told)


@contextmanager
def beside(
    load: Callable[[int, int, str, "Connection[list[Verdict], str]"], None],
    port: int,
    count: int,
    password: str,
) -> Iterator["Connection[str, list[Verdict]]"]:
    """A load in its own process, which ends with the block; it tells its verdicts by the connection."""
    ours, theirs = multiprocessing.Pipe()

    def work() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        load(port, count, password, theirs)

    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()
        ours.close()
        theirs.close()
