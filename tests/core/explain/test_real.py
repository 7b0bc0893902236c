"""Each finding is provoked by a program that makes the mistake, and by none that does not."""

import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp.core.explain.findings import FINDINGS
from tests import real
from tests.core.explain.clients import PROVOKE, House

pytestmark = pytest.mark.real

#: Those that time alone provokes.
SLOW = {"silence", "stalled"}
CONFIG = """
explain = true
lang = "en"
[echo]
listen = ["tcp:0:interface=127.0.0.1", "udp:0:interface=127.0.0.1"]
[file]
listen = ["tcp:0:interface=127.0.0.1"]
root = "{root}"
[login]
listen = ["tcp:0:interface=127.0.0.1"]
[dns]
listen = ["tcp:0:interface=127.0.0.1", "udp:0:interface=127.0.0.1"]
record = ["www.baidu.com=192.168.1.2"]
[chat]
listen = ["tcp:0:interface=127.0.0.1"]
irc = "none"
encoding = "utf-8"
[udpchat]
listen = ["udp:0:interface=127.0.0.1"]
ipmsg = "none"
encoding = "gbk"
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    base: Path = tmp_path_factory.mktemp("explain")
    root = base / "root"
    root.mkdir()
    (root / "1.txt").write_bytes(b"ten octets")
    (root / "中文.txt").write_text("中文", "utf-8")
    (root / "empty.txt").touch()
    (root / "20000.bin").write_bytes(b"x" * 20_000)
    (root / "5MB.bin").write_bytes(b"x" * 5_000_000)
    config = base / "netapp.toml"
    config.write_text(CONFIG.format(root=root), "utf-8")
    state = base / "state"
    state.mkdir(mode=0o700)
    with real.running("netapp", f"--config={config}", state=state) as plugin:
        yield House(plugin)


@pytest.fixture(scope="module")
def slow(house: House) -> Iterator[dict[str, socket.socket]]:
    """Clients that do nothing, from the first test on."""
    with house.tcp("echo") as silent, house.tcp("file") as stalled:
        stalled.send(b"5MB.bin\n")
        yield {"silence": silent, "stalled": stalled}


def said(key: str) -> str:
    """A finding's English as a pattern: what it is filled with may be anything."""
    phrase = FINDINGS.phrases[key][1]
    return ".+?".join(re.escape(piece) for piece in re.split(r"\{[^}]*\}", phrase))


def line(peer: tuple[str, int], key: str) -> str:
    return rf"explain {re.escape(peer[0])}:{peer[1]} \(netapp-\w+\): {said(key)}$"


def test_every_finding_has_a_program_that_provokes_it() -> None:
    assert set(PROVOKE) | SLOW == set(FINDINGS.phrases)


@pytest.mark.parametrize("key", sorted(PROVOKE))
def test_a_program_that_makes_the_mistake_is_told(
    key: str, house: House, slow: dict[str, socket.socket]
) -> None:
    peer = PROVOKE[key](house)
    house.plugin.wait_for(line(peer, key))


def test_figures_are_the_wires_own(house: House) -> None:
    log = house.plugin.log
    assert re.search(r"we sent 20000 octets,", log)
    taken = re.search(r"closed after at most (\d+) of 5000000 octets", log)
    assert taken
    assert 1024 <= int(taken[1]) < 5_000_000
    assert "2 sends arrived stuck together" in log
    assert "octet 4 (0xFF) is neither" in log
    lost = re.search(r"(\d+) datagrams came, and (\d+) more were lost", log)
    assert lost
    assert int(lost[1]) + int(lost[2]) == 400
    assert "read so it would be 83886080" in log
    assert "read as UTF-8 that is “" in log
    assert "no file “nix⟦U+001B⟧[2J.txt”" in log


# Who makes no mistake hears nothing --------------------------------------------------------------


def read_file(house: House) -> str:
    with house.tcp("file") as client:
        client.sendall(b"5MB.bin\n")
        assert len(real.read_all(client)) == 5_000_000
        return address(client)


