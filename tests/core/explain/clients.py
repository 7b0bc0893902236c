"""Clients with the faults of a beginner's program: blocking sockets, and no library."""

import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests import real

_PATIENCE: Final = 10.0
_LINGER_0: Final = struct.pack("ii", 1, 0)


@dataclass
class House:
    """A running hub, and addresses of this machine that nobody has used as a client yet."""

    plugin: real.Plugin

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def tcp(self, service: str) -> socket.socket:
        """A connection from an address of its own."""
        client = socket.create_connection(
            ("127.0.0.1", self.plugin.tcp(f"netapp-{service}")), _PATIENCE, (self._address(), 0)
        )
        client.settimeout(_PATIENCE)
        return client

    def udp(self, service: str) -> socket.socket:
        """A datagram socket, connected so that a test need not say where it sends."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind((self._address(), 0))
        client.connect(("127.0.0.1", self.plugin.udp(f"netapp-{service}")))
        client.settimeout(_PATIENCE)
        return client

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The hub does nothing meanwhile: what comes waits in its system."""
        pid = self.plugin.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _address(self) -> str:
        return f"127.0.7.{next(self._numbers)}"


#: Makes its mistake; gives back the address and port that it made it at.
Provoke = Callable[[House], tuple[str, int]]
PROVOKE: dict[str, Provoke] = {}


def provokes(key: str) -> Callable[[Provoke], Provoke]:
    def note(client: Provoke) -> Provoke:
        PROVOKE[key] = client
        return client

    return note


def _sent(client: socket.socket, octets: bytes) -> tuple[str, int]:
    """Send, read one answer if there is one, close."""
    with client:
        name: tuple[str, int] = client.getsockname()
        client.sendall(octets)
        client.recv(65536)
        return name


# The end of a connection -------------------------------------------------------------------------


@provokes("unread")
def one_recv_for_a_file(house: House) -> tuple[str, int]:
    """T10."""
    with house.tcp("file") as client:
        name: tuple[str, int] = client.getsockname()
        client.send(b"20000.bin\n")
        assert len(client.recv(1024)) == 1024
        time.sleep(0.1)  # it writes what it has to its disk
        return name


@provokes("cut")
def one_recv_for_a_large_file(house: House) -> tuple[str, int]:
    with house.tcp("file") as client:
        name: tuple[str, int] = client.getsockname()
        client.send(b"5MB.bin\n")
        client.recv(100000)
        return name


@provokes("reset")
def killed_in_the_middle(house: House) -> tuple[str, int]:
    with house.tcp("file") as client:
        name: tuple[str, int] = client.getsockname()
        client.send(b"1")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        return name


@provokes("wordless")
def ended_before_it_sent(house: House) -> tuple[str, int]:
    with house.tcp("echo") as client:
        return client.getsockname()  # type: ignore[no-any-return]


# Messages on a stream ----------------------------------------------------------------------------


@provokes("stuck")
def two_sends_in_a_row(house: House) -> tuple[str, int]:
    with house.busy(), house.tcp("echo") as client:
        client.send(b"one")
        client.send(b"two")
        name: tuple[str, int] = client.getsockname()
    return name


@provokes("split")
def half_a_character(house: House) -> tuple[str, int]:
    octets = "你好".encode()
    with house.tcp("echo") as client:
        client.send(octets[:2])
        client.recv(1024)
        client.send(octets[2:])
        client.recv(1024)
        return client.getsockname()  # type: ignore[no-any-return]


@provokes("quiet")
def no_newline(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), b"1.txt")


@provokes("early")
def name_and_password_at_once(house: House) -> tuple[str, int]:
    return _sent(house.tcp("login"), b"zhao\n123\n")


# Text and its octets -----------------------------------------------------------------------------


@provokes("gbk answer")
def one_encoding_out_another_in(house: House) -> tuple[str, int]:
    return _sent(house.udp("udpchat"), "你好".encode())


@provokes("utf-8 answer")
def the_other_way_round(house: House) -> tuple[str, int]:
    return _sent(house.tcp("chat"), "小明\n".encode("gbk"))


