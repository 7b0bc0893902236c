"""People: who is let in, at what cost, and what is told of changes."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import defer, reactor

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import admin, open_people, store
from netapp.people.directory import People
from netapp.people.model import Account, AccountChanged, Password, Refused
from netapp.people.passwords import CHEAP, Cost, Hasher
from netapp.people.rows import Rows
from netapp.people.store import MemoryStore

HOST = "192.0.2.1"


class WatchedHasher(Hasher):
    """Keeps which hashes were verified; waits at a gate when a test closes it."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.verified: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.then: Callable[[], object] = lambda: None

    def verify(self, phc: str, password: bytes, kid: str | None = None) -> bool:
        assert self.gate.wait(10)
        self.verified.append(phc)
        right = super().verify(phc, password, kid)
        self.then()
        return right


@pytest.fixture
def hasher() -> WatchedHasher:
    return WatchedHasher()


@pytest.fixture
def people(hasher: WatchedHasher) -> Iterator[People]:
    opened = People(MemoryStore(), hasher, reactor)
    opened.start()
    yield opened
    hasher.gate.set()
    pytest_twisted.blockon(opened.stop())


@pytest.fixture
def zhao(people: People) -> Account:
    added: Account = pytest_twisted.blockon(defer.ensureDeferred(people.add("Zhao", "123", allow_weak=True)))
    return added


def rows(people: People) -> Rows:
    kept = people._ground.store
    assert isinstance(kept, MemoryStore)
    return kept.rows


@pytest_twisted.ensureDeferred
async def test_the_right_password_lets_in_by_any_form_of_the_name(people: People, zhao: Account) -> None:
    for name in ("zhao", "ZHAO", "ｚｈａｏ", b"zhao"):
        account = await people.authenticate(name, "123", HOST)
        assert account is not None
        assert account.id == zhao.id
        assert account.seen is not None
    assert people.admitted == 4


