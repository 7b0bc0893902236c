"""An operator at a terminal: a real ``twistd`` on a terminal of its own."""

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.tools import PATIENCE, Running, terminal
from tests.real import tcp_client, tool, udp_client

pytestmark = pytest.mark.real
TWISTD = str(Path(sys.executable).with_name("twistd"))
PLACE = "0:interface=127.0.0.1"


@contextmanager
def desk(plugin: str, *options: str, folder: Path, **more: str) -> Iterator[Running]:
    listen = [
        f"--listen={kind}:{PLACE}" for kind in (("tcp", "udp") if plugin == "netapp-echo" else ("udp",))
    ]
    arguments = ["--pidfile=", "-n", plugin, "--operator", "--lang=en", *listen, *options]
    with terminal(*arguments, lang="en_US.UTF-8", folder=folder, program=TWISTD, **more) as person:
        person.wait_for(f"{plugin}: ready")
        yield person


def port(person: Running, kind: str) -> int:
    return int(person.wait_for(rf"listening on {kind} 127\.0\.0\.1:(\d+)")[1])


def test_t17_t20_several_peers_are_answered_and_the_talk_is_saved(tmp_path: Path) -> None:
    with (
        desk("netapp-echo", "--encoding=gbk", folder=tmp_path) as person,
        tcp_client(port(person, "tcp")) as first,
        udp_client() as second,
    ):
        person.wait_for("has connected")
        person.type("/save talk.pcap\n")
        person.wait_for("saved to talk.pcap")
        first.sendall("在吗".encode("gbk"))
        person.wait_for(r"\d\d:\d\d:\d\d\.\d\d\d ← 127\.0\.0\.1:\d+ +4  在吗 +d4 da c2 f0")
        second.sendto("报到".encode("gbk"), ("127.0.0.1", port(person, "udp")))
        person.wait_for("← .* 报到 ")
        person.type("收到\n")
        assert second.recv(1024) == "收到".encode("gbk")
        person.type("/peers\n/to 1\n/encoding utf-8\n在的\n")
        assert first.recv(1024) == "在的".encode()
        person.wait_for(r"  2  127\.0\.0\.1:\d+  UDP, gbk\r?\n")
        person.type("/every 0.05 tick\n")
        got = b""
        while got.count(b"tick") < 3:
            got += first.recv(1024)
        person.type("/stop\n")
        person.wait_for("repeating has ended")
        person.type("\x04")
        assert person.process.wait(PATIENCE) in (0, -signal.SIGTERM)
    command = [tool("tcpdump", "tcpdump"), "-nvv", "-r", str(tmp_path / "talk.pcap")]
    shown = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout.decode()
    assert "incorrect" not in shown
    assert shown.count("udp sum ok") == 2
    assert re.search(r"(?s)Flags \[S\].*Flags \[P\.\].*Flags \[F\.\]", shown)


def test_t14_the_chats_operator_has_the_same_screen(tmp_path: Path) -> None:
    with desk("netapp-udpchat", "--ipmsg=none", folder=tmp_path) as person, udp_client() as peer:
        peer.sendto("在吗".encode(), ("127.0.0.1", port(person, "udp")))
        person.wait_for("← .* 在吗 ")
        person.type("/send-hex 41 0a\n")
        assert peer.recv(1024) == b"A\n"
        peer.sendto(b"Q", ("127.0.0.1", port(person, "udp")))
        assert peer.recv(1024) == "您已断开连接!".encode()
        person.wait_for("→ .* 您已断开连接!")


def test_the_history_lies_in_the_services_own_state(tmp_path: Path) -> None:
    state = tmp_path / "named"
    with desk("netapp-echo", f"--state={state}", folder=tmp_path) as person:
        person.type("/peers\n/quit\n")
        person.end()
    assert (state / "history" / "desk").read_text() == "/peers\n/quit\n"


@pytest.mark.parametrize("end", ["\x03", "/quit\n", signal.SIGTERM, signal.SIGINT])
def test_the_terminal_is_given_back_however_it_ends(tmp_path: Path, end: str | signal.Signals) -> None:
    with desk("netapp-echo", folder=tmp_path) as person:
        assert not termios.tcgetattr(person.descriptor)[3] & termios.ECHO
        person.type("unfinished" if isinstance(end, signal.Signals) else "")
        if isinstance(end, signal.Signals):
            person.process.send_signal(end)
        else:
            person.type(end)
        person.end()
        assert termios.tcgetattr(person.descriptor)[3] & termios.ECHO
        assert "Server Shut Down." in person.output


def test_a_start_that_fails_leaves_no_terminal_behind(tmp_path: Path) -> None:
    with udp_client() as taken:
        listen = f"--listen=udp:{taken.getsockname()[1]}:interface=127.0.0.1"
        arguments = ["--pidfile=", "-n", "netapp-echo", "--operator", listen]
        with terminal(*arguments, folder=tmp_path, program=TWISTD) as person:
            before = termios.tcgetattr(person.descriptor)
            assert person.process.wait(PATIENCE) == 1
            assert termios.tcgetattr(person.descriptor) == before


def test_a_dumb_terminal_has_plain_lines(tmp_path: Path) -> None:
    with (
        desk("netapp-echo", folder=tmp_path, TERM="dumb") as person,
        tcp_client(port(person, "tcp")) as client,
    ):
        client.sendall(b"hello")
        person.wait_for(r"127\.0\.0\.1:\d+ >>> hello")
        person.type("/peers\n")
        assert client.recv(1024) == b"/peers"
        assert "\x1b" not in person.output


def test_a_service_outlives_its_terminal(tmp_path: Path) -> None:
    with desk("netapp-echo", folder=tmp_path) as person:
        where = port(person, "tcp")
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, person.descriptor)  # the window is closed
        os.close(nowhere)
        with tcp_client(where) as client:
            client.sendall(b"anybody?")
            with pytest.raises(subprocess.TimeoutExpired):
                person.process.wait(1.0)
        person.process.terminate()
        assert person.process.wait(PATIENCE) in (0, -signal.SIGTERM)
