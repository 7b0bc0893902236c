"""``netapp user`` while a real ``netapp-login`` serves the same state directory."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netapp.people import KEY_FILE, codes
from netapp.people.throttling.throttle import Throttle
from tests import real
from tests.cli.user_tools import User

pytestmark = pytest.mark.real

NETAPP = str(Path(sys.executable).with_name("netapp"))
RIGHT, WRONG = "登录成功", "用户名或密码输入错误"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    """The command on the state directory that is served; each test has accounts of its own there."""
    state = tmp_path_factory.mktemp("served") / "state"
    state.mkdir(mode=0o700)
    user = User(state)
    user.add("admin", "--role", "admin", password="word number 1")
    return user


@pytest.fixture(scope="module")
def login(user: User) -> Iterator[real.Plugin]:
    with real.running("netapp-login", "--listen=tcp:0:interface=127.0.0.1", state=user.state) as plugin:
        yield plugin


@contextmanager
def tried(login: real.Plugin, name: str, password: str) -> Iterator[tuple[str, socket.socket]]:
    """One try of the tutorials' client: the verdict, and the connection after it."""
    with real.tcp_client(login.tcp()) as client:
        client.recv(1024)
        client.sendall(name.encode())
        client.recv(1024)
        client.sendall(password.encode())
        yield client.recv(1024).decode(), client


def verdict(login: real.Plugin, name: str, password: str) -> str:
    with tried(login, name, password) as (text, _):
        return text


def soon(true: Callable[[], bool], *, within: float = 5.0) -> bool:
    """Whether it becomes true within what services may take to notice."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_who_is_disabled_is_refused_at_once_and_let_in_again(login: real.Plugin, user: User) -> None:
    user.add("li", password="word number 2")
    assert verdict(login, "li", "word number 2") == RIGHT
    with tried(login, "li", "word number 2") as (text, client):
        assert text == RIGHT
        assert soon(lambda: len(user.json("sessions", "li")) == 1)
        user.right("disable", "li", "--reason", "has left")
        began = time.monotonic()
        client.settimeout(10.0)
        real.read_all(client)  # it ends
        assert time.monotonic() - began < 5.0
    assert verdict(login, "li", "word number 2") == WRONG
    user.right("enable", "li")
    assert verdict(login, "li", "word number 2") == RIGHT


def test_a_new_password_is_true_for_the_next_login(login: real.Plugin, user: User) -> None:
    user.add("wang", password="word number 1")
    assert verdict(login, "wang", "word number 1") == RIGHT
    user.right("passwd", "wang", "--password-stdin", typed="word number 2")
    assert verdict(login, "wang", "word number 1") == WRONG
    assert verdict(login, "wang", "word number 2") == RIGHT


def test_sessions_are_seen_and_revoked(login: real.Plugin, user: User) -> None:
    user.add("sun", password="word number 1")
    with (
        tried(login, "sun", "word number 1") as (_, first),
        tried(login, "sun", "word number 1") as (_, other),
    ):
        assert soon(lambda: len(user.json("sessions", "sun")) == 2)
        sessions = user.json("sessions", "sun")
        assert {(each["kind"], each["door"], each["source"]) for each in sessions} == {
            ("live", "login", "127.0.0.1")
        }
        user.right("revoke", "sun", sessions[0]["id"])
        assert soon(lambda: [each["id"] for each in user.json("sessions", "sun")] == [sessions[1]["id"]])
        user.right("revoke", "sun", "--all")
        for client in (first, other):
            client.settimeout(5.0)
            real.read_all(client)


def failed(user: User, name: str, times: int) -> None:
    """As if another process had seen wrong passwords just now."""
    now = time.time()
    throttle = Throttle(codes.derived(codes.key_file(user.state / KEY_FILE), "throttle"))
    for number in range(times):
        throttle.failed("127.0.0.1", [name], now, password=b"wrong %d" % number)
    with user.rows() as rows:
        rows.throttles.store(throttle.changed(now))


def test_unlocking_ends_what_failed_tries_cost(login: real.Plugin, user: User) -> None:
    user.add("wu", password="word number 1")
    user.add("zhou", password="word number 2")
    failed(user, "zhou", 4)  # 2 s
    failed(user, "wu", 7)  # 15 s
    began = time.monotonic()
    assert verdict(login, "zhou", "word number 2") == RIGHT
    assert time.monotonic() - began > 1.0  # what it costs is kept
    user.right("unlock", "wu")
    time.sleep(1.0)  # within which services notice
    began = time.monotonic()
    assert verdict(login, "wu", "word number 1") == RIGHT
    assert time.monotonic() - began < 8.0


def test_a_cost_and_a_pepper_are_taken_up_by_who_runs(login: real.Plugin, user: User, tmp_path: Path) -> None:
    user.add("zheng", password="word number 1")
    user.right("pepper", "--new", tmp_path / "pepper")
    user.right("tune", "--target-ms", "10", "--save")
    time.sleep(1.0)  # within which services notice
    assert verdict(login, "zheng", "word number 1") == RIGHT
    password = user.json("show", "zheng")["password"]
    assert password["pepper"] is not None
    assert password["memory"] >= 19 * 1024
    assert verdict(login, "zheng", "word number 1") == RIGHT
    assert verdict(login, "zheng", "word number 2") == WRONG


def test_a_code_lets_somebody_choose_a_password_and_both_stand_in_the_trail(
    login: real.Plugin, user: User, tmp_path: Path
) -> None:
    before = len(user.audit())
    (tmp_path / "class.csv").write_text("用户名,姓名\nfeng,冯明\n")
    _, code = user.right("import", tmp_path / "class.csv").split()
    with real.tcp_client(login.tcp()) as client:
        client.recv(1024)
        client.sendall(code.encode())
        seen = ""
        for answer in ("word number 9", "word number 9"):
            while ":" not in seen[-3:]:
                seen += client.recv(1024).decode()
            seen = ""
            client.sendall(answer.encode())
        while RIGHT not in seen:
            octets = client.recv(1024)
            assert octets, seen
            seen += octets.decode()
    assert verdict(login, "feng", "word number 9") == RIGHT
    assert user.json("invitations") == []
    assert soon(lambda: {"code used", "login"} <= {event["event"] for event in user.audit()[before:]})
    assert "127.0.0.1" in user.right("audit", "--name", "feng")


def test_the_trail_is_followed_also_when_it_is_set_aside(user: User, tmp_path: Path) -> None:
    user.add("chu", password="word number 1")
    with (tmp_path / "followed").open("wb") as followed:
        process = subprocess.Popen(
            [NETAPP, "user", "audit", "--follow", "--most", "0", "--json"],
            env=real.environment(user.state) | {"LC_ALL": "C.UTF-8"},
            stdout=followed,
        )
    try:
        assert soon(lambda: bool(seen_after(user, "rename", tmp_path / "followed")), within=real.PATIENCE)
        path = user.state / "audit.jsonl"
        path.rename(path.with_name("audit.jsonl.1"))  # as when it has grown
        user.right("role", "chu", "moderator")
        assert soon(lambda: '"event": "role"' in (tmp_path / "followed").read_text())
    finally:
        process.kill()
        process.wait(real.PATIENCE)


def seen_after(user: User, command: str, followed: Path) -> str:
    """What is followed so far, once one event more has happened."""
    user.right(command, "chu", "another name")
    return followed.read_text()
