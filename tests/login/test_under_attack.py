"""The login service while somebody means it harm: guessing tools, noise at every door, kills, a full disk."""

import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pyotp
import pytest

from netapp.people import admin, settings, store
from netapp.people.model import Password
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.throttling.throttle import delay
from tests import hostile, real
from tests.login import namespaces

pytestmark = pytest.mark.real
LOCAL = "tcp:0:interface=127.0.0.1"
RIGHT = "correct horse battery"
ROUNDS = int(os.environ.get("NETAPP_TEST_KILLS", "3"))  # more of them take longer and find more
REFUSED = r"netapp-login: authentication failure rhost=10\.9\.0\.2 service=(ssh|http|ldap) reason=\w+$"
Start = Callable[..., real.Plugin]


def account(state: Path, name: str = "zhao", password: str = RIGHT) -> None:
    """A new account whose hash costs nothing, so that what is waited for is the throttle."""
    state.mkdir(mode=0o700, exist_ok=True)
    with store.rows(state) as rows:
        settings.put_cost(rows, CHEAP)
        admin.add(rows, name, Password(Hasher(CHEAP).hash(password.encode())), time.time())


class Visit:
    """One connection to the English prompt."""

    def __init__(self, client: socket.socket) -> None:
        self.client, self.heard = client, ""

    def expect(self, pattern: str) -> str:
        """What has come up to a pattern's end.  :raises AssertionError: the server has hung up."""
        while not (found := re.search(pattern, self.heard)):
            octets = self.client.recv(4096)
            assert octets, f"no {pattern!r} in {self.heard!r}"
            self.heard += octets.decode()
        before, self.heard = self.heard[: found.end()], self.heard[found.end() :]
        return before

    def answer(self, prompt: str, word: str) -> None:
        self.expect(prompt)
        self.client.sendall(word.encode() + b"\n")

    def log_in(self, password: str = RIGHT, *, code: str = "") -> bool:
        self.answer("User name: ", "zhao")
        self.answer("Password: ", password)
        if code:
            self.answer("recovery code: ", code)
        return self.expect("Logged in|Wrong|recovery code: ").endswith("Logged in")

    def command(self, line: str) -> None:
        self.answer("zhao> ", line)


@contextmanager
def visit(plugin: real.Plugin) -> Iterator[Visit]:
    with real.tcp_client(plugin.tcp(), timeout=real.PATIENCE) as client:
        yield Visit(client)


# Guessing --------------------------------------------------------------------------------------


def options(ports: Sequence[int]) -> Iterator[str]:
    """All four doors in the server's namespace."""
    for option, port in zip(("listen", "ssh", "http", "ldap"), ports, strict=True):
        yield f"--{option}=tcp:{port}:interface={namespaces.SERVER}"


