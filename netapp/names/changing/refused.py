"""What owners' edits were not taken in for: told in the log once, and for as long as it holds to who asks."""

from collections.abc import Iterable

from twisted.logger import Logger

from netapp.names.naming import shown


class Refused:
    """The reasons, by origin."""

    _log = Logger()

    def __init__(self) -> None:
        self._unstored: dict[bytes, str] = {}  # zones whose last change the disk did not take
        self._edits: dict[bytes, str] = {}

    def why(self, origin: bytes) -> str:
        """Why a zone's file is not what is served; "" if it is."""
        return self._edits.get(origin, "")

    def forget(self, origins: Iterable[bytes]) -> None:
        """These zones have gone."""
        for origin in origins:
            self._unstored.pop(origin, None)
            self._edits.pop(origin, None)

    def unstored(self, origin: bytes, why: str) -> None:
        if self._unstored.get(origin) != why:
            self._unstored[origin] = why
            self._log.error("names: {zone} is not stored: {error}", zone=shown(origin), error=why)

    def stored(self, origin: bytes) -> None:
        self._unstored.pop(origin, None)

    def edit(self, origin: bytes, why: str, *, again: bool) -> None:
        """An edit is not taken in.  :param again: it was not before, and nobody asks."""
        if not (again and self._edits.get(origin) == why):
            self._log.error("names: {error}; the old zone stays", error=why)
        self._edits[origin] = why

    def taken_in(self, origin: bytes) -> None:
        if self._edits.pop(origin, None) is not None:
            self._log.info("names: {zone}: what its file says is served now", zone=shown(origin))
