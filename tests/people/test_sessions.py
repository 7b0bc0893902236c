"""Sessions and tokens: how long they are good, and what ends them, here and from another process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import defer, reactor, task
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.errors import Unavailable
from netapp.people import admin, codes, open_people, store
from netapp.people.model import Account, AccountChanged, Password, Refused, Session
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.processes import lives, this_process
from netapp.people.rows import Rows
from tests.people.place import ELSEWHERE, HOST, Memory, Place, now, steady


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account()


def opened(place: Place, account: Account) -> Session:
    session: Session = now(place.people.sessions.open(account, door="login", source=HOST))
    return session


def token_of(place: Place, account: Account, label: str = "") -> str:
    text: str = now(place.people.sessions.token(account, door="login", source=HOST, label=label))
    return text


def test_a_session_is_listed_until_it_is_closed(place: Place, zhao: Account) -> None:
    session = opened(place, zhao)
    token_of(place, zhao, "laptop")
    live, token = now(place.people.sessions.of(zhao.id))
    assert live == session
    assert (token.kind, token.label, token.source) == ("token", "laptop", HOST)
    now(place.people.sessions.close(session.id))
    assert [each.kind for each in now(place.people.sessions.of(zhao.id))] == ["token"]


def test_l41_a_session_that_cannot_be_deleted_now_is_deleted_with_the_next(
    place: Place, zhao: Account
) -> None:
    first, second = opened(place, zhao), opened(place, zhao)
    place.store.fails = OSError("the disk is full")
    with capturedLogs() as logs:
        for session in (first, second):
            now(place.people.sessions.close(session.id))  # its connection has ended all the same
        with pytest.raises(Unavailable):
            opened(place, zhao)
    assert len(logs) == 2
    place.store.fails = None
    third = opened(place, zhao)
    assert now(place.people.sessions.of(zhao.id)) == [third]


def test_the_fifty_first_login_is_told_why_and_ends_no_other(place: Place, zhao: Account) -> None:
    for _ in range(limits.CREDENTIALS_EACH):
        opened(place, zhao)
    with pytest.raises(Refused) as refused:
        opened(place, zhao)
    assert refused.value.key == "too many sessions"
    assert len(now(place.people.sessions.of(zhao.id))) == limits.CREDENTIALS_EACH
    assert token_of(place, zhao)  # they are counted apart
    now(place.people.sessions.close(now(place.people.sessions.of(zhao.id))[0].id))
    opened(place, zhao)


def test_tokens_have_a_bound_too(place: Place, zhao: Account) -> None:
    for _ in range(limits.CREDENTIALS_EACH):
        token_of(place, zhao)
    with pytest.raises(Refused, match="50 at most"):
        token_of(place, zhao)


@pytest.mark.parametrize("label", ["x" * 65, "a\x1b[2Jb", "a\u202eb", "a\nb"])
def test_l30_a_label_that_a_terminal_obeys_is_refused(place: Place, zhao: Account, label: str) -> None:
    with pytest.raises(Refused):
        token_of(place, zhao, label)


# Tokens that are not good --------------------------------------------------------------------


def flipped(token: str) -> str:
    return token[:-1] + ("0" if token[-1] != "0" else "1")


SPOILED: dict[str, Callable[[str], str]] = {
    "flipped": flipped,
    "first flipped": lambda token: codes.TOKEN_PREFIX + flipped(token[len(codes.TOKEN_PREFIX) :][::-1])[::-1],
    "truncated": lambda token: token[:-1],
    "longer": lambda token: token + "0",
    "capitals": lambda token: token.upper(),
    "without prefix": lambda token: token[len(codes.TOKEN_PREFIX) :],
    "spaces": lambda token: f" {token} ",
    "NUL": lambda token: token + "\0",
    "huge": lambda token: token * 100_000,
    "two": lambda token: f"{token} {token}",
    "full-width": lambda token: token.replace("n", "\uff4e"),
    "digest": lambda token: str(codes.token_digest(token)),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_l31_a_token_that_is_not_quite_one_is_refused_as_any(
    place: Place, zhao: Account, spoiled: str
) -> None:
    token = token_of(place, zhao)
    assert place.tried("zhao", SPOILED[spoiled](token), ELSEWHERE) is None
    assert place.tried("", SPOILED[spoiled](token), "192.0.2.3", door="http") is None
    assert place.tried("zhao", token) is not None


def test_l31_a_token_is_over_when_nobody_uses_it_and_at_last_in_any_case(place: Place, zhao: Account) -> None:
    unused, used = token_of(place, zhao), token_of(place, zhao)
    for _ in range(int(limits.TOKEN_TOTAL / limits.TOKEN_IDLE * 2) - 1):
        place.clock.advance(limits.TOKEN_IDLE / 2)
        assert place.tried("zhao", used) is not None
    assert place.tried("zhao", unused, ELSEWHERE) is None
    place.clock.advance(limits.TOKEN_IDLE / 2)
    assert place.tried("zhao", used, "192.0.2.3") is None


def test_l31_l34_a_token_of_the_future_is_refused(place: Place, zhao: Account) -> None:
    token, digest = codes.new_token(), ""
    digest = str(codes.token_digest(token))
    ahead = place.clock.seconds() + limits.CLOCK_STEP + 1.0

    def work(rows: Rows) -> None:
        made = Session("s", zhao.id, "token", "login", HOST, "", ahead, ahead, ahead + 3600.0)
        rows.sessions.add(made, generation=zhao.generation, digest=digest)

    place.rows(work)
    assert place.tried("zhao", token) is None
    place.clock.advance(2.0)  # within the minute that clocks may differ by
    assert place.tried("zhao", token) is not None


def test_l34_a_clock_that_is_set_back_makes_nothing_last_longer() -> None:
    clock_place = Place()
    time, ahead = steady(clock_place.clock)
    place = Place(Memory(), clock_place.clock, time=time)
    token = token_of(place, place.account())
    ahead[0] = -3600.0
    place.clock.advance(limits.TOKEN_IDLE - 1.0)
    assert place.tried("zhao", token) is not None
    place.clock.advance(limits.TOKEN_IDLE + 1.0)
    assert place.tried("zhao", token, ELSEWHERE) is None


def test_l34_a_clock_that_is_set_forward_ends_what_it_passes() -> None:
    clock_place = Place()
    time, ahead = steady(clock_place.clock)
    place = Place(Memory(), clock_place.clock, time=time)
    zhao = place.account()
    token = token_of(place, zhao)
    ahead[0] = limits.TOKEN_IDLE + 1.0
    assert place.tried("zhao", token) is None
    ahead[0] = 0.0
    assert place.tried("zhao", token, ELSEWHERE) is None  # and it stays so while the process runs
    assert place.tried("zhao", token_of(place, zhao), "192.0.2.3") is not None


def test_a_use_is_noted_now_and_then(place: Place, zhao: Account) -> None:
    token = token_of(place, zhao)
    place.tried("zhao", token)
    (kept,) = now(place.people.sessions.of(zhao.id))
    assert kept.seen == kept.created
    place.clock.advance(limits.TOKEN_NOTED)
    place.tried("zhao", token)
    (kept,) = now(place.people.sessions.of(zhao.id))
    assert (kept.seen, kept.expires) == (kept.created + limits.TOKEN_NOTED, kept.seen + limits.TOKEN_IDLE)


# What ends them ------------------------------------------------------------------------------


CHANGES: dict[str, Callable[[Rows, Account], object]] = {
    "password": lambda rows, it: admin.set_password(rows, it, Password("new"), 0.0),
    "disabled": lambda rows, it: admin.set_state(rows, it, "disabled"),
    "locked": lambda rows, it: admin.set_state(rows, it, "locked"),
    "revoked": lambda rows, it: admin.revoke(rows, it),
    "removed": lambda rows, it: admin.remove(rows, it),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_l32_what_revokes_is_true_at_once_and_told(place: Place, zhao: Account, kind: str) -> None:
    token, told = token_of(place, zhao), list[AccountChanged]()
    opened(place, zhao)
    place.people.changes.subscribe(told.append)
    place.store.elsewhere(lambda rows: CHANGES[kind](rows, zhao))
    assert [each.kind for each in told] == [kind]
    assert told[0].account.generation > zhao.generation or kind == "removed"
    assert place.tried("zhao", token) is None
    assert now(place.people.sessions.of(zhao.id)) == []


def test_l32_what_was_revoked_stays_so_when_the_account_is_enabled_again(place: Place, zhao: Account) -> None:
    token = token_of(place, zhao)
    now(place.people.disable("zhao"))
    now(place.people.enable("zhao"))
    assert place.tried("zhao", token) is None
    assert place.tried("zhao", "123", ELSEWHERE) is not None


def test_one_is_revoked_by_its_id_and_only_by_its_owner(place: Place, zhao: Account) -> None:
    li = place.account("li", "456")
    session, told = opened(place, zhao), list[AccountChanged]()
    place.people.changes.subscribe(told.append)
    for account, which in ((li, session.id), (zhao, "nothing")):
        with pytest.raises(Refused, match="no such session"):
            now(place.people.sessions.revoke(account.id, which))
    assert now(place.people.sessions.revoke(zhao.id, session.id)) == 1
    assert [(each.kind, each.session) for each in told] == [("session", session.id)]
    with pytest.raises(Refused):
        now(place.people.sessions.revoke("gone", None))


def test_l32_everything_is_revoked_but_the_session_that_asks(place: Place, zhao: Account) -> None:
    kept, other = opened(place, zhao), opened(place, zhao)
    token = token_of(place, zhao)
    text = now(place.people.applications.add(zhao.id, "", {"http"}))
    told: list[AccountChanged] = []
    place.people.changes.subscribe(told.append)
    assert now(place.people.sessions.revoke(zhao.id, None, kept.id)) == 2
    assert [(each.kind, each.session) for each in told] == [("revoked", kept.id)]
    assert [each.id for each in now(place.people.sessions.of(zhao.id))] == [kept.id] != [other.id]
    assert place.tried("zhao", token) is None
    assert place.tried("zhao", text, ELSEWHERE, door="http") is None


def test_a_changed_password_leaves_the_session_that_changed_it(place: Place, zhao: Account) -> None:
    kept = opened(place, zhao)
    opened(place, zhao)
    change = place.people.change_password(
        zhao.id, "123", "94736102 new", source=HOST, door="login", keep=kept.id
    )
    now(change)
    assert [each.id for each in now(place.people.sessions.of(zhao.id))] == [kept.id]


# Processes -----------------------------------------------------------------------------------


def test_the_connections_of_processes_that_have_ended_are_over(place: Place, zhao: Account) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    numbers = {
        "ours": this_process(),
        "ended": ended.pid,
        "its number is another's now": os.getpid() | 12345 << 22,
        "of an older netapp": os.getppid(),
    }

    def work(rows: Rows) -> None:
        for name, number in numbers.items():
            made = Session(name, zhao.id, "live", "login", HOST, "", 1.0, 1.0, 1e12)
            rows.sessions.add(made, generation=zhao.generation, process=number)

    place.rows(work)
    place.rows(place.people.sessions.start)
    left = {each.id for each in now(place.people.sessions.of(zhao.id))}
    assert left == {"ours", "of an older netapp"}


def test_a_process_is_known_by_more_than_its_id() -> None:
    assert lives(this_process())
    assert this_process() & (1 << 22) - 1 == os.getpid()
    assert 0 < this_process() < 2**63
    assert not lives(0)


def test_two_people_of_one_process_keep_one_anothers_sessions(place: Place, zhao: Account) -> None:
    session = opened(place, zhao)
    other = Place(place.store, place.clock)
    assert [each.id for each in now(other.people.sessions.of(zhao.id))] == [session.id]


async def soon(met: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds / 0.02)):
        if met():
            return
        await task.deferLater(reactor, 0.02)
    assert met()


@pytest.mark.real
@pytest.mark.parametrize("kind", ["password", "disabled", "revoked", "session"])
@pytest_twisted.ensureDeferred
async def test_l32_what_another_process_does_ends_it_within_a_second(tmp_path: Path, kind: str) -> None:
    with store.rows(tmp_path) as rows:
        admin.add(rows, "zhao", Password(Hasher(CHEAP).hash(b"123")), 1.0)
    people, told = open_people(tmp_path, reactor), list[AccountChanged]()
    people.changes.subscribe(told.append)
    await people.start()
    try:
        let_in = await people.authenticate("zhao", "123", HOST)
        assert let_in is not None
        session = await people.sessions.open(let_in, door="login", source=HOST)
        token = await people.sessions.token(let_in, door="login", source=HOST)
        program = f"""
