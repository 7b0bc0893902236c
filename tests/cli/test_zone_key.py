"""``netapp zone key``, as a user runs it, and what other programs make of its keys."""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from netapp.cli.zone.key import ALGORITHMS
from netapp.dns.tsig import keys
from netapp.dns.tsig.keys import KEPT, kept_keys, parse_key, parse_statements
from tests import real
from tests.cli.test_keeping import right, run, wrong
from tests.cli.tools import COMMAND, environment, netapp

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]


def state_of(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    return state


def test_a_key_is_shown_once_and_kept_for_nobody_else(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    shown, _ = right("zone", "key", "add", "Laptop.", state=state)
    (key,) = kept_keys(state)
    assert (str(key), key.algorithm, len(key.secret)) == ("laptop", "hmac-sha256", 32)
    assert shown.count(key.base64) == 4
    assert stat.S_IMODE((state / KEPT).stat().st_mode) == 0o600
    line = next(line for line in shown.splitlines() if line.startswith("hmac-sha256:"))
    assert parse_key(line) == key
    listed, _ = right("zone", "key", "list", state=state)
    assert listed == "laptop\thmac-sha256\n"
    assert key.base64 not in listed


def test_several_keys_and_their_end(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    for name, algorithm in (("b.lan", "hmac-sha512"), ("a.lan", "hmac-sha384"), ("打印机", "hmac-sha256")):
        right("zone", "key", "add", name, "--algorithm", algorithm, state=state)
    listed = json.loads(right("zone", "key", "list", "--json", state=state)[0])
    assert listed[:2] == [
        {"name": "a.lan", "algorithm": "hmac-sha384"},
        {"name": "b.lan", "algorithm": "hmac-sha512"},
    ]
    assert "there is a key a.lan already" in wrong("zone", "key", "add", "A.LAN", state=state)
    right("zone", "key", "remove", "A.lan", state=state)
    assert "there is no key a.lan" in wrong("zone", "key", "remove", "a.lan", state=state)
    assert len(kept_keys(state)) == 2


@pytest.mark.parametrize("form", ["dig", "bind", "knot", "nsd"])
def test_one_form_alone_is_for_a_file(tmp_path: Path, form: str) -> None:
    state = state_of(tmp_path)
    shown, _ = right("zone", "key", "add", "laptop", "--form", form, state=state)
    (key,) = kept_keys(state)
    assert key.base64 in shown
    if form == "bind":
        assert parse_statements(shown.encode(), "") == (key,)
        assert _checks("named-checkconf", shown, tmp_path)
    elif form == "knot":
        assert _checks("knotc", shown, tmp_path, "-c", "{}", "conf-check")
    elif form == "nsd":
        assert _checks("nsd-checkconf", shown, tmp_path)


def _checks(program: str, written: str, folder: Path, *arguments: str) -> bool:
    """Whether a server takes it as its configuration; true where that server is not here."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        return True
    file = folder / "conf"
    file.write_text(written)
    words = [each.format(file) for each in arguments] or [str(file)]
    done = subprocess.run([path, *words], capture_output=True, text=True, timeout=real.PATIENCE, check=False)
    return done.returncode == 0 or pytest.fail(done.stdout + done.stderr)


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    assert "is no name for a key" in wrong("zone", "key", "add", "a b", state=state)
    assert run("zone", "key", "add", "a", "--algorithm", "hmac-md5", state=state).status == 2
    (state / "dns").mkdir()
    (state / KEPT).write_text("nonsense")
    assert "keys:1: it is no key" in wrong("zone", "key", "list", state=state)
    assert "keys:1: it is no key" in wrong("zone", "key", "add", "a", state=state)
    assert (state / KEPT).read_text() == "nonsense"


def test_a_running_server_takes_a_new_key_on_hangup(start: Start, tmp_path: Path) -> None:
    dig = real.tool("dig", "bind9-dnsutils")
    server = start("netapp-dns", "--listen=udp:0:interface=127.0.0.1", "--record=www.lan=10.0.0.1")
    state = tmp_path / "state"
    form, told = right("zone", "key", "add", "laptop", "--form", "dig", state=state)
    assert f"kill -HUP {server.process.pid}" in told
    os.kill(server.process.pid, 1)
    server.wait_for("keys: read again")
    asked = [dig, "@127.0.0.1", "-p", str(server.udp()), "-y", form.strip(), "www.lan"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=real.PATIENCE, check=True)
    assert "TSIG PSEUDOSECTION" in done.stdout
    assert "validated" not in done.stdout + done.stderr
    assert form.strip().rpartition(":")[2] not in server.log


def test_the_algorithms_are_those_that_sign() -> None:
    assert tuple(keys.ALGORITHMS) == ALGORITHMS


@pytest.mark.parametrize("command", [(), ("add",), ("list",), ("remove",)])
def test_help_is_all_chinese_for_who_reads_chinese(command: tuple[str, ...]) -> None:
    shown = netapp("zone", "key", *command, "--help").stdout.partition("例子:")[0]
    plain = [line for line in shown.splitlines() if not line.startswith("用法:")]
    assert [line for line in plain if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", line)] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", ["add k", "add k --form bind", "list --json", "--help"])
def test_a_full_disk_is_one_line_and_a_key_that_nobody_saw_is_not_kept(tmp_path: Path, words: str) -> None:
    state = state_of(tmp_path)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COMMAND, "zone", "key", *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment("C", state),
            timeout=real.PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == "netapp: the output cannot be written: No space left on device\n"
    assert kept_keys(state) == ()
