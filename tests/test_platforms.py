"""A student's Mac or Windows laptop: what runs where Linux, or POSIX itself, is missing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import real
from tests.plain import hiding

pytestmark = pytest.mark.real
SYSTEMS = ("mac", "windows")


def on(
    system: str, folder: Path, *command: object, typed: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run something where the system is another."""
    return subprocess.run(
        [sys.executable, "-m", "tests.plain.systems", system, str(folder), *map(str, command)],
        cwd=real.PROJECT,
        env=real.environment(folder / "state") | {"LC_ALL": "C", "PYTHONUTF8": "1", hiding.VARIABLE: ""},
        input=typed,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_imports_and_the_plain_services_answer(system: str, tmp_path: Path) -> None:
    done = on(system, tmp_path)
    assert done.stderr == b""
    commands, *lines = done.stdout.decode().splitlines()
    assert int(commands.split()[0]) >= 12
    assert lines[:4] == ["echo tcp hello", "echo udp hello", "dns 192.168.1.7", "file plain 1000"]
    assert int(lines[4].removeprefix("file http ")) > 3_000_000
    assert lines[5] == "reactor SelectReactor"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_clients_work(system: str, start: Callable[..., real.Plugin], tmp_path: Path) -> None:
    anywhere = ":0:interface=127.0.0.1"
    echo = start("netapp-echo", f"--listen=tcp{anywhere}", f"--listen=udp{anywhere}")
    dns = start("netapp-dns", f"--listen=udp{anywhere}", "--record=pc1=192.168.1.7")
    share = tmp_path / "share"
    share.mkdir()
    (share / "中文.txt").write_bytes(b"1234567890")
    file = start("netapp-file", f"--listen=tcp{anywhere}", f"--root={share}")
    into = tmp_path / "into"
    into.mkdir()
    for command, expected in (
        (("tcp", f"127.0.0.1:{echo.tcp()}", "--send", "你好"), "你好"),
        (("udp", f"127.0.0.1:{echo.udp()}", "--send", "你好"), "你好"),
        (("dns", "pc1", "--plain", "--server", f"127.0.0.1:{dns.udp()}"), "192.168.1.7"),
        (("dns", "pc1", "--server", f"127.0.0.1:{dns.udp()}"), "192.168.1.7"),
        (("ls", f"127.0.0.1:{file.tcp()}"), "中文.txt"),
        (("get", f"127.0.0.1:{file.tcp()}", "中文.txt", "-o", into), ""),
        (("http", f"http://127.0.0.1:{file.tcp()}/%E4%B8%AD%E6%96%87.txt"), "1234567890"),
    ):
        done = on(system, tmp_path, *command)
        assert done.returncode == 0, (command, done.stderr.decode())
        assert expected in done.stdout.decode(), command
        assert b"Traceback" not in done.stderr
    assert (into / "中文.txt").read_bytes() == b"1234567890"
    for plain in (("tcp", f"127.0.0.1:{echo.tcp()}"), ("udp", f"127.0.0.1:{echo.udp()}")):
        typed = on(system, tmp_path, *plain, typed="一\n二\n".encode())
        assert (typed.returncode, typed.stderr) == (0, b"")
        assert typed.stdout.decode().split() == ["一", "二"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_doctor_says_what_it_can(system: str, tmp_path: Path) -> None:
    done = on(system, tmp_path, "doctor", "netapp-echo", "--interface=127.0.0.1")
    assert done.stderr == b""
    assert "Twisted" in done.stdout.decode()
    assert "tcp 127.0.0.1:8888" in done.stdout.decode()
    assert "cannot be looked at" not in done.stdout.decode()


def test_what_is_to_be_hidden_is_hidden_from_processes_too(tmp_path: Path) -> None:
    script = (
        "import os\n"
        "from netapp.core import platform, sendfile, walwatch\n"
        "from netapp.share.tree import Tree\n"
        "from netapp.testing import FakeReactor\n"
        "from pathlib import Path\n"
        "watch, reactor = None, FakeReactor()\n"
        "watch = walwatch.WalWatch(Path(os.getcwd(), 'x.db'), reactor, lambda: None)\n"
        "watch.start()\n"
        "print(platform.system_call(), hasattr(os, 'sendfile'), len(reactor.getDelayedCalls()))\n"
        "print(Tree(Path('.'))._by_kernel)\n"
    )
    hidden = {hiding.VARIABLE: ",".join(hiding.PLAIN), "PYTHONPATH": str(real.PROJECT / "tests" / "plain")}
    for more, expected in ((hidden, ["None", "False", "1"]), ({hiding.VARIABLE: ""}, None)):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=True,
        )
        first, second = done.stdout.splitlines()
        assert expected is None or first.split() == expected
        assert expected is None or second == "False"
