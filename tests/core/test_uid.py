"""Ports below 1024 are bound before ``twistd --uid`` gives root's rights away."""

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import real
from tests.core.namespace import Namespace, namespace
from tests.core.test_start import may_be_nobody

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not may_be_nobody(), reason="needs root, and a Python that nobody can read"),
]
AS_NOBODY = ("--uid", "nobody", "--gid", "nogroup")
TWISTD = str(Path(sys.executable).with_name("twistd"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that nobody can reach, with a state directory of nobody's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "state").mkdir(mode=0o700)
        nobody = pwd.getpwnam("nobody")
        os.chown(folder / "state", nobody.pw_uid, nobody.pw_gid)
        yield folder


@contextmanager
def started(there: Namespace, place: Path, plugin: str, *options: str) -> Iterator[real.Plugin]:
    with real.launched(
        plugin, *AS_NOBODY, plugin, *options,
        cwd=place, env=real.environment(place / "state"), inside=there.inside,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            running.stop()
    assert "Traceback" not in running.log
    assert "Unhandled" not in running.log
    assert owners(place / "state") == {"nobody"}


def owners(folder: Path) -> set[str]:
    return {each.owner() for each in (folder, *folder.rglob("*"))}


def rights(pid: int) -> dict[str, list[str]]:
    """Who a process is, as the kernel says."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return {line.partition(":")[0]: line.split()[1:] for line in lines}


def without_rights(pid: int) -> bool:
    nobody, status = pwd.getpwnam("nobody"), rights(pid)
    users, groups = [str(nobody.pw_uid)] * 4, [str(nobody.pw_gid)]
    return (
        status["Uid"] == users
        and status["Gid"] == groups * 4
        and set(status["Groups"]) <= set(groups)
        and int(status["CapEff"][0], 16) == int(status["CapPrm"][0], 16) == 0
    )


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def test_names_on_port_53(place: Path) -> None:
    options = ("--listen=udp:53", "--listen=tcp:53", "--record=pc=10.1.2.3")
    with namespace(place) as there, started(there, place, "netapp-dns", *options) as dns:
        assert there.ask("udp", 53, b"pc") == b"10.1.2.3"
        assert there.ask("tcp", 53, b"pc\n").strip() == b"10.1.2.3"
        real.tool("dig", "dnsutils")
        assert there.run("dig", "+short", "@127.0.0.1", "pc").stdout == b"10.1.2.3\n"
        assert without_rights(dns.process.pid)


def test_names_on_port_53_by_workers(place: Path) -> None:
    """They have no more rights than their parent, nor has one that takes a dead one's place."""
    options = ("--listen=udp:53", "--record=pc=10.1.2.3", "--workers=2")
    with namespace(place) as there, started(there, place, "netapp-dns", *options) as dns:
        dns.wait_for("netapp-dns: 2 workers answer")
        first = children(dns.process.pid)
        assert len(first) == 2
        assert all(map(without_rights, first))
        os.kill(first[0], signal.SIGKILL)
        wait_until(lambda: len({*children(dns.process.pid)} - {*first}) == 1)
        assert all(map(without_rights, children(dns.process.pid)))
        assert {there.ask("udp", 53, b"pc") for _ in range(20)} == {b"10.1.2.3"}


def test_files_on_port_80(place: Path) -> None:
    with namespace(place) as there, started(there, place, "netapp-file", "--listen=tcp:80") as file:
        assert there.ask("tcp", 80, b"GET /welcome.txt HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200 OK")
        assert without_rights(file.process.pid)


def test_a_daemon_of_all_services_with_its_pid_file_and_log(place: Path) -> None:
    """twistd itself writes both as root; what it is given to write in may be root's alone."""
    (place / "netapp.toml").write_text(
        '[dns]\nlisten = ["udp:53", "tcp:53"]\nrecord = ["pc=10.1.2.3"]\n[file]\nlisten = ["tcp:80"]\n'
    )
    pidfile, log = place / "netapp.pid", place / "netapp.log"
    with namespace(place) as there:
        done = subprocess.run(
            [
                *(*there.inside, TWISTD, *AS_NOBODY, f"--pidfile={pidfile}", f"--logfile={log}"),
                *("netapp", f"--config={place / 'netapp.toml'}"),
            ],
            cwd=place,
            env=real.environment(place / "state"),
            capture_output=True,
            timeout=real.PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        pid = int(pidfile.read_text())
        try:
            wait_until(lambda: "netapp: ready" in log.read_text())
            assert without_rights(pid)
            assert there.ask("udp", 53, b"pc") == b"10.1.2.3"
            assert there.ask("tcp", 80, b"GET /welcome.txt HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")
            os.kill(pid, 1)  # SIGHUP: what is read again, nobody can read
            wait_until(lambda: "names: read again" in log.read_text())
            assert there.ask("udp", 53, b"pc") == b"10.1.2.3"
        finally:
            os.kill(pid, 15)
        wait_until(lambda: "Server Shut Down" in log.read_text())
    assert "Traceback" not in log.read_text()
    assert owners(place / "state") == {"nobody"}


def test_a_state_directory_that_the_user_cannot_write(place: Path) -> None:
    with namespace(place) as there:
        done = there.run(TWISTD, "--pidfile=", "-n", *AS_NOBODY, "netapp-login", f"--state={place / 'other'}")
    assert done.returncode == 1
    said = (done.stdout + done.stderr).decode()
    assert f"netapp-login: the state directory {place / 'other'} cannot be written" in said
    assert "Traceback" not in said


def wait_until(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + real.PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
