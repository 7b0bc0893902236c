"""The SSH door as a process, met by OpenSSH's client, PuTTY's, and octets that nobody should send."""

import os
import pty
import random
import re
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from netapp.people import admin, passwords, rules
from netapp.people.model import Password
from netapp.people.store import rows
from tests import hostile, real

pytestmark = pytest.mark.real
OPTIONS = (
    "--listen=tcp:0:interface=127.0.0.1",
    "--ssh=tcp:0:interface=127.0.0.1",
    "--lang=en",
)
SECRET = "correct horse battery"
ASKPASS = """#!/bin/sh
case "$1" in *code*) echo "$CODE" ;; *) echo "$SECRET" ;; esac
"""


def add_account(state: Path, name: str) -> None:
    with rows(state) as within:
        phc = passwords.Hasher().hash(rules.prepared(SECRET))
        admin.add(within, name, Password(phc), time.time())


@dataclass
class Door:
    """A running plugin with an SSH door, and OpenSSH's client for it."""

    plugin: real.Plugin
    state: Path
    home: Path

    @property
    def port(self) -> int:
        return self.plugin.ports("tcp")[1]

    def command(self, *options: str, name: str = "zhao") -> list[str]:
        return [
            real.tool("ssh", "openssh-client"), "-F", "none", "-p", str(self.port),
            "-o", f"UserKnownHostsFile={self.home}/known", "-o", "StrictHostKeyChecking=accept-new",
            "-o", "IdentitiesOnly=yes", *options, f"{name}@127.0.0.1",
        ]  # fmt: skip

    def environment(self, secret: str = SECRET, code: str = "") -> dict[str, str]:
        askpass = self.home / "askpass"
        if not askpass.exists():
            askpass.write_text(ASKPASS)
            askpass.chmod(0o700)
        return real.environment(self.state) | {
            "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "SECRET": secret, "CODE": code,
            "SSH_AUTH_SOCK": "", "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def ssh(
        self, *options: str, run: str = "", typed: str = "", secret: str = SECRET, code: str = "",
        name: str = "zhao",
    ) -> "subprocess.CompletedProcess[str]":  # fmt: skip
        """What a client prints, and its status: 255 where it could not log in."""
        return subprocess.run(
            [*self.command(*options, name=name), *run.split()],
            env=self.environment(secret, code),
            input=typed,
            capture_output=True,
            text=True,
            timeout=real.PATIENCE,
            check=False,
        )

    def key(self, kind: str) -> Path:
        """A key of the client's, made if need be."""
        path = self.home / f"id_{kind}"
        if not path.exists():
            keygen = real.tool("ssh-keygen", "openssh-client")
            subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-f", path], check=True)
        return path

    @contextmanager
    def terminal(self, *options: str) -> Iterator["Terminal"]:
        """A client at a terminal of its own."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.command("-tt", *options),
            env=self.environment() | {"TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            process.wait(real.PATIENCE)
            os.close(ours)


@dataclass
class Terminal:
    handle: int
    process: "subprocess.Popen[bytes]"
    seen: str = ""

    def expect(self, pattern: str, *, within: float = real.PATIENCE) -> str:
        """What has come up to a pattern, which is taken off.  :raises AssertionError: it does not come."""
        deadline = time.monotonic() + within
        while not (found := re.search(pattern, self.seen)):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.seen!r}"
            if select.select([self.handle], [], [], left)[0]:
                octets = b""
                with suppress(OSError):  # the client has gone
                    octets = os.read(self.handle, 65536)
                assert octets, f"no {pattern!r} in {self.seen!r}, and the client has gone"
                self.seen += octets.decode("utf-8", "replace")
        before, self.seen = self.seen[: found.start()], self.seen[found.end() :]
        return before

    def type(self, text: str) -> None:
        os.write(self.handle, text.encode())


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("ssh")
    state = home / "state"
    state.mkdir(mode=0o700)
    with ExitStack() as stack:
        plugin = stack.enter_context(real.running("netapp-login", *OPTIONS, state=state))
        add_account(state, "zhao")
        yield Door(plugin, state, home)


@pytest.mark.parametrize("method", ["keyboard-interactive", "password"])
def test_a_password_lets_in_by_both_methods(door: Door, method: str) -> None:
    done = door.ssh("-o", f"PreferredAuthentications={method}", run="whoami")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "zhao, member")


def test_commands_have_a_status(door: Door) -> None:
    assert door.ssh(run="help").returncode == 0
    unknown = door.ssh(run="rm -rf /")
    assert unknown.returncode == 1
    assert "There is no command" in unknown.stdout
    wrong = door.ssh(run="passwd", typed="wrong\nanother password\nanother password\n")
    assert wrong.returncode == 1
    assert "Refused" in wrong.stdout


def test_l25_lines_on_a_pipe_are_all_answered(door: Door) -> None:
    done = door.ssh("-T", typed="whoami\n" * 30 + "help")
    assert done.returncode == 0
    assert done.stdout.count("zhao, member") == 30
    assert "Commands" in done.stdout
    assert "\x1b" not in done.stdout
    assert "zhao>" not in done.stdout


def test_l3_wrong_words_end_after_six_tries_without_a_name_in_the_log(door: Door) -> None:
    for name in ("zhao", "nobody-at-all"):
        done = door.ssh("-o", "NumberOfPasswordPrompts=9", secret="wrong", name=name, run="whoami")
        assert done.returncode == 255
        assert "too many authentication failures" in done.stderr
    assert "nobody-at-all" not in door.plugin.log
    assert "authentication failure rhost=127.0.0.1 service=ssh" in door.plugin.log


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_is_added_in_the_session_and_then_lets_in(door: Door, kind: str) -> None:
    key = door.key(kind)
    only = ("-i", str(key), "-o", "PreferredAuthentications=publickey")
    assert door.ssh(*only, run="whoami").returncode == 255
    line = key.with_suffix(".pub").read_text().strip()
    added = door.ssh("-T", typed=f"key add {line}\n")
    assert "SHA256:" in added.stdout, added
    assert door.ssh(*only, run="whoami").returncode == 0
    assert door.ssh(*only, run="whoami", name="nobody-at-all").returncode == 255
    if kind == "rsa":
        weak = door.ssh(*only, "-o", "PubkeyAcceptedAlgorithms=ssh-rsa", run="whoami")
        assert weak.returncode == 255


def test_only_modern_algorithms(door: Door) -> None:
    told = door.ssh("-vv", run="help").stderr
    server = told[told.index("peer server KEXINIT proposal") :]
    for old in ("cbc", "3des", "md5", "sha1", "zlib", "ssh-rsa", "ssh-dss", "diffie-hellman"):
        assert not re.search(rf"debug2: (KEX|host|ciphers|MACs|compression)[^\n]*{old}", server), old
    assert "compression ctos: none\n" in server
    assert re.search(r"Remote protocol version 2\.0, remote software version netapp$", told, re.MULTILINE)
    assert "resetting send seqnr" in told  # strict key exchange
    assert "server-sig-algs=<ssh-ed25519" in told
    for option in ("Ciphers=aes128-cbc", "MACs=hmac-sha1", "KexAlgorithms=diffie-hellman-group14-sha1"):
        refused = door.ssh("-o", option, run="help")
        assert refused.returncode == 255, option
        assert "no matching" in refused.stderr or "Unable to negotiate" in refused.stderr
    for kex in ("curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp521"):
        assert door.ssh("-o", f"KexAlgorithms={kex}", run="help").returncode == 0, kex
    for mac in ("hmac-sha2-256", "hmac-sha2-512"):
        assert door.ssh("-o", f"MACs={mac}", "-o", "Ciphers=aes128-ctr", run="help").returncode == 0, mac


def test_keys_are_exchanged_again_in_the_middle(door: Door) -> None:
    done = door.ssh("-v", "-T", "-o", "RekeyLimit=16K", typed="help\nwhoami\n" * 200)
    assert done.returncode == 0
    assert done.stdout.count("zhao, member") == 200
    assert done.stdout.count("Commands") == 200
    assert done.stderr.count("SSH2_MSG_NEWKEYS received") >= 5


def test_a_slow_reader_gets_all_of_it_and_costs_no_memory(door: Door) -> None:
    before = hostile.memory(door.plugin)
    process = subprocess.Popen(
        door.command("-T"), env=door.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, ThreadPoolExecutor(1) as writer:
        writer.submit(lambda: (process.stdin.write(b"help\n" * 5000), process.stdin.close()))  # type: ignore[union-attr]
        answered = 0
        for line in process.stdout:
            if answered % 1000 == 999:
                time.sleep(0.05)
            answered += line.startswith(b"Commands")
        assert answered == 5000
    assert hostile.memory(door.plugin) - before < 24


def test_f48_nothing_is_forwarded_and_no_file_is_given(door: Door) -> None:
    sftp = real.tool("sftp", "openssh-client")
    options = door.command()[1:-1]
    port = options.index("-p")
    options[port] = "-P"
    files = subprocess.run(
        [sftp, *options, "zhao@127.0.0.1"],
        env=door.environment(), input="ls\n", capture_output=True, text=True, timeout=real.PATIENCE,
        check=False,
    )  # fmt: skip
    assert files.returncode == 255
    assert "subsystem request failed" in files.stderr
    back = door.ssh("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", run="help")
    assert back.returncode == 255
    assert "remote port forwarding failed" in back.stderr
    through = door.ssh("-W", f"127.0.0.1:{door.port}")
    assert through.returncode == 255
    assert "administratively prohibited" in through.stderr
    assert door.ssh("-A", "-X", "-o", "SetEnv=LD_PRELOAD=/x", run="help").returncode == 0


def test_a_terminal_with_an_editor(door: Door) -> None:
    with door.terminal() as screen:
        screen.expect("Hello zhao")
        screen.expect("zhao> $")
        screen.type("我是不\x7f谁\r")
        screen.expect("zhao, member")
        screen.expect("zhao> $")
        screen.type("passwd\r")
        screen.expect("Current password: $")
        screen.type("hidden words\r")
        assert "hidden" not in screen.expect("New password: $")
        screen.type("\x03")
        screen.expect("zhao> $")
        screen.type("\x1b[A\x1b[A\r")  # passwd, and before it
        screen.expect("zhao, member")
        screen.type("help\rwhoami\r")  # as if pasted
        screen.expect("Commands")
        screen.expect("zhao, member")
        screen.type("\x04")
        screen.expect("Goodbye")
        assert screen.process.wait(real.PATIENCE) == 0


def test_l32_a_session_ends_within_a_second_of_its_revocation_elsewhere(door: Door) -> None:
    with door.terminal() as screen, door.terminal() as other:
        screen.expect("zhao> $")
        other.expect("zhao> $")
        other.type("revoke all\r")
        screen.expect("revoked", within=5)
        other.expect("Ended")
        assert screen.process.wait(real.PATIENCE) != 0
        other.type("whoami\r")
        other.expect("zhao, member")
        other.expect("zhao> $")
        with rows(door.state) as within:  # another process
            admin.revoke(within, admin.find(within, "zhao"))
        other.expect("revoked", within=4)  # a second, on a machine with nothing else to do


def test_a_second_factor_is_asked_for_and_a_password_alone_is_not_enough(door: Door) -> None:
    with suppress(Exception):
        add_account(door.state, "qian")
    with door.terminal("-l", "qian") as screen:
        screen.expect("qian> $")
        screen.type("totp on\r")
        secret = re.search(r"\b[A-Z2-7]{32}\b", screen.expect(r"[Cc]ode[^\n]*: $"))
        assert secret is not None
        code = pyotp.TOTP(secret[0])
        screen.type(code.now() + "\r")
        recovery = re.findall(r"^ +([\w-]+)\r$", screen.expect("qian> $"), re.MULTILINE)
    only = ("-o", "PreferredAuthentications=password")
    assert door.ssh(*only, run="whoami", name="qian").returncode == 255
    asked = door.ssh("-o", "PreferredAuthentications=keyboard-interactive", run="whoami", name="qian",
                     code=recovery[0])  # fmt: skip
    assert asked.returncode == 0, (asked, recovery)
    assert "Second factor: on" in asked.stdout
    wrong = door.ssh(run="whoami", name="qian", code="000000")
    assert wrong.returncode == 255


def test_plink(door: Door) -> None:
    plink = real.tool("plink", "putty-tools")
    shown = re.search(r"SHA256:\S+", door.plugin.log)
    assert shown is not None
    done = subprocess.run(
        [plink, "-batch", "-P", str(door.port), "-hostkey", shown[0], "-pw", SECRET, "-l", "zhao",
         "127.0.0.1", "whoami"],
        env=door.environment() | {"HOME": str(door.home)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=real.PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert "zhao, member" in done.stdout


def test_l40_half_open_connections_keep_nobody_out(door: Door) -> None:
    with ExitStack() as stack:
        for _ in range(500):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), 5))
            client.sendall(b"SSH-2.0-silent\r\n")
        assert door.ssh(run="whoami").returncode == 0


def test_octets_that_nobody_should_send(door: Door) -> None:
    kexinit = (
        b"SSH-2.0-x\r\n\x00\x00\x01\x1c\x04\x14"
        + bytes(16)
        + b"\x00\x00\x00\x11curve25519-sha256"
        + bytes(240)
    )
    noise = hostile.Noise(random.Random(1), (*hostile.LIKE, kexinit, b"SSH-2.0-x\r\n" + bytes(40)))
    hostile.throw_connections(door.port, 100, noise)
    before = hostile.memory(door.plugin)
    hostile.throw_connections(door.port, 1000, noise)
    assert hostile.memory(door.plugin) - before < 24
    assert door.ssh(run="whoami").returncode == 0


Start = Callable[..., real.Plugin]


def test_the_host_key_stays_and_is_shown_as_ssh_keygen_shows_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    shown = []
    for _ in range(2):
        with real.running("netapp-login", *OPTIONS, state=state) as plugin:
            shown.append(plugin.wait_for(r"ssh host key (SHA256:\S+) \(ED25519\)$")[1])
    keygen = real.tool("ssh-keygen", "openssh-client")
    path = state / "ssh_host_ed25519_key"
    listed = subprocess.run([keygen, "-lf", path], capture_output=True, text=True, check=True).stdout
    assert shown == [listed.split()[1]] * 2
    path.chmod(0o644)
    refused = real.run_once("netapp-login", *OPTIONS, state=state)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith(f"can be read by others (mode 0644): chmod 600 {path}")
    assert "Traceback" not in refused.stderr + refused.stdout


def test_a_stop_says_goodbye(start: Start, tmp_path: Path) -> None:
    plugin = start("netapp-login", *OPTIONS)
    state = tmp_path / "state"
    add_account(state, "zhao")
    door = Door(plugin, state, tmp_path)
    with door.terminal() as screen:
        screen.expect("zhao> $")
        began = time.monotonic()
        plugin.stop()
        assert time.monotonic() - began < 8  # a hang, not a speed
        screen.expect("stopping")