import time
from pathlib import Path
from netapp.people import admin, store
from netapp.people.model import Password
with store.rows(Path({str(tmp_path)!r})) as rows:
    zhao = admin.find(rows, "zhao")
    if {kind!r} == "password": admin.set_password(rows, zhao, Password("x"), 2.0)
    elif {kind!r} == "disabled": admin.set_state(rows, zhao, "disabled")
    elif {kind!r} == "revoked": admin.revoke(rows, zhao)
    else:
        for each in rows.sessions.of(zhao.id, time.time()): admin.end_session(rows, zhao, each)
"""
        process = subprocess.Popen([sys.executable, "-c", program])
        while process.poll() is None:
            await task.deferLater(reactor, 0.02)
        assert process.returncode == 0
        assert await people.authenticate("", token, ELSEWHERE, door="http") is None  # at once
        await soon(lambda: bool(told), 1.0)
        assert told[0].kind == kind
        assert kind != "session" or {each.session for each in told} >= {session.id}
    finally:
        await people.stop()


@pytest_twisted.ensureDeferred
async def test_stopping_before_and_twice_is_well(tmp_path: Path) -> None:
    people = open_people(tmp_path, reactor)
    await people.stop()
    people = open_people(tmp_path, reactor)
    await people.start()
    await people.stop()
    await people.stop()


@pytest_twisted.ensureDeferred
async def test_two_people_on_one_directory_tell_one_another(tmp_path: Path) -> None:
    first, second = open_people(tmp_path, reactor), open_people(tmp_path, reactor)
    told: list[Any] = []
    second.changes.subscribe(told.append)
    await defer.gatherResults([first.start(), second.start()])
    try:
        await first.add("zhao", "83625417 long")
        await soon(lambda: bool(told), 2.0)
        assert [each.kind for each in told] == ["added"]
    finally:
        await first.stop()
        await second.stop()
