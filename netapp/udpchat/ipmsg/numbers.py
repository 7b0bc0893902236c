"""Packet numbers that rise for ever: iptux throws away a message whose number does not (IPMSG 7.7)."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from netapp.core.state import locked
from netapp.errors import ConfigError

#: Numbers taken from the file at once, so that it is written seldom.
BLOCK: Final = 4096
#: Largest number; some clients keep it signed: IPMSG 2.4.
MOST: Final = 2**31 - 1


class Numbers:
    """Gives the greater of the clock and the last number plus one.

    The file holds a number that none given is above; :meth:`reserve` must be called before the
    first is taken.

    :param clock: seconds since 1970 UTC.
    """

    _log = Logger()

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path, self._clock = path, clock
        self._last = self._reserved = 0

    def reserve(self) -> None:
        """Take a block from the file.  :raises ConfigError: it cannot be read or written."""
        try:
            with locked(self._path.parent):
                last = max(self._last, self._read(), min(int(self._clock()), MOST - BLOCK))
                if last > MOST - BLOCK:
                    last = 0  # after 2038, or a clock that was there: nothing better can be done
                self._write(last + BLOCK)
        except OSError as error:
            raise ConfigError(
                f"{self._path} cannot be kept ({error.strerror}): choose another directory with --state"
            ) from None
        self._last, self._reserved = last, last + BLOCK

    def __call__(self) -> int:
        self._last = max(self._last + 1, min(int(self._clock()), self._reserved + 1))
        if self._last > self._reserved:
            self._go_on()
        return self._last

    def _go_on(self) -> None:
        try:
            self.reserve()
        except ConfigError as error:  # a full disk: go on, they still rise until a restart
            self._log.error("packet numbers: {reason}", reason=str(error))
            self._reserved = self._last + BLOCK
        self._last += 1

    def _read(self) -> int:
        try:
            text = self._path.read_text("ascii", "replace").strip()
        except FileNotFoundError:
            return 0
        if re.fullmatch("[0-9]{1,10}", text) is None:
            raise ConfigError(f"{self._path} holds no number: remove it if nothing else wants it")
        return int(text)

    def _write(self, number: int) -> None:
        new = self._path.with_suffix(".new")
        with open(new, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