@contextmanager
def hydra(network: namespaces.Network, ports: list[int], words: Path) -> Iterator[None]:
    """A list of passwords at three doors at once; the prompt is none that hydra knows."""
    guesses = ("-I", "-P", str(words), "-t", "4")
    zhao = ("-l", "zhao")
    _, ssh, http, ldap = map(str, ports)
    commands = (
        (*zhao, *guesses, "-s", ssh, namespaces.SERVER, "ssh"),
        (*zhao, *guesses, "-s", http, namespaces.SERVER, "http-get", "/verify"),
        ("-l", "uid=zhao,ou=people,dc=netapp", *guesses, "-s", ldap, namespaces.SERVER, "ldap3"),
    )
    running = []
    for number, command in enumerate(commands):
        folder = words.parent / f"hydra{number}"  # where it keeps what it would go on with
        folder.mkdir()
        running.append(
            subprocess.Popen(
                network.command("attacker", real.tool("hydra", "hydra"), *command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
    try:
        yield
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)  # its children too
            process.wait(real.PATIENCE)


def test_l4_l7_l42_hydra_guesses_nothing_and_keeps_nobody_out_not_even_over_a_restart(tmp_path: Path) -> None:
    state, words = tmp_path / "state", tmp_path / "words"
    account(state)
    words.write_text("".join(f"guess{number}\n" for number in range(300)) + RIGHT + "\n")
    with namespaces.network(state) as network:

        def log_in(who: str) -> bool:
            with network.client(who, plugin.tcp()) as client:
                return Visit(client).log_in()

        with network.running("netapp-login", "--lang=en", *options([0] * 4)) as plugin:
            assert log_in("owner")  # so that this place is known
            ports = plugin.ports("tcp")
            with hydra(network, ports, words):
                plugin.wait_for(f"(?:{REFUSED}[^\0]*?){{7}}")
                began = time.monotonic()
                assert log_in("owner")
                assert time.monotonic() - began < 5.0  # a hang, not a speed
            plugin.kill()
            log = plugin.log
        failures, last = stored_failures(state, namespaces.ATTACKER)
        assert failures >= 4  # the doors share one count; a word that comes at two of them is one guess
        with network.running("netapp-login", "--lang=en", *options(ports)) as plugin:
            assert log_in("attacker")  # with the very password ...
            assert time.time() >= last + delay(failures)  # ... and still it has waited for its guesses
            assert log_in("owner")
    events = [json.loads(line) for line in (state / "audit.jsonl").read_bytes().splitlines()]
    refused = [event for event in events if event["event"] == "refused"]
    assert {event["source"] for event in refused} == {namespaces.ATTACKER}
    assert len(refused) == len(re.findall(REFUSED, log, re.MULTILINE))


def stored_failures(state: Path, source: str) -> tuple[int, float]:
    """How often in a row a source has failed, and when last, as the database has it."""
    with store.rows(state) as rows:
        return {key: (failures, last) for key, failures, last in rows.throttles.failures()}[f"h:{source}"]


# Noise -----------------------------------------------------------------------------------------


def test_l29_octets_of_other_protocols_at_every_door(start: Start, tmp_path: Path) -> None:
    account(tmp_path / "state")
    plugin = start("netapp-login", *(f"--{each}={LOCAL}" for each in ("listen", "ssh", "http", "ldap")))
    near = (
        b"GET /verify HTTP/1.1\r\nHost: x\r\nAuthorization: Basic emhhbzoxMjM=\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\x00\x00\x00\x2c\x06\x14" + bytes(40),
        bytes.fromhex("3022020101601d02010304117569643d7a68616f2c64633d6e65746170708003313233"),
        b"zhao\n123\nwhoami\nquit\n",
    )
    hostile.throw_at(plugin, connections=300, like=near)
    assert len(plugin.ports("tcp")) == 4
    with real.tcp_client(plugin.tcp()) as client:
        assert client.recv(1024).decode() == "请输入用户名:"


# Crashes ---------------------------------------------------------------------------------------


def change_password(plugin: real.Plugin, chance: random.Random, old: str, new: str) -> bool:
    """Ask for another password and kill the server at some moment.  :returns: whether it was told."""
    with visit(plugin) as visitor:
        assert visitor.log_in(old)
        visitor.command("passwd")
        visitor.answer("Current password: ", old)
        visitor.answer("New password: ", new)
        visitor.answer("again: ", new)
        return killed_before(visitor, plugin, "The password is changed", chance.uniform(0, 0.03))


def turn_on_codes(plugin: real.Plugin, chance: random.Random, password: str) -> tuple[bool, str]:
    """The same, of the second factor.  :returns: whether it was told, and its secret."""
    with visit(plugin) as visitor:
        assert visitor.log_in(password)
        visitor.command("totp on")
        secret = visitor.expect(r"Secret: ([A-Z2-7 ]+)\n").rpartition("Secret: ")[2].replace(" ", "").strip()
        visitor.answer("Code: ", pyotp.TOTP(secret).now())
        return killed_before(visitor, plugin, "The second factor is on", chance.uniform(0, 0.03)), secret


def killed_before(visitor: Visit, plugin: real.Plugin, told: str, seconds: float) -> bool:
    """SIGKILL after so long.  :returns: whether the answer had come by then."""
    time.sleep(seconds)
    plugin.process.send_signal(signal.SIGKILL)
    plugin.process.wait(real.PATIENCE)
    try:
        visitor.expect(told)
    except (AssertionError, ConnectionResetError):
        return False
    return True


def whole(state: Path) -> bool:
    with closing(sqlite3.connect(state / "people.db")) as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def opens(plugin: real.Plugin, password: str, *, code: str = "") -> bool:
    with visit(plugin) as visitor:
        if not visitor.log_in(password, code=code):
            return False
        visitor.command("quit")
        visitor.expect("Goodbye")
        return True


def test_kill_during_passwd_leaves_the_old_password_or_the_new_one(tmp_path: Path) -> None:
    state, chance = tmp_path / "state", random.Random(7)
    account(state)
    password = RIGHT
    for number in range(ROUNDS):
        new = f"horse correct {number}"
        with real.running("netapp-login", f"--listen={LOCAL}", "--lang=en", state=state) as plugin:
            told = change_password(plugin, chance, password, new)
        assert whole(state)
        with real.running("netapp-login", f"--listen={LOCAL}", "--lang=en", state=state) as plugin:
            works = [each for each in (password, new) if opens(plugin, each)]
        assert len(works) == 1
        assert works == [new] or not told  # what was acknowledged is stored
        password = works[0]


def test_kill_while_codes_are_turned_on_keeps_nobody_out(tmp_path: Path) -> None:
    chance = random.Random(8)
    for number in range(ROUNDS):
        state = tmp_path / f"state{number}"
        account(state)
        with real.running("netapp-login", f"--listen={LOCAL}", "--lang=en", state=state) as plugin:
            told, secret = turn_on_codes(plugin, chance, RIGHT)
        assert whole(state)
        with real.running("netapp-login", f"--listen={LOCAL}", "--lang=en", state=state) as plugin:
            alone = opens(plugin, RIGHT)
            assert alone or opens(plugin, RIGHT, code=pyotp.TOTP(secret).at(time.time() + 30))
            assert not (told and alone)


# A full disk -----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A state directory with four MiB to itself."""
    with real.small_disk(tmp_path / "small", 4) as place:
        yield place


def fill(path: Path) -> None:
    """Take all that the disk has left."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_l41_a_full_disk_lets_nobody_in_until_there_is_room(small_disk: Path) -> None:
    account(small_disk)
    filler = small_disk / "filler"
    with real.running("netapp-login", f"--listen={LOCAL}", "--lang=en", state=small_disk) as plugin:
        with visit(plugin) as inside:
            assert inside.log_in()
            fill(filler)
            for word in (RIGHT, "wrong") * 3:
                with visit(plugin) as visitor:
                    visitor.answer("User name: ", "zhao")
                    visitor.answer("Password: ", word)
                    visitor.expect("Logging in does not work now, try again later\n")
            for _ in range(3):
                inside.command("token")
                inside.expect("Not possible now, try again later")
            inside.command("whoami")
            inside.expect("zhao, member")
        filler.unlink()
        assert opens(plugin, RIGHT)
        assert not opens(plugin, "wrong")
        told = re.findall("(a password cannot be checked|MintToken could not be done).*: .*full", plugin.log)
        assert len(told) == 2, plugin.log  # and no traceback: the log is looked at when this ends
    assert whole(small_disk)