@provokes("undecodable")
def no_text_of_any_encoding(house: House) -> tuple[str, int]:
    return _sent(house.udp("echo"), b"caf\xff!")


@provokes("nul")
def the_whole_buffer(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), b"hello\0\0\0")


@provokes("bom")
def with_a_signature(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), "你好".encode("utf-8-sig"))


@provokes("utf16")
def windows_own_unicode(house: House) -> tuple[str, int]:
    return _sent(house.udp("echo"), "你好".encode("utf-16"))


# Another protocol --------------------------------------------------------------------------------


@provokes("http")
def a_browser(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


@provokes("tls")
def a_browser_with_https(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), b"\x16\x03\x01\x00\x05hello")


@provokes("ssh")
def a_wrong_port(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), b"SSH-2.0-OpenSSH_9.2\r\n")


# Files -------------------------------------------------------------------------------------------


@provokes("missing")
def no_such_file(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), b"nix\x1b[2J.txt")


@provokes("path")
def a_whole_path(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), b"C:\\Users\\me\\1.txt\n")


@provokes("empty file")
def nothing_to_send(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), b"empty.txt\n")


@provokes("frame order")
def network_order(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), struct.pack("!i", 5) + b"1.txt")


@provokes("frame characters")
def characters_counted(house: House) -> tuple[str, int]:
    return _sent(house.tcp("file"), struct.pack("<i", len("中文.txt")) + "中文.txt".encode())


@provokes("frame long")
def a_length_of_eight_octets(house: House) -> tuple[str, int]:
    return _sent(house.tcp("echo"), struct.pack("<q", 6) + "你好".encode())


@provokes("frame dictionary")
def a_dictionary_with_single_quotes(house: House) -> tuple[str, int]:
    payload = str({"filename": "1.txt"}).encode()
    return _sent(house.tcp("file"), struct.pack("<i", len(payload)) + payload)


@provokes("frame head")
def less_than_a_length(house: House) -> tuple[str, int]:
    with house.tcp("file") as client:
        client.send(b"\5\0\0\0001.txt" + b"abc")
        client.shutdown(socket.SHUT_WR)
        client.recv(1024)
        return client.getsockname()  # type: ignore[no-any-return]


@provokes("frame short")
def less_than_announced(house: House) -> tuple[str, int]:
    with house.tcp("file") as client:
        client.send(struct.pack("<i", 10) + b"1.txt")
        client.shutdown(socket.SHUT_WR)
        client.recv(1024)
        return client.getsockname()  # type: ignore[no-any-return]


# Datagrams ---------------------------------------------------------------------------------------


@provokes("empty")
def an_empty_line(house: House) -> tuple[str, int]:
    """T30."""
    return _sent(house.udp("echo"), b"")


@provokes("lost")
def faster_than_we_read(house: House) -> tuple[str, int]:
    with house.udp("echo") as client:
        with house.busy():
            for number in range(400):
                client.send(b"%04d" % number * 10_000)  # more than there is room for: DATAGRAM_ROOM
        client.recv(65535)
        return client.getsockname()  # type: ignore[no-any-return]


@provokes("gone")
def closed_before_the_answer(house: House) -> tuple[str, int]:
    """T2, which wants none."""
    with house.udp("udpchat") as client:
        client.send(b"hello")
        return client.getsockname()  # type: ignore[no-any-return]


@provokes("long")
def more_than_one_recvfrom(house: House) -> tuple[str, int]:
    return _sent(house.udp("echo"), b"x" * 1500)


@provokes("halved")
def octets_cut_off(house: House) -> tuple[str, int]:
    return _sent(house.udp("echo"), ("汉字" * 200).encode()[:1024])


@provokes("again")
def a_loop(house: House) -> tuple[str, int]:
    with house.udp("echo") as client:
        for _ in range(30):
            client.send(b"hello")
            client.recv(1024)
        return client.getsockname()  # type: ignore[no-any-return]
