"""Accounts, passwords and codes that somebody was told of are on the disk, whenever the power goes."""

import re
import sys
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from netapp.cli.main import main
from netapp.core.state import open_state
from netapp.people import KEY_FILE, store
from netapp.people.passwords import CHEAP, Hasher
from tests import real
from tests.durable.conftest import Place, rows, some
from tests.durable.disk import sent
from tests.login.test_under_attack import Visit, opens, visit

pytestmark = pytest.mark.real
LOCAL = ("--listen=tcp:0:interface=127.0.0.1", "--lang=en")
FIRST, WORDS = "horse correct 0", [f"horse correct {number}" for number in range(1, 5)]
HASHES = (
    "SELECT account.name, credential.secret FROM account JOIN credential ON credential.account = account.id"
)


@cache
def is_of(phc: str, password: str) -> bool:
    return Hasher(CHEAP).verify(phc, password.encode())


def passwords(state: Path) -> dict[str, str]:
    """Each account's hash."""
    return {str(name): str(phc) for name, phc in rows(state / "people.db", HASHES)}


def invited(state: Path, count: int) -> list[str]:
    """Codes, given out within this process."""
    environment = {"NETAPP_STATE": str(state), "LC_ALL": "C.UTF-8"}
    with CliRunner().isolation(env=environment) as (out, *_):
        with pytest.raises(SystemExit):
            main(["user", "invite", "--count", str(count)])
        sys.stdout.flush()
    return out.getvalue().decode().split()


def redeem(visitor: Visit, code: str, name: str) -> None:
    visitor.answer("User name: ", code)
    visitor.answer("New user name: ", name)
    visitor.answer("New password: ", FIRST)
    visitor.answer("The password again: ", FIRST)
    visitor.expect("Logged in")


def change(visitor: Visit, old: str, new: str) -> None:
    visitor.command("passwd")
    visitor.answer("Current password: ", old)
    visitor.answer("New password: ", new)
    visitor.answer("again: ", new)
    visitor.expect("The password is changed")


def test_l42_what_the_command_has_told_is_there_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    """From nothing: the first thing that is done to a state directory that is not there yet."""
    told = place.netapp(
        ("user", "add", "zhao", "--password-stdin"),
        ("user", "passwd", "zhao", "--password-stdin"),
        ("user", "invite"),
        typed=f"{FIRST}\n{WORDS[0]}\n",
    )
    code = told.split()[-1]
    journal = place.records()
    added, coded = sent(journal, b"added zhao"), sent(journal, code.encode())
    hashes = set()
    for moment, _, state in place.cuts([added, coded, *some(journal)], tmp_path / "cut"):
        there = passwords(state)
        hashes.update(there.values())
        if moment >= added:
            assert set(there) == {"zhao"}
        if moment >= coded:
            assert (state / KEY_FILE).read_bytes() == (place.state / KEY_FILE).read_bytes()
            assert rows(state / "people.db", "SELECT count(*) FROM invitation") == [(1,)]
    assert len(hashes) == 2  # the old one or the new one
    for _, survivors, state in place.cuts([len(journal)], tmp_path / "cut"):
        if survivors is None:  # all has been told: the last command has ended
            assert Hasher(CHEAP).verify(passwords(state)["zhao"], WORDS[0].encode())
            with real.running("netapp-login", *LOCAL, state=state) as login:
                assert opens(login, WORDS[0])
                with visit(login) as visitor:
                    redeem(visitor, code, "li")


def test_l42_what_the_prompt_has_told_is_there_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    with store.rows(open_state(place.state)) as opened:
        from netapp.people import settings

        settings.put_cost(opened, CHEAP)
    codes = invited(place.state, 2)
    place = Place(place.root, place.shim, place.journal)  # that is on the disk
    with place.running("netapp-login", *LOCAL) as login:
        for name, code in zip(("zhao", "li"), codes, strict=True):
            with visit(login) as visitor:
                redeem(visitor, code, name)
                if name == "zhao":
                    for old, new in zip([FIRST, *WORDS], WORDS, strict=False):
                        change(visitor, old, new)
    journal = place.records()
    texts = b"".join(record.one for record in journal if record.kind == "S").decode("utf-8", "replace")
    assert len(re.findall("The password is changed", texts)) == len(WORDS)
    told = [number for number, each in enumerate(journal) if each.kind == "S" and b"Logged in" in each.one]
    changed = [
        n for n, each in enumerate(journal) if each.kind == "S" and b"The password is changed" in each.one
    ]
    assert (len(told), len(changed)) == (2, len(WORDS))
    for moment, _, state in place.cuts([*told, *changed, *some(journal)], tmp_path / "cut"):
        there = passwords(state)
        assert {"zhao", "li"} >= set(there) >= set(("zhao", "li")[: sum(each <= moment for each in told)])
        if changes := sum(each <= moment for each in changed):
            later = WORDS[changes - 1 : changes + 1]
            assert any(is_of(there["zhao"], word) for word in later), f"at {moment}"
        if changes == len(WORDS):
            assert is_of(there["zhao"], WORDS[-1])
