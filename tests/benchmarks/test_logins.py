"""The load of logins, against a door of a few lines; and what is asked of netapp's own."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from benchmarks import login
from benchmarks.goals import judged
from benchmarks.logins import STOP, Verdict, at_once, beside, steadily
from benchmarks.table import ECHO_P99, MEMORY_ADDED, RATE, Results
from netapp.core import limits
from tests.real import PATIENCE

PASSED, WRONG, BUSY = "登录成功", "用户名或密码输入错误", "服务器正忙,请稍后再试\n"


@pytest.fixture
def door() -> Iterator[int]:
    """The tutorials' prompts: lets nobody in but those of even numbers, is busy for 2, hangs up on 4."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):  # a load that is stopped hangs up
            client.settimeout(PATIENCE)
            client.sendall("请输入用户名:".encode())
            name = client.recv(100).decode().strip()
            client.sendall("请输入密".encode())
            client.sendall("码:".encode())
            right = client.recv(100) == b"secret\n"
            if name != "bench4":
                verdict = (
                    BUSY if name == "bench2" else PASSED if right and name.startswith("bench") else WRONG
                )
                client.sendall(verdict.encode() + "\n欢迎".encode())

    def accept() -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    accepting.join(PATIENCE)


@pytest.mark.real
def test_many_log_in_at_once_and_each_has_one_verdict(door: int) -> None:
    with beside(at_once, door, 8, "secret") as load:
        assert load.poll(PATIENCE)
        verdicts: list[Verdict] = load.recv()
    assert Counter(each.outcome for each in verdicts) == {"admitted": 6, "busy": 1, "cut off": 1}
    assert all(each.at > 0 for each in verdicts)


@pytest.mark.real
def test_a_wrong_password_is_told(door: int) -> None:
    with beside(at_once, door, 1, "wrong") as load:
        assert load.poll(PATIENCE)
        assert [each.outcome for each in load.recv()] == ["wrong"]


@pytest.mark.real
def test_a_steady_load_comes_back_until_it_is_told_to_stop(door: int) -> None:
    with beside(steadily, door, 2, "secret") as load:
        assert not load.poll(0.3)
        load.send(STOP)
        assert load.poll(PATIENCE)
        verdicts = load.recv()
    assert len(verdicts) > 4
    assert {each.outcome for each in verdicts} == {"admitted"}


def test_what_is_asked_of_logins_is_judged() -> None:
    made = Results()
    made.record(login.WORK, login.NETAPP.name, RATE, 13.0)
    made.record(login.WORK, login.NETAPP.name, ECHO_P99, 12.0)
    made.record(login.WORK, login.NETAPP.name, MEMORY_ADDED, login.most_memory())
    made.record(login.WORK, login.ALONE, RATE, 14.0)

    lines = judged(made).splitlines()

    assert f"| {login.WORK}: rate at least ×0.9 that of {login.ALONE} | ×0.93 | reached |" in lines
    assert f"| {login.WORK}: an echo beside, 99th percentile at most 10 ms | 12.0 ms | not reached |" in lines
    made.record(login.WORK, login.ALONE, RATE, 30.0)  # a median of 22
    assert "| ×0.59 | not reached |" in judged(made)


def test_the_bound_of_memory_is_that_of_the_threads() -> None:
    assert 128 <= login.most_memory() <= 64 * (limits.HASH_THREADS + 1)
