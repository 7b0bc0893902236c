"""What is stored about passwords for all processes."""

from pathlib import Path

import pytest

from netapp.errors import ConfigError
from netapp.people import settings
from netapp.people.passwords import CHEAP, Cost, read_pepper
from netapp.people.rows import Rows
from netapp.people.settings import Peppers, Settings
from netapp.people.store import MemoryStore


@pytest.fixture
def rows() -> Rows:
    return MemoryStore().rows


def test_without_any_the_defaults_are_true(rows: Rows) -> None:
    stored = settings.read(rows)
    assert stored == Settings()
    assert (stored.cost(), stored.policy, stored.peppers()) == (Cost(), "basic", Peppers())
    assert stored.hasher().current is None


def test_what_is_put_is_read_again(rows: Rows) -> None:
    settings.put_cost(rows, CHEAP)
    settings.put_policy(rows, "nist")
    settings.put_peppers(rows, Peppers("a", {"a": "/pepper"}))
    stored = settings.read(rows)
    assert (stored.cost(), stored.policy) == (CHEAP, "nist")
    assert stored.peppers() == Peppers("a", {"a": "/pepper"})
    settings.put_cost(rows, None)
    settings.put_peppers(rows, Peppers())
    assert settings.read(rows) == Settings(stored_policy="nist")


def test_a_hasher_has_the_pepper_and_those_of_earlier_hashes(rows: Rows, tmp_path: Path) -> None:
    kids = []
    for name in ("old", "new"):
        (tmp_path / name).write_text(name * 20)
        (tmp_path / name).chmod(0o600)
        kids.append(read_pepper(tmp_path / name).kid)
    files = dict(zip(kids, map(str, (tmp_path / "old", tmp_path / "new")), strict=True))
    settings.put_cost(rows, CHEAP)
    settings.put_peppers(rows, Peppers(kids[0], files))
    before = settings.read(rows).hasher().hash(b"secret")
    settings.put_peppers(rows, Peppers(kids[1], files))
    hasher = settings.read(rows).hasher()
    assert hasher.verify(before, b"secret", kids[0])
    assert hasher.outdated(before, kids[0])
    (tmp_path / "old").write_text("another key" * 5)
    with pytest.raises(ConfigError, match="another than it was"):
        settings.read(rows).hasher()


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"memory": 1, "rounds": 1, "lanes": 1}',
        '{"memory": 8, "rounds": true, "lanes": 1}',
    ],
)
def test_a_cost_that_makes_no_sense_is_told_once_it_is_needed(rows: Rows, stored: str) -> None:
    rows.settings.put(settings.COST, stored)
    assert settings.read(rows).policy == "basic"
    with pytest.raises(ConfigError, match="netapp user"):
        settings.read(rows).hasher()


@pytest.mark.parametrize("stored", ["x", "{}", '{"current": "a", "files": {}}', '{"files": 1}'])
def test_a_pepper_that_makes_no_sense_is_told_once_it_is_needed(rows: Rows, stored: str) -> None:
    rows.settings.put(settings.PEPPER, stored)
    with pytest.raises(ConfigError, match="netapp user"):
        settings.read(rows).hasher()


def test_a_policy_that_there_is_not_is_the_basic_one(rows: Rows) -> None:
    rows.settings.put(settings.POLICY, "strict")
    assert settings.read(rows).policy == "basic"
