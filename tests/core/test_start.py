"""Starts that cannot work, signals, and the worst that a network can send: by real processes."""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import real
from tests.hostile import memory, throw_at

pytestmark = pytest.mark.real
LOCAL = ("--listen=tcp:0:interface=127.0.0.1", "--listen=udp:0:interface=127.0.0.1")
Start = Callable[..., real.Plugin]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


@contextmanager
def taken(kind: socket.SocketKind) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


def refusal(state: Path, *options: str, plugin: str = "netapp-echo") -> str:
    """The last line of a start that ends with status 1, and says nothing that looks like a bug.

    It is the only one, but for the log's: twistd would have shown all its options.
    """
    ended = real.run_once(plugin, *options, state=state)
    said = (ended.stdout + ended.stderr).strip()
    assert ended.returncode == 1, said
    assert "Traceback" not in said
    assert "listening on" not in said
    last = said.splitlines()[-1]
    assert "Usage:" not in said
    # twistd's log carries a time and "[stderr#error]"; the cause is named once
    assert said.count(last.partition("] ")[2] or last) == 1
    return last


# Starts that cannot work ---------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another")
def test_a_user_that_there_is_not(state: Path) -> None:
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("twistd")), "--pidfile=", "-n", "--uid=54321", "netapp-echo"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=state,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "netapp-echo: --uid=54321: there is no such user" in ended.stdout + ended.stderr


@pytest.mark.parametrize(("kind", "name"), [(socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")])
def test_a_port_that_is_taken(state: Path, kind: socket.SocketKind, name: str) -> None:
    with taken(kind) as port:
        last = refusal(state, f"--listen={name}:{port}:interface=127.0.0.1")
    assert f"cannot listen on {name}:{port}:interface=127.0.0.1: Address already in use" in last
    assert "choose another with --listen" in last


def test_a_second_port_that_is_taken_leaves_the_first_unserved(state: Path) -> None:
    with taken(socket.SOCK_STREAM) as port:
        assert "in use" in refusal(state, *LOCAL, f"--listen=tcp:{port}:interface=127.0.0.1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--bogus"], "option --bogus not recognized; twistd netapp-echo --help tells which there are"),
        (["--liste=tcp:0", "--lsten=tcp:0"], "option --lsten not recognized; is it --listen?"),
        (["--listen"], "option --listen requires argument; twistd netapp-echo --help"),
        (["stray"], "unexpected argument 'stray'"),
        (["--lang=fr"], "--lang=fr: choose one of zh, en"),
        (["--encoding=latin-1"], "--encoding=latin-1: choose one of auto, utf-8, gbk"),
        (["--allow=everybody"], "'everybody' is no network: write 192.0.2.0/24"),
        (["--listen=8888"], "'8888' is no listener"),
        (["--listen=bogus:1"], "'bogus:1' is no listener"),
        (["--listen=tcp:http"], "is no listener"),
        (["--listen=tcp:70000"], "port must be 0-65535"),
        (["--listen=udp:70000"], "'udp:70000' is no datagram listener: write udp:PORT"),
        (["--listen=udp:0:interface=::1"], r"a colon in the address as \:"),
        (["--listen=tcp:0:interface=203.0.113.1"], "Cannot assign requested address"),
        (["--interface=203.0.113.1"], "cannot listen on tcp:8888:interface=203.0.113.1"),
        (["--interface=nowhere"], "'nowhere' is no address: write 192.0.2.1 or 2001:db8::1"),
        (["--interface=nowhere", "--listen=tcp:0:interface=127.0.0.1"], "'nowhere' is no address"),
        (["--metrics=bogus"], "--metrics: 'bogus' is no listener"),
        (["--reply={bogus}"], "--reply: unknown field {bogus}; there are data, "),
        (["--config=/nowhere.toml"], "/nowhere.toml cannot be read: No such file or directory"),
    ],
)
def test_an_option_that_cannot_be(state: Path, options: list[str], said: str) -> None:
    assert said in refusal(state, *options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[echo]\nbogus = 1", "unknown key 'bogus' in [echo]; there are allow, encoding"),
        ("bogus = 1", "unknown key 'bogus'; outside the tables there are allow"),
        ("[echo\n", "is no TOML: "),
        ("[echo]\nonce = 'yes'", "once takes true or false"),
        ("lang = 'fr'", "--lang=fr: choose one of zh, en"),
    ],
)
def test_a_configuration_file_that_cannot_be(state: Path, text: str, said: str) -> None:
    path = state / "netapp.toml"
    path.write_text(text)
    last = refusal(state, f"--config={path}")
    assert said in last
    assert str(path) in last


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_configuration_file_that_cannot_be_read(state: Path) -> None:
    path = state / "netapp.toml"
    path.touch(mode=0)
    assert "cannot be read: Permission denied" in refusal(state, f"--config={path}")