def read_frame(house: House) -> str:
    name = "中文.txt".encode()
    with house.tcp("file") as client:
        client.sendall(struct.pack("<i", len(name)))
        time.sleep(0.05)
        client.sendall(name)
        assert client.recv(4) == struct.pack("<i", 6)
        assert client.recv(6).decode() == "中文"
        return address(client)


def browse(house: House) -> str:
    with house.tcp("file") as client:
        client.sendall(b"GET /1.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert real.read_all(client).endswith(b"ten octets")
        return address(client)


def log_in(house: House) -> str:
    with house.tcp("login") as client:
        for answer in (b"zhao\n", b"124\n"):
            client.recv(1024)
            client.sendall(answer)
        assert client.recv(1024).decode().startswith("Wrong")
        client.recv(1024)
        client.shutdown(socket.SHUT_WR)
        real.read_all(client)
        return address(client)


def chat_in_lines(house: House) -> str:
    with house.tcp("chat") as client:
        client.recv(1024)
        for line in ("小明\n", "大家好\n", "/quit\n"):
            client.sendall(line.encode())
            assert client.recv(1024)
        real.read_all(client)
        return address(client)


def echo_lines(house: House) -> str:
    with house.tcp("echo") as client:
        for text in ("你好\n", "再见\n", "GBK too\n"):
            client.sendall(text.encode())
            assert client.recv(1024).decode() == text
        for text in ("你好\n", "再见\n"):
            client.sendall(text.encode("gbk"))
            assert client.recv(1024).decode("gbk") == text
        client.sendall(b"one\n")
        client.sendall(b"two\n")  # stuck together, and yet two lines
        got = b""
        while len(got) < 8:
            got += client.recv(1024)
        return address(client)


def echo_much(house: House) -> str:
    text = ("很长的一段话," * 3_000).encode()
    with house.tcp("echo") as client:
        client.sendall(text)
        got = b""
        while len(got) < len(text):
            got += client.recv(65536)
        assert got == text
        return address(client)


def echo_datagrams(house: House) -> str:
    with house.udp("echo") as client:
        for octets in ("你好".encode(), "你好".encode("gbk"), b"\x00\x01\xff", b"x" * 1024, b"hello"):
            client.send(octets)
            assert client.recv(1024) == octets
        return address(client)


def chat_in_gbk(house: House) -> str:
    with house.udp("udpchat") as client:
        client.send("你好".encode("gbk"))
        assert client.recv(1024).decode("gbk")
        return address(client)


def ask_names(house: House) -> str:
    with house.udp("dns") as client:
        for _ in range(30):  # a name and a number make each question another
            client.send(b"www.baidu.com")
            assert client.recv(1024) == b"192.168.1.2"
            time.sleep(0.06)
        return address(client)


def ask_dns(house: House) -> str:
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x05baidu\x03com\x00\x00\x01\x00\x01"
    with house.udp("dns") as client:
        client.send(question)
        answer = client.recv(1024)
    with house.tcp("dns") as client:
        client.sendall(len(question).to_bytes(2, "big") + question)
        assert client.recv(1024)[2:] == answer
        return address(client)


def address(client: socket.socket) -> str:
    host: str = client.getsockname()[0]
    return host


def test_a_program_that_makes_no_mistake_hears_nothing(house: House) -> None:
    clients = (
        read_file, read_frame, browse, log_in, chat_in_lines, echo_lines, echo_much, echo_datagrams,
        chat_in_gbk, ask_names, ask_dns,
    )  # fmt: skip
    hosts = {client.__name__: client(house) for client in clients}
    house.plugin.wait_for(line(PROVOKE["wordless"](house), "wordless"))  # all before it was judged
    found = {
        name: re.findall(rf"explain {re.escape(host)}:.*", house.plugin.log) for name, host in hosts.items()
    }
    assert not any(found.values()), found


@pytest.mark.parametrize("key", sorted(SLOW))
def test_waiting_is_told_in_the_end(key: str, house: House, slow: dict[str, socket.socket]) -> None:
    house.plugin.wait_for(line(slow[key].getsockname(), key))
