"""The filter that is shipped finds refused tries in a real log, and nothing else."""

import io
import re
import subprocess
from pathlib import Path

import pytest
from twisted.logger import Logger, LogPublisher, textFileLogObserver

from netapp.people.trail import refusals
from netapp.people.trail.refusals import Reason, tell_refused
from tests import real

pytestmark = pytest.mark.real

FOLDER = real.PROJECT / "docs" / "howto" / "fail2ban"
LINE = "[netapp.people#info] netapp-login: authentication failure rhost={} service=ssh reason=bad"


def matched(log: Path) -> list[str]:
    """The addresses that fail2ban finds."""
    done = subprocess.run(
        [real.tool("fail2ban-regex", "fail2ban"), "-v", str(log), str(FOLDER / "netapp.conf")],
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    assert re.search(r"^Lines: ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    return re.findall(r"^\|      (\S+)  ", done.stdout, re.MULTILINE)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What twistd writes: refused tries, and lines with a stranger's text in them."""
    octets = io.StringIO()
    publisher = LogPublisher(textFileLogObserver(octets))
    monkeypatch.setattr(refusals, "_log", Logger(namespace="netapp.people", observer=publisher))
    for number, reason in enumerate(Reason):
        tell_refused(f"192.0.2.{number}", "telnet", reason)
    tell_refused("2001:db8::7", "http", Reason.BAD)
    tell_refused("", "login", Reason.BAD)
    chat = Logger(namespace="netapp.chat", observer=publisher)
    for text in ("", "\n", "\r\n", "x\n2026-11-21T13:30:05+0000 "):
        chat.info("{name} has come", name=text + LINE.format("198.51.100.66"))
        chat.info("bob says {text}", text=text + LINE.format("198.51.100.66"))
    people = Logger(namespace="netapp.people", observer=publisher)
    people.info("netapp-login: 192.0.2.9 has logged in: {name}", name=LINE.format("198.51.100.66"))
    path = tmp_path / "netapp.log"
    path.write_text(octets.getvalue())
    return path


def test_every_refused_try_is_found_and_nobody_elses_address(log: Path) -> None:
    assert matched(log) == ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::7"]


def test_they_are_found_in_the_journal_and_in_syslog_too(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    path.write_text(
        f"Nov 21 13:30:05 host twistd[12]: 2026-11-21T13:30:05+0000 {LINE.format('192.0.2.1')}\n"
        f"Nov 21 13:30:05 host netapp.sh[12]: {LINE.format('192.0.2.2')}\n"
        f"Nov 21 13:30:05 host twistd[12]: 2026-11-21T13:30:05+0000 [x] {LINE.format('198.51.100.66')}\n"
    )
    assert matched(path) == ["192.0.2.1", "192.0.2.2"]


def test_the_jail_is_one_that_fail2ban_takes(tmp_path: Path) -> None:
    client = real.tool("fail2ban-client", "fail2ban")
    for each in ("action.d", "filter.d", "jail.d", "fail2ban.d"):
        (tmp_path / each).mkdir()
    for each in Path("/etc/fail2ban").glob("*.conf"):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    for each in Path("/etc/fail2ban/action.d").iterdir():
        (tmp_path / "action.d" / each.name).symlink_to(each)
    (tmp_path / "filter.d" / "netapp.conf").write_bytes((FOLDER / "netapp.conf").read_bytes())
    jail = (FOLDER / "jail.conf").read_text().replace("/var/log/netapp.log", str(tmp_path / "fail2ban.conf"))
    (tmp_path / "jail.d" / "netapp.conf").write_text(jail)
    done = subprocess.run(
        [client, "-c", str(tmp_path), "-d"],
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "['add', 'netapp'" in done.stdout
    assert "'maxretry', 20" in done.stdout
