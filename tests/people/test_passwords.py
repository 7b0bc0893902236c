"""Hashes, peppers, and what a hash may cost."""

import hashlib
import hmac
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from netapp.errors import ConfigError
from netapp.people.passwords import (
    CHEAP,
    MEMORIES,
    Cost,
    Hasher,
    Measured,
    UnknownPepper,
    read_pepper,
    stopwatch,
    tune,
)

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_hash_is_its_passwords_and_no_others() -> None:
    hasher = Hasher(CHEAP)
    phc = hasher.hash(b"secret")
    assert hasher.verify(phc, b"secret")
    assert not hasher.verify(phc, b"Secret")
    assert hasher.hash(b"secret") != phc


def test_the_default_is_rfc_9106s_second_choice_in_one_lane() -> None:
    cost = Cost()
    assert (cost.memory, cost.rounds, cost.lanes) == (65536, 3, 1)


@pytest.mark.parametrize("peppers", [{}, {"k": NEW}])
def test_l1_l3_the_dummy_costs_what_a_real_hash_costs(peppers: dict[str, bytes]) -> None:
    hasher = Hasher(Cost(memory=64, rounds=2, lanes=1), peppers=peppers, current=next(iter(peppers), None))
    real, dummy = extract_parameters(hasher.hash(b"x")), extract_parameters(hasher.dummy)
    assert real == dummy
    assert real.type is Type.ID
    assert len(hasher.hash(b"x")) == len(hasher.dummy)
    assert not hasher.verify(hasher.dummy, b"x", hasher.current)
    assert Hasher(CHEAP).dummy != Hasher(CHEAP).dummy


@pytest.mark.parametrize(
    "phc",
    ["", "x", "$argon2id$v=19$", "$2b$12$abc", "$argon2id$v=19$m=8,t=1,p=1$####$####", "é", "$argon2id$\0"],
)
def test_what_is_no_hash_is_nobodys(phc: str) -> None:
    assert not Hasher(CHEAP).verify(phc, b"")


def test_a_hash_of_another_cost_is_verified_and_outdated() -> None:
    for other in (
        PasswordHasher(time_cost=2, memory_cost=16, parallelism=1),
        PasswordHasher(time_cost=1, memory_cost=16, parallelism=2, salt_len=8, hash_len=16),
        PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.I),
    ):
        old = other.hash(b"x")
        assert Hasher(CHEAP).outdated(old)
        assert Hasher(CHEAP).verify(old, b"x")
        assert not Hasher(CHEAP).verify(old, b"y")
    assert not Hasher(CHEAP).outdated(Hasher(CHEAP).hash(b"x"))


# Peppers -------------------------------------------------------------------------------------


def test_with_a_pepper_its_mac_is_what_is_hashed() -> None:
    hasher = Hasher(CHEAP, peppers={"new": NEW}, current="new")
    phc = hasher.hash(b"secret")
    assert hasher.verify(phc, b"secret", "new")
    assert not hasher.verify(phc, b"secret")
    assert Hasher(CHEAP).verify(phc, hmac.new(NEW, b"secret", hashlib.sha256).digest())


def test_a_pepper_is_changed_by_the_logins() -> None:
    before = Hasher(CHEAP, peppers={"old": OLD}, current="old").hash(b"secret")
    hasher = Hasher(CHEAP, peppers={"new": NEW, "old": OLD}, current="new")
    assert hasher.verify(before, b"secret", "old")
    assert hasher.outdated(before, "old")
    after = hasher.hash(b"secret")
    assert hasher.verify(after, b"secret", hasher.current)
    assert not hasher.outdated(after, hasher.current)


def test_a_pepper_is_begun_and_given_up_by_the_logins() -> None:
    plain, peppered = Hasher(CHEAP), Hasher(CHEAP, peppers={"new": NEW}, current="new")
    assert peppered.verify(plain.hash(b"x"), b"x")
    assert peppered.outdated(plain.hash(b"x"))
    ending = Hasher(CHEAP, peppers={"new": NEW})
    assert ending.verify(peppered.hash(b"x"), b"x", "new")
    assert ending.outdated(peppered.hash(b"x"), "new")