@pytest.mark.parametrize("plugin", ["netapp-login", "netapp-chat", "netapp-udpchat", "netapp-file", "netapp"])
def test_a_state_directory_that_cannot_be(state: Path, plugin: str) -> None:
    taken = state / "taken"
    taken.touch()
    last = refusal(state, f"--state={taken}", "--interface=127.0.0.1", plugin=plugin)
    assert f"{plugin}: " in last
    assert str(taken) in last
    assert "--state" in last


def test_help_ends_well(state: Path) -> None:
    ended = real.run_once("netapp-echo", "--help", state=state)
    assert ended.returncode == 0
    assert "twistd -n netapp-echo --listen tcp:7777" in ended.stdout


# Signals -----------------------------------------------------------------------------------------


def test_a_sighup_kills_nobody_and_a_sigterm_is_quick(start: Start) -> None:
    echo = start("netapp-echo", *LOCAL)
    with real.tcp_client(echo.tcp()) as idle, real.tcp_client(echo.tcp()) as client:
        echo.process.send_signal(signal.SIGHUP)
        client.sendall(b"still there?")
        assert client.recv(100) == b"still there?"
        began = time.monotonic()
        assert echo.stop() == -signal.SIGTERM
        assert time.monotonic() - began < 8.0  # a hang, not a speed
        assert idle.recv(1) == client.recv(1) == b""


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + real.PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def daemon(state: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """A start without ``-n``.  :returns: how the first process, the one in a shell, ended."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    return subprocess.run(
        [twistd, "--pidfile=x.pid", "--logfile=x.log", "netapp-echo", *options],
        cwd=state,
        env=real.environment(state),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )


def test_a_daemon_that_cannot_start_says_so_to_the_shell(state: Path) -> None:
    with taken(socket.SOCK_STREAM) as port:
        ended = daemon(state, f"--listen=tcp:{port}:interface=127.0.0.1")
    assert ended.returncode == 1
    assert f"cannot listen on tcp:{port}" in ended.stdout + ended.stderr
    assert not (state / "x.pid").exists()
    wait_until(lambda: "Address already in use; choose another" in (state / "x.log").read_text())
    assert "Traceback" not in (state / "x.log").read_text()


def test_a_daemon_serves_and_leaves_no_pid_file(state: Path) -> None:
    assert daemon(state, *LOCAL).returncode == 0
    pid = int((state / "x.pid").read_text())
    try:
        port = int((state / "x.log").read_text().partition("listening on udp 127.0.0.1:")[2].split()[0])
        assert real.ask(port, b"hello") == b"hello"
        os.kill(pid, signal.SIGHUP)
        assert real.ask(port, b"again") == b"again"
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not (state / "x.pid").exists())


def may_be_nobody() -> bool:
    """Whether this test may become another user who can still read Python."""
    places = [Path(sys.base_prefix) / "lib", Path(sys.prefix) / "lib", real.PROJECT]
    return os.geteuid() == 0 and all(
        each.stat().st_mode & 0o005 == 0o005 for place in places for each in (place, *place.resolve().parents)
    )


@pytest.mark.skipif(not may_be_nobody(), reason="needs root, and a Python that nobody can read")
def test_a_user_given_to_twistd_can_use_what_was_made_at_the_start() -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        state = Path(place) / "state"
        process = subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("twistd")), "--pidfile=", "-n", "--uid=nobody"),
                *("netapp-login", f"--state={state}", "--listen=tcp:0:interface=127.0.0.1"),
            ],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        login = real.Plugin(process)
        try:
            login.wait_for("netapp-login: ready$")
            assert {each.owner() for each in state.iterdir()} == {"nobody"}
            with real.tcp_client(login.tcp()) as client:
                client.recv(100)
                client.sendall(b"nobody\n")
                client.recv(100)
                client.sendall(b"wrong\n")
                assert client.recv(100) == "用户名或密码输入错误".encode()
        finally:
            login.stop()
            assert process.stdout is not None
            process.stdout.close()
        assert "Traceback" not in login.log


# Whatever comes ----------------------------------------------------------------------------------


def test_a_scrape(start: Start) -> None:
    echo = start("netapp-echo", *LOCAL, "--metrics=tcp:0")
    real.ask(echo.udp(), b"one answer")
    with real.tcp_client(echo.ports("tcp")[-1]) as client:
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        page = real.read_all(client)
    assert b"200 OK" in page
    assert b"netapp_echo_answers_total 1.0" in page


def test_random_octets_at_every_listener(start: Start) -> None:
    echo = start("netapp-echo", *LOCAL, "--reply={count}: {data}", "--metrics=tcp:0")
    throw_at(echo, like=[b"hello", "来自服务器".encode("gbk")])
    with real.tcp_client(echo.tcp()) as client:
        client.sendall(b"alive")
        assert client.recv(100).endswith(b": alive")


def test_f17_more_connections_than_descriptors(start: Start, state: Path) -> None:
    """Those that are served go on; who comes too late is hung up on."""
    echo = start("netapp-echo", *LOCAL)
    resource.prlimit(echo.process.pid, resource.RLIMIT_NOFILE, (60, 60))
    with real.tcp_client(echo.tcp()) as first:
        first.sendall(b"early")
        assert first.recv(100) == b"early"
        crowd = [socket.create_connection(("127.0.0.1", echo.tcp())) for _ in range(120)]
        first.sendall(b"still")
        assert first.recv(100) == b"still"
        for each in crowd:
            each.close()
    wait_until(lambda: answered(echo.tcp()))


def answered(port: int) -> bool:
    with real.tcp_client(port) as late, suppress(ConnectionError):
        late.sendall(b"late")
        return late.recv(100) == b"late"
    return False


def test_500_idle_connections_beside_one_that_works(start: Start) -> None:
    echo = start("netapp-echo", *LOCAL)
    crowd = [socket.create_connection(("127.0.0.1", echo.tcp())) for _ in range(500)]
    with real.tcp_client(echo.tcp()) as client:
        began = time.monotonic()
        for _ in range(500):
            client.sendall(b"x")
            assert client.recv(10) == b"x"
        assert time.monotonic() - began < 8.0  # a hang, not a speed
    for each in crowd:
        each.close()


def test_f18_a_slow_reader_costs_its_own_connection_only(start: Start) -> None:
    echo = start("netapp-echo", *LOCAL)
    with real.tcp_client(echo.tcp()) as slow, real.tcp_client(echo.tcp()) as client:
        before = memory(echo)
        slow.settimeout(0.2)
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                sent += slow.send(bytes(65536))
        except OSError:
            pass  # it reads no more, as it must
        assert sent < 64 * 1024 * 1024
        assert memory(echo) - before < 8
        client.sendall(b"x")
        assert client.recv(10) == b"x"
