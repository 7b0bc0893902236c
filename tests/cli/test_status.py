"""``netapp status``, beside processes that are there, that are not, and that say strange things."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from netapp.cli import troubles
from netapp.core import limits
from netapp.core.status.neighbours import Neighbour
from tests import real
from tests.cli.tools import netapp

ENGLISH = {"lang": "en_US.UTF-8"}
Tell = Callable[..., None]


def told(**more: Any) -> dict[str, Any]:
    return {
        "plugin": "netapp", "version": "1.2.3", "pid": os.getpid(), "uptime": 3 * 3600 + 62.0,
        "addresses": ["192.0.2.7"], "begin": "http://192.0.2.7:7878/", "listeners": [], "present": [],
        "present_count": 0, "errors": {"count": 0}, "retention": {}, "settings": "/etc/netapp.toml",
    } | more  # fmt: skip


def listener(**more: Any) -> dict[str, Any]:
    return {
        "owner": "netapp-echo", "transport": "udp", "host": "::", "port": 8888, "reach": ["192.0.2.7"],
        "hint": "nc -u 192.0.2.7 8888", "received": 5, "refused": 0,
    } | more  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    (path / "run").mkdir(parents=True)
    path.chmod(0o700)
    return path


@pytest.fixture
def tell(state: Path) -> Iterator[Tell]:
    """A process that tells this of itself, to whoever asks."""
    doors = []

    def begin(what: dict[str, Any]) -> None:
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(state / "run" / f"netapp-{os.getpid()}.sock"))
        door.listen()
        doors.append(door)
        threading.Thread(target=_answer, args=(door, json.dumps(what).encode()), daemon=True).start()

    yield begin
    for each in doors:
        each.shutdown(socket.SHUT_RDWR)
        each.close()


def _answer(door: socket.socket, octets: bytes) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        with client:
            client.sendall(octets)


# Nothing runs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh_CN.UTF-8", "没有在运行:用 twistd -n netapp 启动"),
        ("C", "not running; start it with  twistd -n netapp"),
    ],
)
def test_nothing_runs(tmp_path: Path, lang: str, said: str) -> None:
    done = netapp("status", lang=lang, state=tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()
    whole = netapp("status", "--json", state=tmp_path)
    assert (whole.returncode, json.loads(whole.stdout)["processes"]) == (1, [])


def test_a_state_directory_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    done = netapp("status", state=tmp_path, **ENGLISH)
    assert done.returncode == 1
    assert "run cannot be read (Not a directory): name the state directory by --state" in done.stderr


# Something does ----------------------------------------------------------------------------------


def test_all_of_it_in_80_columns(state: Path, tell: Tell) -> None:
    crowd = [{"name": f"小明{number}", "door": door} for number in range(60) for door in ("irc", "chat")]
    tell(
        told(
            listeners=[listener(), listener(owner="netapp-dns", port=53, refused=12)],
            present=crowd,
            present_count=60,
            errors={"count": 3, "last": "the disk is full " * 9, "time": 1e9},
            retention={
                "talk_days": 365,
                "talk_room_messages": 10000,
                "audit_files": 5,
                "audit_octets": 2**24,
            },
        )
    )
    for lang in ("zh_CN.UTF-8", "en_US.UTF-8"):
        done = netapp("status", "--qr", state=state, lang=lang)
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if cell_len(line) > 80] == []
        for said in (
            "192.0.2.7",
            "http://192.0.2.7:7878/",
            "小明0",
            "/etc/netapp.toml",
            "16.0 MiB",
            "365",
            "▄",
        ):
            assert said in done.stdout, (said, done.stdout)
    text = " ".join(done.stdout.split())
    assert "up 3 h 1 min" in text
    assert "60 present:" in text
    assert "and 20 more" in text
    assert "! netapp has failed 3 times" in text
    assert "! netapp-dns, udp 53, has refused 12" in text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en_US.UTF-8",
            ["! netapp: names: z:5: x is no IPv4 address", "! netapp has failed once, at 2001-09-09"],
        ),
        ("zh_CN.UTF-8", ["! netapp:names: z:5: x is no IPv4 address", "! netapp 出过 1 次错,在 2001-09-09"]),
    ],
)
def test_what_is_wrong_now_stands_apart_from_what_has_happened(
    state: Path, tell: Tell, lang: str, said: list[str]
) -> None:
    once = {"count": 1, "last": "the disk is full", "time": 1e9}
    tell(told(errors=once, faults=["names: z:5: x is no IPv4 address"]))
    done = netapp("status", state=state, lang=lang)
    assert [line in done.stdout for line in said] == [True, True], done.stdout


def test_what_peers_have_said_cannot_steer_the_terminal(state: Path, tell: Tell) -> None:
    evil = "\x1b[2J\u202eevil\r\n"
    tell(
        told(
            listeners=[listener(owner=evil, hint=evil, transport=evil)],
            present=[{"name": evil, "door": evil}],
            errors={"count": 1, "last": evil, "time": 0},
            settings=evil,
            version=evil,
        )
    )
    done = netapp("status", state=state, **ENGLISH)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "evil" in done.stdout


def test_names(state: Path, tell: Tell) -> None:
    tell(told(dns={"zones": 3, "answered": 1234, "limited": 0}))
    assert "Names: 1234 answers; zones: 3\n" in netapp("status", state=state, **ENGLISH).stdout
    assert "域名:3 个区域,已回答 1234 次\n" in netapp("status", state=state).stdout


def test_answers_that_were_kept_back(state: Path, tell: Tell) -> None:
    tell(told(dns={"zones": 1, "answered": 9, "limited": 5}))
    assert (
        "Names: 9 answers, 5 kept back by the rate limit; zones: 1\n"
        in netapp("status", state=state, **ENGLISH).stdout
    )


def test_processes_that_answer(state: Path, tell: Tell) -> None:
    tell(told(dns={"zones": 1, "answered": 9, "limited": 0}, workers={"wanted": 4, "answering": 3}))
    assert "Processes that answer for names: 3 of 4\n" in netapp("status", state=state, **ENGLISH).stdout
    assert "4 个回答域名的进程,3 个已就绪\n" in netapp("status", state=state).stdout


def test_json(state: Path, tell: Tell) -> None:
    tell(told(listeners=[listener()]))
    whole = json.loads(netapp("status", "--json", state=state).stdout)
    assert whole["processes"][0]["listeners"][0]["port"] == 8888
    assert whole["state"] == str(state)
    assert whole["disk_free"] > 0
    assert whole["wrong"] == []


@pytest.mark.parametrize("strange", [{"listeners": [{}]}, {"listeners": [], "uptime": None, "errors": None}])
def test_a_process_of_another_version_is_shown_as_far_as_it_goes(
    state: Path, tell: Tell, strange: dict[str, Any]
) -> None:
    tell(strange)
    done = netapp("status", state=state, **ENGLISH)
    assert done.returncode == 0, done.stderr


def test_a_process_that_does_not_answer_is_named(state: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(state / "run" / f"netapp-{os.getpid()}.sock"))
        deaf.listen()
        began = time.monotonic()
        done = netapp("status", state=state, **ENGLISH)
        assert time.monotonic() - began < limits.STATUS_WAIT + 8
    assert f"! netapp (pid {os.getpid()}) does not answer" in done.stdout


# What is wrong -----------------------------------------------------------------------------------


def found(**more: Any) -> list[str]:
    return list(troubles.troubles(Path("/"), [Neighbour("netapp", 1, told(**more))]))


def test_a_listener_that_does_not_accept() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        (line,) = found(listeners=[listener(transport="tcp", host="127.0.0.1", port=port)])
        assert f"tcp {port}" in line
        one.listen()
        assert found(listeners=[listener(transport="tcp", host="127.0.0.1", port=port)]) == []


def test_limits_that_are_reached() -> None:
    lines = found(listeners=[listener(connections=limits.CONNECTIONS)], present_count=limits.PRESENCES)
    assert len(lines) == 2
    assert str(limits.CONNECTIONS) in " ".join(lines)


def test_sizes() -> None:
    sizes = [troubles.size(count) for count in (0, 1023, 1024, 1536, 150 * 2**20, 2**50)]
    assert sizes == ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "150 MiB", "1024 TiB"]


def test_what_a_folder_holds(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "x").write_bytes(b"12345")
    (tmp_path / "y").write_bytes(b"123")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert troubles.octets(tmp_path) == 8 + len(str(tmp_path))


# A real one --------------------------------------------------------------------------------------


@pytest.mark.real
def test_who_is_there(start: Callable[..., real.Plugin], tmp_path: Path) -> None:
    chat = start("netapp-chat", "--listen=tcp:0:interface=127.0.0.1", "--irc=none", "--keep-talk=30")
    with real.tcp_client(chat.tcp()) as client:
        client.recv(1024)
        client.sendall("小明\n".encode())
        while "小明" not in client.recv(1024).decode():
            pass
        done = netapp("status", state=tmp_path / "state", **ENGLISH)
    assert done.returncode == 0, done.stderr
    assert "1 present:\n  小明 (chat)" in done.stdout
    assert "chat 1 - tcp" in " ".join(done.stdout.split())
    assert "messages 30 days" in done.stdout
    assert "Only this machine reaches the services" in done.stdout
    assert "Nothing is wrong." in done.stdout
    chat.stop()
    assert netapp("status", state=tmp_path / "state").returncode == 1
