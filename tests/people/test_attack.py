"""Strangers guess at one account of a real service; it is killed; its owner comes in all the same."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netapp.people import admin
from netapp.people.model import Password
from netapp.people.passwords import Hasher
from netapp.people.store import rows
from tests import real

pytestmark = pytest.mark.real

LOCAL = "--listen=tcp:0:interface=127.0.0.1"
#: Loopback's addresses are sources of their own where accounts are counted.
OWNERS, STRANGERS = "127.0.1.1", [f"127.0.2.{number}" for number in range(1, 5)]


class Client:
    """One connection of the tutorials' kind, from an address."""

    def __init__(self, port: int, source: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), real.PATIENCE, (source, 0))
        assert self.socket.recv(1024).decode() == "请输入用户名:"

    def name(self) -> str:
        self.socket.sendall(b"zhao\n")
        return self.socket.recv(1024).decode()

    def login(self, password: bytes) -> str:
        assert self.name() == "请输入密码:"
        self.socket.sendall(password + b"\n")
        verdict = self.socket.recv(1024).decode()
        self.socket.close()
        return verdict


def owner(port: int) -> float:
    """The owner logs in.  :returns: how long it took."""
    began = time.monotonic()
    assert Client(port, OWNERS).login(b"correct horse") == "登录成功"
    return time.monotonic() - began


def stranger(port: int, source: str, tries: int) -> None:
    for number in range(tries):
        Client(port, source).login(b"guess %s %d" % (source.encode(), number))


def test_l7_l42_the_owner_comes_in_and_a_restart_forgives_nothing(
    start: Callable[..., real.Plugin], tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    with rows(tmp_path / "state") as opened:
        admin.add(opened, "zhao", Password(Hasher().hash(b"correct horse")), time.time())
    login = start("netapp-login", LOCAL)
    undisturbed = owner(login.tcp())
    guessing = [threading.Thread(target=stranger, args=(login.tcp(), each, 5)) for each in STRANGERS]
    for each in guessing:
        each.start()
    login.wait_for("authentication failure rhost=127.0.2.1 service=login reason=bad")
    disturbed = owner(login.tcp())
    for each in guessing:
        each.join(real.PATIENCE)
        assert not each.is_alive()
    login.kill()
    again = start("netapp-login", LOCAL)
    client = Client(again.tcp(), STRANGERS[-1])
    client.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.name()  # the fifth failure costs four seconds, also after a restart
    restarted = owner(again.tcp())
    client.socket.settimeout(real.PATIENCE)
    assert client.socket.recv(1024).decode() == "请输入密码:"
    client.socket.close()
    assert max(disturbed, restarted) < undisturbed + 3.9  # a second is usual; four are the strangers’
    assert again.log.count("authentication failure") == 0
