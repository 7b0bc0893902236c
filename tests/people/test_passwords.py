"""Hashes."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from netapp.people.passwords import CHEAP, Cost, Hasher


def test_a_hash_is_its_passwords_and_no_others() -> None:
    hasher = Hasher(CHEAP)
    phc = hasher.hash(b"secret")
    assert hasher.verify(phc, b"secret")
    assert not hasher.verify(phc, b"Secret")
    assert hasher.hash(b"secret") != phc


def test_the_default_is_rfc_9106s_second_choice_in_one_lane() -> None:
    cost = Cost()
    assert (cost.memory, cost.rounds, cost.lanes) == (65536, 3, 1)


def test_l1_the_dummy_costs_what_a_real_hash_costs() -> None:
    hasher = Hasher(Cost(memory=64, rounds=2, lanes=1))
    real, dummy = extract_parameters(hasher.hash(b"x")), extract_parameters(hasher.dummy)
    assert real == dummy
    assert len(hasher.hash(b"x")) == len(hasher.dummy)
    assert not hasher.verify(hasher.dummy, b"x")
    assert Hasher(CHEAP).dummy != Hasher(CHEAP).dummy


@pytest.mark.parametrize(
    "phc", ["", "x", "$argon2id$v=19$", "$2b$12$abc", "$argon2id$v=19$m=8,t=1,p=1$####$####"]
)
def test_what_is_no_hash_is_nobodys(phc: str) -> None:
    assert not Hasher(CHEAP).verify(phc, b"")


def test_a_hash_of_another_cost_is_outdated() -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(b"x")
    assert Hasher(CHEAP).outdated(old)
    assert Hasher(CHEAP).verify(old, b"x")
    assert not Hasher(CHEAP).outdated(Hasher(CHEAP).hash(b"x"))
