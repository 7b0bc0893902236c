"""Every client against noise: one line at most, and nothing that drives a terminal."""

import random
import socket
from pathlib import Path

import pytest

from tests.cli.tools import Server, netapp, tcp_server, udp_server

pytestmark = pytest.mark.real
NOISE = random.Random(7).randbytes(5000) + b"\x1b]0;owned\x07\x9b2J\x00"


def noisy(server: Server, connection: socket.socket) -> None:
    connection.recv(1024)
    connection.sendall(NOISE)


@pytest.mark.parametrize(
    "command",
    [
        "tcp SERVER --send x",
        "tcp SERVER --frame --send x",
        "dns x --plain --tcp --server SERVER",
        "dns x --tcp --server SERVER",
        "get SERVER x",
        "put SERVER PROJECT",
        "ls SERVER",
        "ls SERVER --plain",
        "chat SERVER --wait 0.1 --nick x",
        "http SERVER",
        "udp DATAGRAMS --send x",
        "dns x --server DATAGRAMS",
        "dns x --plain --server DATAGRAMS",
    ],
)
def test_noise_is_no_traceback_and_drives_no_terminal(command: str, tmp_path: Path) -> None:
    with tcp_server(noisy) as stream, udp_server(lambda _: NOISE[-900:]) as datagrams:
        places = {"SERVER": stream.place, "DATAGRAMS": datagrams.place, "PROJECT": "/etc/hostname"}
        words = [places.get(word, word) for word in command.split()]
        done = netapp(*words, folder=tmp_path)  # which looks for a traceback
    shown = done.stdout + done.stderr
    assert not [char for char in shown if not char.isprintable() and char not in "\n\t\u200c\u200d"]
    assert done.stderr.count("\n") <= 1
    assert list(tmp_path.iterdir()) == []
