"""What is to be stored of zones, and whoever stores it as zones see it: a Keeper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twisted.internet import defer

from netapp.errors import ConfigError
from netapp.names.changing.changes import Change
from netapp.names.zone import Zone


class DamagedZone(ConfigError):
    """What is kept of a zone is there, and is not what was written.  ``path`` is the damaged file."""

    def __init__(self, path: Path, cure: str) -> None:
        super().__init__(f"{path} is damaged: {cure}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Step:
    """A zone has changed.

    :ivar edit: the same of its file, where the owner's edit is the cause.
    """

    change: Change
    edit: Change | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A zone as it is now, all of it.

    :ivar file: what its file holds, as far as it is taken in; None where it has none.
    :ivar history: the changes that led here, oldest first.
    :ivar anew: all of it is stored already, and this only puts it together.
    :ivar mended: what is stored is damaged, and this is what is sound of it, or it is not known
        whether all of it is stored; whatever comes next must be stored whole.
    """

    zone: Zone
    file: Zone | None
    history: tuple[Change, ...] = ()
    anew: bool = False
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing of a zone need be kept: its file has it all.

    :ivar file: that, to be remembered; None if it need not be.
    :ivar sure: nothing else was served with its serial.
    """

    file: Zone | None = None
    sure: bool = False


Entry = Step | Whole | Forget


@dataclass(frozen=True, slots=True)
class Stored:
    """How a zone's entries went: ``error``, or the octets of its journal and of its base.

    ``rebase``: with the error, what is kept is not known any more, and must be written whole.
    """

    error: Exception | None = None
    rebase: bool = False
    journal: int = 0
    base: int = 0


@dataclass(frozen=True, slots=True)
class Begin:
    """How a file's zone begins of which nothing is kept.

    :ivar serial: no other that it was ever served with is newer; it is served with this one, unless
        its file is signed.
    :ivar sure: nothing else was ever served with that serial.
    """

    serial: int
    sure: bool


class Keeper(Protocol):
    """Keeps zones beyond this process."""

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        """What is kept of a zone.

        :param like: shares with it what is the same.
        :raises ConfigError: it cannot be read; the text names cause and cure.
        """

    def note(self, files: Mapping[bytes, Zone]) -> Mapping[bytes, Begin]:
        """What files hold is about to be served.

        :returns: how their zones begin; nothing of those that are not remembered.
        """

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        """Store entries by origin.  Of one zone all are stored, or none, and nothing half."""

    def start(self) -> object: ...

    def stop(self) -> object: ...


class Forgetful:
    """Keeps nothing: for a process without a state directory, and for tests."""

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        return None

    def note(self, files: Mapping[bytes, Zone]) -> Mapping[bytes, Begin]:
        return {origin: Begin(file.serial, sure=True) for origin, file in files.items()}

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        return defer.succeed({origin: Stored() for origin in batch})

    def start(self) -> None: ...

    def stop(self) -> None: ...
