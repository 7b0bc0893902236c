"""The echo service as a process, met by the tutorials' programs."""

import subprocess
from collections.abc import Callable

import pytest

from tests import real

pytestmark = pytest.mark.real
LOCAL = ("--listen=tcp:0:interface=127.0.0.1", "--listen=udp:0:interface=127.0.0.1")


def test_t26_t29_echo(start: Callable[..., real.Plugin]) -> None:
    echo = start("netapp-echo", *LOCAL)
    with real.tcp_client(echo.tcp()) as client:
        for word in (b"hello", "你好".encode("gbk")):
            client.sendall(word)
            assert client.recv(1024) == word
    assert real.ask(echo.udp(), b"hello") == b"hello"


def test_t17_t20_an_operator_answers_from_standard_input(start: Callable[..., real.Plugin]) -> None:
    echo = start("netapp-echo", *LOCAL, "--operator", "--once", "--encoding=gbk", stdin=subprocess.PIPE)
    typed = echo.process.stdin
    assert typed is not None
    with real.tcp_client(echo.tcp()) as client:
        client.sendall("在吗".encode("gbk"))
        echo.wait_for(r"127\.0\.0\.1:\d+ >>> 在吗")
        typed.write("在的\n".encode())
        typed.flush()
        assert real.read_all(client) == "在的".encode("gbk")
    with real.udp_client() as client:
        client.sendto("报到".encode("gbk"), ("127.0.0.1", echo.udp()))
        echo.wait_for(">>> 报到")
        typed.write("收到\n".encode())
        typed.flush()
        assert client.recvfrom(1024)[0] == "收到".encode("gbk")
