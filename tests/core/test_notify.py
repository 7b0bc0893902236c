"""What the service manager is told, over a real socket of its kind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet import defer, task
from twisted.logger import capturedLogs, formatEvent

from netapp.core.notify import Manager, Notifier
from netapp.core.signals import Hangup
from netapp.testing import FakeReactor
from tests import real


class Systemd:
    """The manager's end."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + place[1:] if place.startswith("@") else place)
        self._socket.settimeout(real.PATIENCE)

    def heard(self) -> dict[str, str]:
        """The next datagram."""
        return dict(line.split("=", 1) for line in self._socket.recv(4096).decode().splitlines())

    def silent(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(real.PATIENCE)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    manager = Systemd(str(tmp_path / "notify") if request.param == "path" else f"@netapp-test-{os.getpid()}")
    yield manager
    manager.close()


def notifier(manager: Manager, clock: task.Clock | None = None) -> Notifier:
    return Notifier(manager, clock or task.Clock(), lambda: 12_345_678_999, "netapp-x")


def test_the_life_of_a_process(systemd: Systemd) -> None:
    environ = {"NOTIFY_SOCKET": systemd.place, "HOME": "/"}
    manager = Manager(environ)
    assert environ == {"HOME": "/"}  # children do not speak for us
    told = notifier(manager)
    assert systemd.silent()
    told.startService()
    assert systemd.heard() == {"READY": "1", "STATUS": "netapp-x: ready"}
    told.reading(True)
    again = systemd.heard()
    assert (again["RELOADING"], again["MONOTONIC_USEC"]) == ("1", "12345678")
    told.reading(False)
    assert systemd.heard()["READY"] == "1"
    told.stopService()
    assert systemd.heard()["STOPPING"] == "1"
    told.reading(True)
    assert systemd.silent()
    manager.close()


def test_without_a_manager_nothing_is_told() -> None:
    with capturedLogs() as events:
        told = notifier(Manager({"WATCHDOG_USEC": "1000000"}), clock := task.Clock())
        told.startService()
        told.reading(True)
        told.stopService()
    assert clock.getDelayedCalls() == []
    assert events == []


def test_signs_of_life_at_half_the_managers_patience(systemd: Systemd) -> None:
    clock = task.Clock()
    manager = Manager({"NOTIFY_SOCKET": systemd.place, "WATCHDOG_USEC": "30000000"})
    told = notifier(manager, clock)
    told.startService()
    assert systemd.heard()["READY"] == "1"
    clock.advance(14.9)
    assert systemd.silent()
    clock.advance(0.1)
    assert systemd.heard() == {"WATCHDOG": "1"}
    clock.advance(60.0)  # the reactor hung: what it missed is not made up for
    assert systemd.heard() == {"WATCHDOG": "1"}
    assert systemd.silent()
    told.stopService()
    assert systemd.heard()["STOPPING"] == "1"
    clock.advance(15.0)
    assert systemd.heard() == {"WATCHDOG": "1"}  # transfers may take longer than the manager's patience
    manager.close()


@pytest.mark.parametrize(
    "given",
    [
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},  # of the process that started us
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-1"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "²"},
        {},
    ],
)
def test_no_watchdog(systemd: Systemd, given: dict[str, str]) -> None:
    manager = Manager({"NOTIFY_SOCKET": systemd.place, **given})
    assert manager.patience is None
    manager.close()


def test_a_watchdog_of_ours(systemd: Systemd) -> None:
    given = {"NOTIFY_SOCKET": systemd.place, "WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}
    manager = Manager(given)
    assert manager.patience == 0.5
    manager.close()


@pytest.mark.parametrize(
    "place", ["/nowhere/notify", "vsock:2:1234", "notify", "/" + "x" * 200, "@" + "x" * 200]
)
def test_a_manager_that_is_not_there_keeps_nobody_from_starting(place: str) -> None:
    told = notifier(Manager({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "1"}))
    told.startService()
    told.stopService()


def test_a_manager_that_goes_or_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    systemd = Systemd(str(tmp_path / "notify"))
    manager = Manager({"NOTIFY_SOCKET": systemd.place})
    with capturedLogs() as events:
        for _ in range(5000):  # more than its queue holds
            manager.tell(WATCHDOG=1)
        systemd.close()
        manager.tell(WATCHDOG=1)
    assert {formatEvent(event) for event in events} == {
        "the service manager was not told: Resource temporarily unavailable",
        "the service manager was not told: Connection refused",
    }
    manager.close()
    manager.tell(WATCHDOG=1)


def test_a_reading_is_told_from_its_begin_to_the_last_of_its_end() -> None:
    hangup, waiting, told = Hangup(FakeReactor()), list[defer.Deferred[None]](), list[bool]()

    def read() -> defer.Deferred[None]:
        waiting.append(defer.Deferred())
        return waiting[-1]

    hangup.add("names", read)
    hangup.told = told.append
    hangup.reload()
    hangup.reload()
    assert told == [True]
    waiting[0].callback(None)
    assert told == [True, True]
    waiting[1].callback(None)
    assert told == [True, True, False]


@pytest.mark.real
def test_a_real_process_tells_of_itself(tmp_path: Path) -> None:
    systemd = Systemd(str(tmp_path / "notify"))
    environ = real.environment(tmp_path / "state") | {
        "NOTIFY_SOCKET": systemd.place,
        "WATCHDOG_USEC": "400000",
    }
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("twistd")), "--pidfile=", "-n", "netapp-echo"),
            *("--listen=tcp:0:interface=127.0.0.1", f"--state={tmp_path / 'state'}"),
        ],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    echo = real.Plugin(process)
    try:
        assert systemd.heard() == {"READY": "1", "STATUS": "netapp-echo: ready"}
        assert "netapp-echo: ready" in echo.log
        began = time.monotonic()
        assert [systemd.heard() for _ in range(3)] == [{"WATCHDOG": "1"}] * 3
        assert 0.3 < time.monotonic() - began < 5.0
        process.send_signal(signal.SIGSTOP)  # as a reactor that hangs
        while not systemd.silent():
            time.sleep(0.01)
        time.sleep(0.6)
        assert systemd.silent()
        process.send_signal(signal.SIGCONT)
        os.kill(process.pid, signal.SIGHUP)
        first = next(each for each in iter(systemd.heard, None) if "WATCHDOG" not in each)
        assert first["RELOADING"] == "1"
        assert abs(int(first["MONOTONIC_USEC"]) / 1e6 - time.monotonic()) < 10
        assert next(each for each in iter(systemd.heard, None) if "WATCHDOG" not in each)["READY"] == "1"
    finally:
        echo.stop()
        assert process.stdout is not None
        process.stdout.close()
    assert next(each for each in iter(systemd.heard, None) if "WATCHDOG" not in each)["STOPPING"] == "1"
    assert "Traceback" not in echo.log
    systemd.close()
