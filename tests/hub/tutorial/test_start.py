"""How ``--tutorial`` starts, or says why not, with real processes."""

import fcntl
import os
import pty
import re
import resource
import socket
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import real
from tests.hub.tutorial import namespace, programs

pytestmark = pytest.mark.real

Start = Callable[..., real.Plugin]


def test_what_is_taken_is_answered_elsewhere_and_the_log_names_it(start: Start) -> None:
    with ExitStack() as taken:
        stream = taken.enter_context(socket.socket())
        datagrams = taken.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            stream.bind((programs.ELSEWHERE, 7777))
            datagrams.bind((programs.ELSEWHERE, 8080))
        except OSError as error:
            pytest.skip(f"nothing can be bound at {programs.ELSEWHERE}: {error}")
        stream.listen()
        tutorial = start("netapp", "--tutorial", f"--interface={programs.ELSEWHERE}", "--lang=en")
        moved = re.findall(
            r"netapp: (tcp|udp) port (\d+) cannot be had \((.+)\): (.+) at (\d+)$", tutorial.log, re.MULTILINE
        )
        instead = {(transport, int(port)): int(at) for transport, port, _, _, at in moved}
        assert ("tcp", "7777", "Address already in use", "T8, T9") in {each[:4] for each in moved}
        with socket.create_connection(
            (programs.ELSEWHERE, instead["tcp", 7777]), programs.PATIENCE
        ) as client:
            client.sendall(b"hello")
            assert client.recv(1024) == b"OK!"
        login = programs.ELSEWHERE, instead.get(("tcp", 9999), 9999)
        with socket.create_connection(login, programs.PATIENCE) as client:  # whose words no --lang changes
            assert client.recv(1024).decode() == "请输入用户名:"
        with programs.udp() as client:
            client.sendto(b"www.baidu.com", (programs.ELSEWHERE, instead["udp", 8080]))
            assert client.recvfrom(1024)[0] == b"192.168.1.2"
        assert re.search(
            rf"^T5 .*\"{programs.ELSEWHERE}\", {instead['udp', 8080]}.*UDP {instead['udp', 8080]}\*",
            tutorial.log,
            re.MULTILINE,
        )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--tutorial", "--only=dns"), "netapp: --tutorial runs what its table lists: leave --only"),
        (("--tutorial", "--without=chat"), "netapp: --tutorial runs what its table lists"),
        (("--operator",), "netapp: --operator goes with --tutorial"),
        (("--tutorial", "--interface=192.0.2.77"), "netapp: --interface 192.0.2.77: this machine has no"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(options: tuple[str, ...], complaint: str, tmp_path: Path) -> None:
    done = real.run_once("netapp", *options, state=tmp_path)
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    assert len(said) == 1
    assert said[0].startswith(complaint)


def test_a_disk_without_room_is_one_line_and_leaves_no_half_file(tmp_path: Path) -> None:
    """The system's bound on a file's size stands for the disk's end."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("twistd")),
            *("--pidfile=", "-n", "netapp", "--tutorial", f"--interface={programs.ELSEWHERE}"),
        ],
        cwd=tmp_path,
        env=real.environment(tmp_path / "state"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )  # fmt: skip
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    assert len(said) == 1
    assert re.match(
        r"netapp: --tutorial: the sample files in \S+ cannot be written \(File too large\)", said[0]
    )
    share = tmp_path / "state" / "tutorial" / "share"
    assert {path.name for path in share.iterdir()} == {"1.txt", "1000.txt", "60000.bin"}


def test_a_state_directory_that_is_no_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = real.run_once("netapp", "--tutorial", f"--state={tmp_path}/file", state=tmp_path)
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    assert said == [
        f"netapp: the state directory {tmp_path}/file cannot be written (Not a directory): "
        "choose another with --state"
    ]


def test_t14_t17_t20_with_an_operator_a_person_answers(tmp_path: Path) -> None:
    with (
        namespace.empty_network() as handle,
        namespace.inside(handle),
        real.running(
            "netapp", "--tutorial", "--operator", "--lang=en", state=tmp_path, stdin=subprocess.PIPE
        ) as tutorial,
    ):
        typed = tutorial.process.stdin
        assert typed is not None

        def types(line: str, *, after: str) -> None:
            tutorial.wait_for(after)
            typed.write(f"{line}\n".encode())
            typed.flush()

        with (
            programs.udp() as t15,
            programs.tcp(8080) as t16,
            programs.udp() as t20,
            programs.udp(7890) as t1,
        ):
            t15.sendto("你好吗".encode(), (programs.HOST, 9999))
            types("很好", after="你好吗")
            assert t15.recvfrom(1024)[0].decode("utf-8") == "很好"
            t16.sendall("在吗".encode("gbk"))
            types("我在", after="在吗")
            assert t16.recv(1024).decode("gbk") == "我在"
            assert t16.recv(1024) == b""
            t20.sendto("几点了".encode("gbk"), (programs.HOST, 8082))
            types("三点", after="几点了")
            assert t20.recvfrom(1024)[0].decode("gbk") == "三点"
            t1.sendto("吃了吗\n".encode(), (programs.HOST, 8081))
            types("吃了", after="吃了吗")
            assert t1.recvfrom(1024)[0].decode("gbk") == "吃了"
        assert programs.tcp_ask(6789, "还在", "utf-8", "gbk") == "已收到:还在"  # T6 has no operator


def test_who_closes_the_terminal_ends_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("twistd")),
            *("--pidfile=", "-n", "netapp", "--tutorial", f"--interface={programs.ELSEWHERE}"),
        ],
        cwd=tmp_path,
        env=real.environment(tmp_path / "state"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    seen = b""
    while b"T32" not in seen:
        seen += os.read(ours, 65536)
    os.close(ours)
    assert process.wait(real.PATIENCE) == 0


def test_another_one_of_ours_that_has_a_port_is_named(start: Start) -> None:
    first = start("netapp", "--tutorial", f"--interface={programs.ELSEWHERE}")
    second = start("netapp", "--tutorial", f"--interface={programs.ELSEWHERE}")
    pid = first.process.pid
    assert re.search(rf"TCP 7777:another netapp, pid {pid}, has it -> 7778 \(T8 T9\)", second.log)
