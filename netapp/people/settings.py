"""What all processes on a state directory agree on about passwords: stored as text beside the accounts.

``netapp user tune``, ``policy`` and ``pepper`` write it; a service reads it again when the rows have
changed.  It is read as it stands, and only looked into when it is needed: a setting that makes no
sense stops no service.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from netapp.errors import ConfigError
from netapp.people.passwords import Cost, Hasher, read_pepper
from netapp.people.rules import Policy

if TYPE_CHECKING:
    from netapp.people.rows import Rows  # SQLAlchemy takes its time

COST: Final = "hash cost"
POLICY: Final = "password policy"
PEPPER: Final = "pepper"
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
#: KiB, rounds and lanes that a hash may cost: RFC 9106 section 3.1 allows more, no machine does.
_BOUNDS: Final = {"memory": (8, 4 * 2**20), "rounds": (1, 1000), "lanes": (1, 64)}


@dataclass(frozen=True, slots=True)
class Peppers:
    """Files of keys by their ids, and the id of the one that goes into new hashes; None for none."""

    current: str | None = None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is stored; None where nothing is."""

    stored_cost: str | None = None
    stored_policy: str | None = None
    stored_pepper: str | None = None

    @property
    def policy(self) -> Policy:
        """What new passwords must be."""
        return next((each for each in POLICIES if each == self.stored_policy), "basic")

    def cost(self) -> Cost:
        """What a new hash costs.  :raises ConfigError: what is stored makes no sense."""
        if self.stored_cost is None:
            return Cost()
        stored = _parsed(self.stored_cost)
        numbers: dict[str, int] = {}
        for key, (least, most) in _BOUNDS.items():
            number = stored.get(key)
            if type(number) is not int or not least <= number <= most:
                raise ConfigError(f"the stored hash cost has no good {key}: run  netapp user tune --save")
            numbers[key] = number
        return Cost(**numbers)

    def peppers(self) -> Peppers:
        """:raises ConfigError: what is stored makes no sense."""
        if self.stored_pepper is None:
            return Peppers()
        stored = _parsed(self.stored_pepper)
        current, files = stored.get("current"), stored.get("files")
        if not isinstance(files, dict) or not (current is None or current in files):
            raise ConfigError("the stored pepper makes no sense: run  netapp user pepper FILE")
        return Peppers(current, {str(kid): str(path) for kid, path in files.items()})

    def hasher(self) -> Hasher:
        """One that makes hashes as they are to be made, and knows the peppers of those there are.

        :raises ConfigError: a setting makes no sense; a pepper's file cannot be read, or holds
            another now.
        """
        kept, keys = self.peppers(), {}
        for kid, path in kept.files.items():
            pepper = read_pepper(Path(path))
            if pepper.kid != kid:
                raise ConfigError(f"the pepper {path} is another than it was: put the file back, or its copy")
            keys[kid] = pepper.key
        return Hasher(self.cost(), peppers=keys, current=kept.current)


def read(rows: "Rows") -> Settings:
    return Settings(rows.settings.get(COST), rows.settings.get(POLICY), rows.settings.get(PEPPER))


def put_cost(rows: "Rows", new: Cost | None) -> None:
    """None for the default."""
    rows.settings.put(COST, None if new is None else json.dumps(asdict(new)))


def put_policy(rows: "Rows", new: Policy) -> None:
    rows.settings.put(POLICY, new)


def put_peppers(rows: "Rows", new: Peppers) -> None:
    """Without a file it is as if there had never been one."""
    rows.settings.put(PEPPER, json.dumps(asdict(new)) if new.files else None)


def _parsed(text: str) -> dict[str, Any]:
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise ConfigError("a stored setting of passwords makes no sense: set it anew with netapp user")
    return stored
