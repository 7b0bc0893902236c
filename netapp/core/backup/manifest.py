"""What has come of an archive, held against its manifest, in little memory: marks of members, no names."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from netapp.core import limits
from netapp.core.backup import MANIFEST, Unfit
from netapp.core.text import visible

_SHOWN: Final = 80
_ENTRY: Final = 160  # octets of a manifest's entry beside the name
_REST: Final = 4096  # octets of a manifest beside its entries


def entry_size(name: str) -> int:
    """Octets that a member takes in a manifest, at most."""
    return len(json.dumps(name)) + _ENTRY


def shown(name: str) -> str:
    """A member's name, as it may stand in a line."""
    name = visible(name.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    return name if len(name) <= _SHOWN else name[:_SHOWN] + "…"


def _mark(value: object) -> bytes:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode("ascii"), digest_size=16).digest()


class Listed:
    """The members of an archive, in order.  :param path: of the archive, for what is said of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: list[bytes] = []
        self._kinds: dict[bytes, bool] = {_mark(""): True}  # a name's mark to whether it is a folder
        self._size = _REST
        self.files = 0

    def kind(self, name: str) -> bool | None:
        """Whether a member is a folder; None where there is none."""
        return self._kinds.get(_mark(name))

    def name(self, name: str, *, is_folder: bool) -> None:
        """:raises Unfit: all names together are too long."""
        self._size += entry_size(name)
        if self._size > limits.BACKUP_MANIFEST:
            raise Unfit("many", path=self._path)
        self._kinds[_mark(name)] = is_folder

    def add(self, entry: dict[str, object]) -> None:
        self._marks.append(_mark(entry))
        self.files += "size" in entry

    def mark(self) -> bytes:
        """Of all of them, in their order."""
        return hashlib.blake2b(b"".join(self._marks)).digest()

    @property
    def most(self) -> int:
        """Octets that the manifest of what has come can have."""
        return self._size

    def databases(self, manifest: bytes) -> dict[str, str]:
        """What a manifest says of them.  :raises Unfit: it is damaged, or a member is."""
        comparing = _Comparing(self._path, self._marks)
        try:
            value: Any = json.loads(manifest.decode("ascii"), object_hook=comparing.object)
        except (ValueError, RecursionError):
            value = None
        promised = value.get("members") if isinstance(value, dict) else None
        databases = value.get("databases") if isinstance(value, dict) else None
        if not isinstance(promised, list) or not isinstance(databases, dict):
            raise Unfit("damaged", path=self._path, name=MANIFEST)
        if not len(promised) == len(self._marks) == comparing.count or not _voids_are_replaced(promised):
            raise Unfit("damaged", path=self._path, name=MANIFEST)
        return {str(name): str(revision) for name, revision in databases.items()}


class _Comparing:
    """Compares each entry as it is read, and keeps of it only what is needed."""

    def __init__(self, path: Path, marks: list[bytes]) -> None:
        self._path, self._marks = path, marks
        self.count = 0

    def object(self, value: dict[str, object]) -> object:
        """:returns: of an entry, its name's mark and whether it is void; of anything else, itself."""
        if "name" not in value:
            return value
        void = bool(value.pop("void", False))
        try:
            mark = _mark(value)
        except TypeError:
            mark = b""
        if self.count >= len(self._marks) or mark != self._marks[self.count]:
            raise Unfit("damaged", path=self._path, name=shown(str(value["name"])))
        self.count += 1
        return _mark(value["name"]), void


def _voids_are_replaced(promised: list[object]) -> bool:
    """Each name counts once: of several, all but the last are void, and no other is."""
    seen: set[bytes] = set()
    for entry in reversed(promised):
        if not isinstance(entry, tuple):
            return False
        name, void = entry
        if void != (name in seen):
            return False
        seen.add(name)
    return True