def test_l41_a_pepper_that_is_not_at_hand_is_no_wrong_password() -> None:
    phc = Hasher(CHEAP, peppers={"old": OLD}, current="old").hash(b"x")
    with pytest.raises(UnknownPepper, match="old"):
        Hasher(CHEAP).verify(phc, b"x", "old")
    with pytest.raises(ConfigError, match="not at hand"):
        Hasher(CHEAP, peppers={"old": OLD}, current="new")


def pepper_file(path: Path, octets: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(octets)
    path.chmod(mode)
    return path


def test_a_pepper_is_what_its_file_holds(tmp_path: Path) -> None:
    one = read_pepper(pepper_file(tmp_path / "one", b"k" * 64 + b"\n"))
    assert one.key == b"k" * 64
    assert len(one.kid) == 16
    assert one == read_pepper(pepper_file(tmp_path / "two", b"k" * 64, 0o400))
    assert one.kid != read_pepper(pepper_file(tmp_path / "other", b"j" * 64)).kid
    assert "kkkk" not in repr(one)


@pytest.mark.parametrize(
    ("octets", "mode", "told"),
    [
        (b"k" * 64, 0o640, "mode 0640"),
        (b"k" * 64, 0o604, "chmod 600"),
        (b"k" * 31 + b"\n", 0o600, "32 to 1024 octets"),
        (b"", 0o600, "openssl rand -hex 32"),
        (b"k" * 1025, 0o600, "32 to 1024 octets"),
    ],
)
def test_a_pepper_that_is_open_or_no_key_is_refused(
    tmp_path: Path, octets: bytes, mode: int, told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        read_pepper(pepper_file(tmp_path / "pepper", octets, mode))
    assert "\n" not in str(refused.value)


def test_l41_a_pepper_that_is_not_there_is_told_with_its_cure(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    for path in (tmp_path / "none", tmp_path, tmp_path / "fifo"):
        with pytest.raises(ConfigError, match=r"umask 077; openssl rand"):
            read_pepper(path)


# What a hash may cost ------------------------------------------------------------------------


def machine(per_mib_round: float, begin: float = 0.0, most: int = 2**40) -> Callable[[Cost], float]:
    """A hash takes so many seconds for each MiB and round, and more for the first."""
    return lambda cost: (
        math.inf if cost.memory > most else cost.memory / 1024 * (begin + per_mib_round * cost.rounds)
    )


def test_memory_comes_before_rounds() -> None:
    tuning = tune(machine(0.0008), target=0.25)
    assert tuning.proposed == Cost(memory=256 * 1024, rounds=1)
    assert [each.cost.memory for each in tuning.measured] == list(MEMORIES)
    assert tune(machine(0.0003), target=0.25).proposed == Cost(memory=256 * 1024, rounds=3)


def test_for_each_memory_the_most_rounds_within_the_target_are_found() -> None:
    for begin in (0.0, 0.0005):
        measure = machine(0.0004, begin)
        for each in tune(measure, target=0.25).measured:
            more = Cost(each.cost.memory, each.cost.rounds + 1)
            assert each.seconds == measure(each.cost) <= 0.25
            assert measure(more) > 0.25 or each.cost.rounds == 10


def test_a_slow_machine_gets_what_it_can_bear() -> None:
    tuning = tune(machine(0.002), target=0.25)
    assert tuning.proposed == Cost(memory=96 * 1024, rounds=1)
    assert tuning.measured[-1].seconds > 0.25  # and nothing beyond is tried
    hopeless = tune(machine(1.0), target=0.25)
    assert hopeless.proposed == Cost(memory=19 * 1024, rounds=2)
    assert len(hopeless.measured) == 1


def test_memory_that_there_is_not_is_not_proposed() -> None:
    assert tune(machine(0.0001, most=64 * 1024)).proposed.memory == 64 * 1024
    assert tune(machine(0.0001), memories=(65536,)).proposed == Cost(memory=65536, rounds=10)


def test_a_stopwatch_tells_the_quickest_of_its_tries() -> None:
    ticks = iter((0.0, 0.5, 1.0, 1.25, 2.0, 2.75))
    assert stopwatch(lambda: next(ticks))(CHEAP) == 0.25
    impossible = Cost(memory=8, rounds=1, lanes=4)  # too little for them, as elsewhere too much
    assert stopwatch(lambda: 0.0)(impossible) == math.inf
    assert Measured(Cost(memory=8, rounds=2), 0.1).strength == 128
