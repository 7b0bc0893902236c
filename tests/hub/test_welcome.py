"""The first start and those after it, as real processes at a terminal, in a pipe and into a file."""

import io
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len

from netapp.core.running import Shared
from netapp.core.settingsfile import NAME
from netapp.hub.settings import PHRASES
from netapp.hub.tap import Options, part
from netapp.hub.welcome import MARK, _readable, reader_of
from netapp.testing import FakeReactor
from tests import real
from tests.cli.tools import Running, netapp

TWISTD = str(Path(sys.executable).with_name("twistd"))
CODE = re.compile(r"(?m)^  ((?:[0-9A-Z]{5}-){4}[0-9A-Z]{6})\r?$")
LOCAL = """
lang = "en"
[netapp]
only = ["login", "file", "echo"]
[login]
listen = ["tcp:0:interface=127.0.0.1"]
[file]
listen = ["tcp:0:interface=127.0.0.1"]
[echo]
listen = ["tcp:0:interface=127.0.0.1", "udp:0:interface=127.0.0.1"]
"""
Start = Callable[..., real.Plugin]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory whose own settings listen on free ports."""
    path = tmp_path / "state"
    path.mkdir(mode=0o700)
    (path / NAME).write_text(LOCAL, encoding="utf-8")
    (path / NAME).chmod(0o600)
    return path


@contextmanager
def at_a_terminal(state: Path, *options: str) -> Iterator[Running]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [TWISTD, "--pidfile=", "-n", "netapp", *options],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=real.environment(state) | {"PYTHONUTF8": "1"},
        cwd=state,
    )
    os.close(theirs)
    try:
        yield Running(process, [ours], ours)
    finally:
        process.terminate()
        process.wait(real.PATIENCE)
        os.close(ours)


def port_in(text: str, service: str) -> int:
    found = re.search(rf"^  {service} +tcp (\d+)", text, re.MULTILINE)
    assert found is not None, text
    return int(found[1])


def admin_made(port: int, code: str, name: str) -> str:
    """What the login prompt says at the end to who types the code in place of a name."""
    said = b""
    with real.tcp_client(port) as client:
        for prompt, answer in (
            (b"User name:", code),
            (b"name", name),
            (b"assword", "83625417 long"),
            (b"gain", "83625417 long"),
        ):
            while prompt not in said:
                said += client.recv(1024)
            said = b""
            client.sendall(answer.encode() + b"\n")
        while b"> " not in said and (octets := client.recv(1024)):
            said += octets
    return said.decode()


# A terminal --------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_first_start_shows_all_and_the_code_makes_an_administrator_once(state: Path) -> None:
    with at_a_terminal(state) as first:
        first.wait_for("netapp status")
        sheet = first.shown.partition("netapp: ready")[2].replace("\r", "")
        sheet = sheet[sheet.index("\n\n") :]
        assert [line for line in sheet.splitlines() if cell_len(line) > 80] == []
        assert "bound to loopback" in sheet
        found = CODE.search(sheet)
        assert found is not None, sheet
        assert str(state / NAME) in sheet.replace("\n  ", "")
        assert "netapp user add NAME --admin" in sheet
        login = port_in(sheet, "login")
        assert f"telnet 127.0.0.1 {login}" in sheet
        assert "zhao" in admin_made(login, found[1], "zhao")
        assert "no longer good" not in admin_login(login, "zhao")
        with real.tcp_client(login) as client:
            client.recv(1024)
            client.sendall(found[1].encode() + b"\n")
            assert b"Welcome" not in client.recv(1024)
    assert (state / MARK).exists()
    assert "admin" in netapp("user", "list", state=state, lang="en_US.UTF-8").stdout


def admin_login(port: int, name: str) -> str:
    with real.tcp_client(port) as client:
        client.recv(1024)
        client.sendall(name.encode() + b"\n")
        client.recv(1024)
        client.sendall(b"83625417 long\n")
        return client.recv(1024).decode()


# A pipe, a file ----------------------------------------------------------------------------------


@pytest.mark.real
def test_later_starts_are_one_line_a_service(start: Start, state: Path) -> None:
    first = start("netapp")
    first.wait_for("netapp status")
    assert not CODE.search(first.log), "a pipe may lead to a file that others read"
    hidden = "In a terminal of this machine, netapp status shows the code"
    assert hidden in " ".join(first.log.split())
    assert len(re.findall("netapp-echo: listening on", first.log)) == 2
    first.stop()
    again = start("netapp")
    begun = again.log.partition("reactor class")[2].partition("netapp: ready")[0].splitlines()[1:-1]
    tcp, udp = r"tcp 127\.0\.0\.1:\d+", r"udp 127\.0\.0\.1:\d+"
    for line, expected in zip(
        begun,
        (
            rf"netapp-login: listening on {tcp}; passwords in clear; try  telnet 127\.0\.0\.1 \d+",
            rf"netapp-file: listening on {tcp}; shares /.*/share; try  curl http://127\.0\.0\.1:\d+/.*",
            rf"netapp-echo: listening on {tcp}, {udp}; try  echo hello \| nc -w 1 127\.0\.0\.1 \d+",
        ),
        strict=True,
    ):
        assert re.fullmatch(rf".*\] {expected}", line), line
    assert real.ask(again.udp("netapp-echo"), b"hello") == b"hello"
    assert not CODE.search(again.log)


@pytest.mark.real
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_log_has_no_code(state: Path, mode: int) -> None:
    log = state / "x.log"
    with log.open("wb") as out:
        log.chmod(mode)
        process = subprocess.Popen(
            [TWISTD, "--pidfile=", "-n", "netapp"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=real.environment(state) | {"PYTHONUTF8": "1"},
            cwd=state,
        )
        try:
            deadline = real.time.monotonic() + real.PATIENCE
            while not (state / MARK).exists():
                assert real.time.monotonic() < deadline, log.read_text()
                real.time.sleep(0.05)
        finally:
            process.terminate()
            process.wait(real.PATIENCE)
    text = log.read_text("utf-8")
    assert "listening on" in text
    assert not CODE.search(text)
    assert "In a terminal of this machine, netapp status shows the code" in " ".join(text.split())


@pytest.mark.real
@pytest.mark.parametrize("when", ["login: listening", CODE.pattern], ids=["unseen", "seen"])
def test_a_killed_first_start_is_made_good_by_the_next(state: Path, when: str) -> None:
    with at_a_terminal(state) as first:
        first.wait_for(when)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    (state / MARK).unlink(missing_ok=True)  # it is made last, so one that is cut has none
    shown = set(CODE.findall(first.shown))
    with at_a_terminal(state) as second:
        second.wait_for("netapp status")
        (code,) = CODE.findall(second.shown)
        assert shown <= {code}
        at_any_time = netapp("status", state=state, lang="en_US.UTF-8")
        assert at_any_time.returncode == 0
        assert "Nobody has an account yet" in at_any_time.stdout
        login = port_in(second.shown.replace("\r", ""), "login")
        assert "zhao" in admin_made(login, code, "zhao")


@pytest.mark.real
def test_two_first_starts_at_once_show_one_code(state: Path) -> None:
    with at_a_terminal(state) as one, at_a_terminal(state) as other:
        codes = set()
        for each in (one, other):
            each.wait_for("netapp: ready")
            if not (state / MARK).exists() or CODE.search(each.shown):
                each.wait_for(r"Good once")
            codes |= set(CODE.findall(each.shown.replace("\r", "")))
        assert len(codes) == 1


@pytest.mark.parametrize(
    ("encoding", "lang"), [("latin-1", "en"), ("ascii", "en"), ("gbk", "zh"), ("utf-8", "zh")]
)
def test_a_terminal_without_chinese_is_shown_english(
    monkeypatch: pytest.MonkeyPatch, encoding: str, lang: str
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "__stdout__", out)
    assert _readable("zh") == lang
    assert _readable("en") == "en"


# Starts that cannot work -------------------------------------------------------------------------


@pytest.mark.real
def test_a_port_of_another_netapp_is_named_with_it(start: Start, state: Path) -> None:
    house = start("netapp")
    port = house.tcp("netapp-echo")
    refused = real.run_once(
        "netapp-echo", f"--listen=tcp:{port}:interface=127.0.0.1", f"--config={os.devnull}", state=state
    )
    assert refused.returncode == 1
    last = (refused.stdout + refused.stderr).strip().splitlines()[-1]
    assert f"Address already in use (another netapp, pid {house.process.pid}, has it); choose another" in last


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk_at_the_first_start_is_one_line(tmp_path: Path) -> None:
    unshare = real.tool("unshare", "util-linux")
    place = tmp_path / "small"
    place.mkdir()
    script = f"mount -t tmpfs -o size=64k,mode=700 none {place} && exec {TWISTD} --pidfile= -n netapp"
    ended = subprocess.run(
        [unshare, "--mount", "--net", "sh", "-c", script],
        cwd=tmp_path,
        env=real.environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    if "mount:" in ended.stderr:
        pytest.skip("no tmpfs may be mounted here")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    last = (ended.stdout + ended.stderr).strip().splitlines()[-1]
    assert "netapp: " in last
    assert "full" in last or "No space left" in last


# Settings ----------------------------------------------------------------------------------------


def fake_start(state: Path, *arguments: str) -> Options:
    options = Options()
    options.parseOptions([f"--state={state}", "--only=echo", *arguments])
    part(options, Shared(FakeReactor())).privilegedStartService()
    return options


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_first_start_writes_settings_that_change_nothing_but_keep_its_language(
    tmp_path: Path, lang: str
) -> None:
    state = tmp_path / "new"
    options = fake_start(state, f"--lang={lang}")
    path = state / NAME
    assert options.settings_path == str(path)
    assert path.read_text("utf-8") == PHRASES.say(lang, "file")  # type: ignore[arg-type]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    plain, read = Options(), Options()
    plain.parseOptions([f"--config={os.devnull}", f"--lang={lang}"])
    read.parseOptions([f"--state={state}"])
    assert {key: read[key] for key in read if key not in ("config", "state")} == {
        key: plain[key] for key in plain if key not in ("config", "state")
    }


def test_each_setting_that_it_shows_may_be_made_true(tmp_path: Path) -> None:
    for lang in ("zh", "en"):
        lines = PHRASES.say(lang, "file").splitlines()  # type: ignore[arg-type]
        true = [line.removeprefix("# ") if re.match(r"# [a-z-]+ = ", line) else line for line in lines]
        (tmp_path / NAME).write_text("\n".join(true), encoding="utf-8")
        (tmp_path / NAME).chmod(0o600)
        options = Options()
        options.parseOptions([f"--state={tmp_path}"])
        assert (options["interface"], options["without"]) == ("192.168.1.5", ("echo",))
        assert max(map(cell_len, lines)) <= 100


def test_a_file_that_was_named_is_the_one(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.touch()
    assert fake_start(tmp_path, f"--config={other}").settings_path == str(other)
    assert not (tmp_path / NAME).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another")
def test_settings_are_roots_where_the_process_will_be_another() -> None:
    """Else what the service could write would be obeyed with root's rights at the next start."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        state = Path(place) / "state"
        for _ in range(2):
            options = Options()
            options.parseOptions([f"--state={state}", "--only=echo"])
            part(options, Shared(FakeReactor(), user=(65534, 65534)))
            assert options.settings_path == str(state / NAME)
        assert (state.stat().st_uid, stat.S_IMODE(state.stat().st_mode)) == (65534, 0o700)
        assert ((state / NAME).stat().st_uid, stat.S_IMODE((state / NAME).stat().st_mode)) == (0, 0o644)


def test_who_reads_a_descriptor(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    reads, writes = os.pipe()
    with open(os.devnull, "wb") as nothing, (tmp_path / "x").open("wb") as file:
        assert reader_of(theirs) == "terminal"
        assert reader_of(writes) == "pipe"
        assert reader_of(nothing.fileno()) == "nobody"
        assert reader_of(file.fileno()) == "file"
    for each in (ours, theirs, reads, writes):
        os.close(each)
