"""The tutorials' servers: ours plays each, and the row's command talks with one of the student's."""

import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import real
from tests.hub.tutorial import programs
from tests.hub.tutorial.programs import GOODBYE, HEARD, PORTS, ROWS, port

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("in_the_network")]


# Programs that are servers: ours plays them -------------------------------------------------------


def test_t4_our_name_server() -> None:
    assert programs.udp_ask(port(4), ["www.sixstar.com", "nobody"]) == ["192.168.1.3", "i dont know"]


def test_t7_our_server_says_its_words_in_utf8_and_closes() -> None:
    with programs.tcp(port(7)) as client:
        client.send("随便".encode("gbk"))
        assert client.recv(1024).decode("utf-8") == "您好,已成功接受您的请求"
        assert client.recv(1024) == b""


def test_t8_t9_our_server_says_ok_for_every_chunk() -> None:
    assert programs.t27_lines(port(8), ["hello", "你好", "再见"]) == ["OK!", "OK!", "OK!"]
    assert port(9) == port(8)


def test_t14_our_chat_server_answers_by_itself() -> None:
    assert programs.t15_chat(port(14), ["你好", "q"])[-1] == GOODBYE


def test_t17_our_server_answers_in_gbk_and_closes() -> None:
    with programs.tcp(port(17)) as client:
        client.send("在吗".encode("gbk"))
        assert client.recv(1024).decode("gbk") == f"{HEARD}:在吗"
        assert client.recv(1024) == b""


def test_t19_our_file_server_sends_all_of_it_and_closes() -> None:
    with programs.tcp(port(19)) as client:
        client.send("5MB.bin".encode("gbk"))
        assert len(real.read_all(client)) == 5_000_000


def test_t23_our_server_puts_its_words_before() -> None:
    assert programs.udp_ask(port(23), ["你好", "hello"]) == ["来自服务器你好", "来自服务器hello"]


def test_t26_our_echo_server_serves_several_at_once() -> None:
    with programs.tcp(port(26)) as first, programs.tcp(port(26)) as second:
        second.send(b"second")
        assert second.recv(1024) == b"second"
        first.send("第一".encode())
        assert first.recv(1024).decode() == "第一"


def test_t29_our_datagram_echo() -> None:
    assert programs.udp_ask(port(29), ["a", "你好"]) == ["a", "你好"]


# Programs that are servers: a netapp command plays their client ----------------------------------


def netapp(command: str, *, typed: str | None = None, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What a student types into another window."""
    program, *words = shlex.split(command)
    assert program == "netapp"
    return subprocess.run(
        [str(Path(sys.executable).with_name("netapp")), *words],
        cwd=folder,
        env=real.environment(folder) | {"LANG": "zh_CN.UTF-8", "LC_ALL": ""},
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )


@contextmanager
def student(serve: programs.Server, number: int) -> Iterator[list[str]]:
    """The student's own server runs at the row's second port; the list has what it printed."""
    row, shown, faults = ROWS[number], list[str](), list[BaseException]()

    def run() -> None:
        try:
            serve(row.own, shown)
        except BaseException as error:  # told by the test's own thread
            faults.append(error)

    server = threading.Thread(target=run, daemon=True)
    server.start()
    kind = socket.SOCK_DGRAM if "netapp udp" in (row.command or "") else socket.SOCK_STREAM
    _wait_until_taken(row.own, socket.SOCK_DGRAM if number == 4 else kind)
    yield shown
    server.join(programs.PATIENCE)
    assert not server.is_alive()
    assert not faults, faults


def _wait_until_taken(number: int, kind: int) -> None:
    table = "udp" if kind == socket.SOCK_DGRAM else "tcp"
    pattern = re.compile(rf"0100007F:{number:04X} ")
    for _ in range(500):
        if pattern.search(Path(f"/proc/thread-self/net/{table}").read_text("ascii")):
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"nobody listens on {table} {number}")


def echo(data: bytes) -> bytes:
    return data


def nothing(_: bytes) -> None:
    return None


#: Row, its server, what the server prints, what the command's user sees.
SERVERS: dict[int, tuple[programs.Server, list[str], str]] = {
    4: (programs.udp_server(programs.t4_answer), ["www.baidu.com"], "192.168.1.2"),
    7: (programs.t7_once, ["你好"], "您好,已成功接受您的请求"),
    8: (programs.ok_server("gbk", "utf-8"), ["你好"], "OK!"),
    9: (programs.ok_server("utf-8", "gbk"), ["你好"], "OK!"),
    12: (programs.t12_server, ["你好"], "你好"),
    14: (programs.udp_server(lambda _: "我在".encode()), ["你好"], "我在"),
    17: (programs.t17_operator, ["你好"], "我在"),
    20: (programs.udp_server(lambda _: "我在".encode("gbk"), "gbk"), ["你好"], "我在"),
    21: (programs.udp_server(nothing), ["你好"], ""),
    23: (programs.udp_server(lambda data: "来自服务器".encode() + data), ["你好"], "来自服务器你好"),
    24: (programs.udp_server(nothing), ["你好"], ""),
    26: (programs.t26_echo, ["你好"], "你好"),
    29: (programs.udp_server(echo), ["你好"], "你好"),
}


@pytest.mark.parametrize("number", SERVERS, ids=lambda number: f"T{number}")
def test_the_rows_command_talks_with_a_server_of_the_students(number: int, tmp_path: Path) -> None:
    serve, printed, seen = SERVERS[number]
    command = ROWS[number].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(serve, number) as shown:
        done = netapp(command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert seen in done.stdout
    assert shown == printed


@pytest.mark.parametrize("number", [10, 19], ids=lambda number: f"T{number}")
def test_t10_t19_the_rows_command_fetches_from_a_server_of_the_students(number: int, tmp_path: Path) -> None:
    command = ROWS[number].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(programs.t10_files, number) as shown:
        done = netapp(command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert shown == ["1.txt"]
    assert [path.read_bytes() for path in tmp_path.glob("*1.txt")] == [b"0123456789"]


def test_t11_the_rows_command_logs_in_at_a_server_of_the_students(tmp_path: Path) -> None:
    command = ROWS[11].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(programs.t11_server, 11) as shown:
        done = netapp(command, typed="123\n", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "登录成功" in done.stdout
    assert shown == ["zhao 123"]


# Programs without another side -------------------------------------------------------------------


def test_t31_this_hosts_names_and_addresses(tmp_path: Path) -> None:
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert (2, 1, 6, "", ("127.0.0.1", 8888)) in socket.getaddrinfo("localhost", 8888, socket.AF_INET)
    command = ROWS[31].command_at(programs.HOST, PORTS)
    assert command is not None
    done = netapp(command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert socket.gethostname() in done.stdout


def test_t32_octets_of_a_text(tmp_path: Path) -> None:
    assert "你好".encode("gbk").hex() == "c4e3bac3"
    command = ROWS[32].command_at(programs.HOST, PORTS)
    assert command is not None
    done = netapp(command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "c4 e3 ba c3" in done.stdout.lower()
