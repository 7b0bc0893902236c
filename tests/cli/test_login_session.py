"""``netapp login`` after the login: the session of our own server, and a small one's octets."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netapp.people import admin, store
from netapp.people.model import Password
from netapp.people.passwords import CHEAP, Hasher
from tests import real
from tests.cli.tools import Server, netapp, tcp_server, terminal

pytestmark = pytest.mark.real


@pytest.fixture
def place(start: Callable[..., real.Plugin], tmp_path: Path) -> str:
    """A server with zhao's account."""
    state = tmp_path / "state"
    state.mkdir()
    with store.rows(state) as rows:
        admin.add(rows, "zhao", Password(Hasher(CHEAP).hash(b"123")), time.time())
    login = start("netapp-login", "--listen=tcp:0:interface=127.0.0.1")
    return f"127.0.0.1:{login.tcp()}"


def test_what_is_left_in_a_pipe_goes_to_the_session(place: str) -> None:
    done = netapp("login", place, "--user", "zhao", typed="123\nwhoami\nhelp\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "登录成功\n" in done.stdout
    assert "zhao,成员" in done.stdout
    assert "可用的命令" in done.stdout
    assert done.stdout.endswith("\n")


def test_a_pipe_with_a_name_and_a_password_alone_ends_after_the_login(place: str) -> None:
    began = time.monotonic()
    done = netapp("login", place, typed="zhao\n123\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("请输入用户名:\n请输入密码:\n登录成功\n")
    assert time.monotonic() - began < 10.0  # a hang, not a speed


def test_a_person_goes_on_and_a_password_is_hidden_there_too(place: str) -> None:
    with terminal("login", place) as person:
        person.wait_for("请输入用户名:")
        person.type("zhao\n")
        person.wait_for("请输入密码:")
        person.type("123\n")
        person.wait_for("zhao> ")
        person.type("whoami\n")
        person.wait_for(r"zhao,成员[^>]*zhao> ")
        person.type("passwd\n")
        person.wait_for("当前密码:")
        person.type("123\n")
        person.wait_for("新密码:")
        person.type("correct horse\n")
        person.wait_for("再输入一次新密码:")
        person.type("correct horse\n")
        person.wait_for(r"密码已更改[^>]*zhao> ")
        person.type("两步验证 开\n")
        person.wait_for("▀")
        person.wait_for("验证码:")
        person.type("\n")
        person.wait_for("已取消")
        person.type("退出\n")
        person.wait_for("再见!")
        assert person.end() == 0
        assert "correct horse" not in person.output
        assert "123" not in person.output


def test_l30_what_a_terminal_would_obey_is_made_visible_but_for_colours() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.sendall("登录成功".encode())
        time.sleep(0.3)
        for piece in (
            b"\x1b",
            b"[0;30;",
            b"107m",
            b"\x1b[1m\x1b[2J\x1b]0;title\x07",
            b"\xff",
            b"\xfb\x01",
            b"\xe4\xbd",
            b"\xa0\xff",
        ):
            connection.sendall(piece)
            time.sleep(0.05)
        connection.sendall(b"\xfc\x01\r\n")

    with tcp_server(handle) as server, terminal("login", server.place) as person:
        assert person.end() == 0
    assert "\x1b[2J" not in person.output
    assert "\x1b]0" not in person.output
    assert "\x1b[1m" in person.output
    assert "\x1b[0;30;107m" in person.output  # in whatever pieces it comes
    assert person.output.replace("\r\n", "\n").endswith("⟦U+001B⟧[2J⟦U+001B⟧]0;title⟦U+0007⟧你\n")


def test_t11_a_server_that_hangs_up_after_the_verdict_is_a_success() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.sendall("请输入用户名:".encode())
        connection.recv(1024)
        connection.sendall("登录成功".encode())
        connection.close()

    with tcp_server(handle) as server:
        done = netapp("login", server.place, typed="zhao\nwhoami\nquit\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "请输入用户名:\n登录成功\n"