@pytest_twisted.ensureDeferred
async def test_l1_l3_nobody_can_tell_why_a_try_is_wrong(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    await people.add("off", "83625417")
    await people.disable("off")
    kept = rows(people).accounts.password(zhao.id)
    real = kept.phc if kept is not None else None
    for name, password, verified in (
        ("zhao", "124", real),
        ("nobody", "123", hasher.dummy),
        ("off", "83625417", hasher.dummy),
        ("no name!", "123", hasher.dummy),
        ("x" * 5000, "123", hasher.dummy),
    ):
        hasher.verified.clear()
        assert await people.authenticate(name, password, HOST) is None
        assert hasher.verified == [verified]
    assert people.refused == 5


@pytest_twisted.ensureDeferred
async def test_l9_l11_what_can_be_no_password_is_refused_before_any_hashing(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.verified.clear()
    for password in ("", "y" * 1025, "z" * 1025, "x" * 64 * 1024 * 1024):
        assert await people.authenticate("zhao", password, HOST) is None
    assert hasher.verified == []
    assert people.refused == 4
    assert people.throttle.account_wait(HOST, ["zhao"], people._ground.now()) > 0


@pytest_twisted.ensureDeferred
async def test_l14_words_typed_in_gbk_are_read_in_the_one_try(people: People, hasher: WatchedHasher) -> None:
    await people.add("小明", "密码密码密码密码")
    for codec in ("utf-8", "gbk"):
        account = await people.authenticate("小明".encode(codec), "密码密码密码密码".encode(codec), HOST)
        assert account is not None
    await people.add("li", "脕脕脕脕脕脕脕脕")  # in GBK its octets are UTF-8 too
    hasher.verified.clear()
    assert await people.authenticate(b"li", "脕脕脕脕脕脕脕脕".encode("gbk"), HOST) is not None
    assert len(hasher.verified) == 2
    assert people.refused == 0


@pytest_twisted.ensureDeferred
async def test_l8_too_many_at_once_are_told_so_and_it_is_no_failed_try(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.gate.clear()
    tries = [people.authenticate(f"zhao{number}", "124", "127.0.0.1") for number in range(200)]
    busy = [each for each in tries if each.called]
    assert len(tries) - len(busy) <= limits.HASH_QUEUE + limits.HASH_THREADS
    for each in busy:
        with pytest.raises(Busy):
            await each
    hasher.gate.set()
    wrong = [await each for each in tries if each not in busy]
    assert wrong == [None] * len(wrong)
    assert people.refused == len(wrong) < 200


@pytest_twisted.ensureDeferred
async def test_l8_one_address_does_not_fill_the_queue_for_the_others(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.gate.clear()
    tries = [people.authenticate("zhao", "123", HOST) for _ in range(100)]
    others = people.authenticate("zhao", "123", "192.0.2.2")
    busy = [each for each in tries if each.called]
    assert len(tries) - len(busy) == limits.HASH_QUEUE_PER_ADDRESS
    for each in busy:
        each.addErrback(lambda failure: failure.trap(Busy))
    hasher.gate.set()
    assert await others is not None
    await defer.gatherResults([each for each in tries if each not in busy])


@pytest_twisted.ensureDeferred
async def test_l17_addresses_of_one_network_have_one_place_in_the_queue(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.gate.clear()
    tries = [people.authenticate("zhao", "123", f"2001:db8::{number + 1:x}") for number in range(40)]
    busy = [each for each in tries if each.called]
    for each in busy:
        each.addErrback(lambda failure: failure.trap(Busy))
    assert len(tries) - len(busy) == limits.HASH_QUEUE_PER_ADDRESS
    hasher.gate.set()
    await defer.gatherResults([each for each in tries if each not in busy])


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("host", [HOST, "127.0.0.1"])
async def test_l8_tries_at_once_for_one_account_cost_as_one_after_another(
    people: People, hasher: WatchedHasher, zhao: Account, host: str
) -> None:
    hasher.verified.clear()
    tries = [people.authenticate("zhao", f"wrong {number}", host) for number in range(10)]
    assert await defer.gatherResults(tries[:3]) == [None] * 3
    await defer.ensureDeferred(people.find("zhao"))  # whatever else could begin has begun
    assert len(hasher.verified) == 3
    assert 0.0 < people.throttle.account_wait(host, ["zhao"], people._ground.now()) <= 1.0
    assert await tries[3] is None
    assert len(hasher.verified) == 4
    assert not any(each.called for each in tries[4:])
    for each in tries[4:]:
        each.cancel()
        each.addErrback(lambda failure: failure.trap(defer.CancelledError))
    assert people._turns._locks == {}
    assert people.refused == 4
    assert not people._turns._under_way


@pytest_twisted.ensureDeferred
async def test_l8_many_who_are_right_at_once_come_in(people: People, zhao: Account) -> None:
    hosts = ["127.0.0.1"] * limits.HASH_QUEUE_PER_ADDRESS + [f"192.0.2.{n}" for n in range(1, 30)]
    admitted = await defer.gatherResults([people.authenticate("zhao", "123", host) for host in hosts])
    assert all(account is not None for account in admitted)


@pytest_twisted.ensureDeferred
async def test_l26_a_try_that_nobody_waits_for_leaves_the_queue(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.gate.clear()
    tries = [people.authenticate(f"zhao{number % 5}", "124", "127.0.0.1") for number in range(60)]
    for each in tries:
        each.cancel()
        with pytest.raises(defer.CancelledError):
            await each
    hasher.gate.set()
    assert await people.authenticate("zhao", "123", "127.0.0.1") is not None
    assert len(hasher.verified) <= limits.HASH_THREADS + 1
    assert people.refused == 0


@pytest_twisted.ensureDeferred
async def test_a_change_while_the_password_is_hashed_counts(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    hasher.then = lambda: rows(people).accounts.set_password(zhao.id, Password(hasher.hash(b"new")), 0.0)
    assert await people.authenticate("zhao", "123", HOST) is None
    hasher.then = lambda: rows(people).accounts.remove(zhao.id)
    assert await people.authenticate("zhao", "new", HOST) is None


@pytest_twisted.ensureDeferred
async def test_an_old_hash_is_made_anew_at_a_login(
    people: People, hasher: WatchedHasher, zhao: Account
) -> None:
    old = Hasher(Cost(memory=16, rounds=2)).hash(b"123")
    rows(people).accounts.set_password(zhao.id, Password(old), 0.0)
    assert await people.authenticate("zhao", "123", HOST) is not None
    renewed = rows(people).accounts.password(zhao.id)
    assert renewed is not None
    assert not hasher.outdated(renewed.phc)
    assert await people.authenticate("zhao", "123", HOST) is not None


@pytest_twisted.ensureDeferred
async def test_failures_slow_down_and_a_success_forgives(people: People, zhao: Account) -> None:
    for number in range(4):
        await people.authenticate("ZHAO", f"wrong {number}", HOST)
    wait = people.throttle.account_wait(HOST, ["zhao"], people._ground.now())
    assert 1.0 < wait <= 2.0
    await people.authenticate("zhao", "123", HOST)
    assert people.throttle.account_wait(HOST, ["zhao"], people._ground.now()) == 0.0


@pytest_twisted.ensureDeferred
async def test_changes_are_published_once_they_are_stored(people: People) -> None:
    told: list[AccountChanged] = []
    people.changes.subscribe(told.append)
    await people.add("Zhao", "83625417")
    await people.set_password("zhao", "94736102")
    await people.disable("zhao")
    await people.enable("zhao")
    await people.remove("zhao")
    assert [each.kind for each in told] == ["added", "password", "disabled", "enabled", "removed"]
    assert [each.account.generation for each in told] == [0, 1, 2, 3, 3]
    assert len({each.account.id for each in told}) == 1


@pytest_twisted.ensureDeferred
async def test_what_the_rules_forbid_changes_nothing(people: People, zhao: Account) -> None:
    told: list[Any] = []
    people.changes.subscribe(told.append)
    for change in (
        people.add("zhao", "83625417"),
        people.add("a b", "83625417"),
        people.add("li", "1234567"),
        people.set_password("li", "83625417"),
        people.disable("li"),
    ):
        with pytest.raises(Refused):
            await change
    assert list(await people.all()) == [zhao]
    assert told == []


@pytest_twisted.ensureDeferred
async def test_names_are_found_in_any_form(people: People, zhao: Account) -> None:
    assert await people.find("ZHAO") == await people.get(zhao.id) == zhao
    for name in ("li", "", "a b", "x" * 1000):
        assert await people.find(name) is None


@pytest_twisted.ensureDeferred
async def test_on_disk_what_another_process_changes_is_true_at_once(tmp_path: Path) -> None:
    with store.rows(tmp_path) as opened:
        zhao = admin.add(opened, "Zhao", Password(Hasher(CHEAP).hash(b"123")), time.time())
    people = open_people(tmp_path, reactor)
    people.start()
    try:
        assert await people.authenticate("zhao", "123", HOST) is not None
        with store.rows(tmp_path) as opened:
            kept = opened.accounts.password(zhao.id)
            assert kept is not None
            assert not Hasher().outdated(kept.phc)  # made anew
            admin.set_state(opened, zhao, "disabled")
        assert await people.authenticate("zhao", "123", HOST) is None
        with store.rows(tmp_path) as opened:
            admin.remove(opened, zhao)
        assert await people.find("zhao") is None
    finally:
        await people.stop()
