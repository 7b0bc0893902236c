"""What a process tells about itself, to ``netapp status``: plain values that JSON can carry.

Services and nouns say what can be asked of them; nothing is read until somebody asks.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from twisted.application.service import IService
from twisted.internet.interfaces import IReactorTime
from twisted.logger import ILogObserver, Logger, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

import netapp
from netapp.core import limits
from netapp.core.addresses import own_addresses, reach
from netapp.core.connections import SessionFactory
from netapp.core.datagrams import Datagrams
from netapp.core.listen import DatagramListener, Listener, StreamListener
from netapp.core.services import parts
from netapp.core.strangers import Page
from netapp.core.text import visible

Reading = Callable[[], Any]

_log = Logger()
_SERIOUS: Final = (LogLevel.error, LogLevel.critical)
_OF_STREAMS: Final = ("connections", "accepted", "refused", "malformed")
_OF_DATAGRAMS: Final = ("received", "answered", "refused", "malformed", "unsent")


@implementer(ILogObserver)
class Errors:
    """An observer of the log: how many failures there were, and the last one's line.

    An event with a true ``standing`` is none of them: it stands among the faults for as long as it is so.
    """

    def __init__(self) -> None:
        self.count, self.last, self.time = 0, "", 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        if event.get("log_level") not in _SERIOUS or event.get("standing"):
            return
        self.count += 1
        line = formatEvent(event) or ""
        if (failure := event.get("log_failure")) is not None:
            line = f"{line}: {failure.getErrorMessage()}"
        self.last = visible(" ".join(line.split()))[: limits.STATUS_LINE]
        self.time = event.get("log_time", 0.0)


class Status:
    """One process's readings.

    :param clock: its seconds are since 1970.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._started = clock.seconds()
        self._readings: dict[str, dict[str, Reading]] = {}
        self.errors = Errors()
        self.page = Page()

    def add(self, key: str, source: str, reading: Reading) -> None:
        """Have something told: ``add("present", "talk", ...)``.

        :param key: ``present`` takes pairs of a name and a door, ``retention`` and ``more`` take dicts,
            ``faults`` lines of what is wrong now.
        :param source: who reads it; a second reading of the same takes the place of the first.
        """
        self._readings.setdefault(key, {})[source] = reading

    def begin(self) -> None:
        self._started = self._clock.seconds()
        globalLogPublisher.addObserver(self.errors)

    def end(self) -> None:
        globalLogPublisher.removeObserver(self.errors)

    def snapshot(self, plugin: str, house: IService) -> dict[str, Any]:
        """All of it now."""
        now, addresses = self._clock.seconds(), own_addresses()
        present = sorted({(str(name), str(door)) for each in self._read("present") for name, door in each})
        return {
            "plugin": plugin,
            "version": netapp.__version__,
            "pid": os.getpid(),
            "started": self._started,
            "uptime": max(0.0, now - self._started),
            "addresses": addresses,
            "begin": self._begin(addresses),
            "listeners": [
                _listener(each, addresses) for each in islice(standing(house), limits.STATUS_LISTENERS)
            ],
            "present": [{"name": name, "door": door} for name, door in present[: limits.STATUS_NAMES]],
            "present_count": len({name for name, _ in present}),
            "errors": {"count": self.errors.count, "last": self.errors.last, "time": self.errors.time},
            "faults": [
                visible(" ".join(line.split()))[: limits.STATUS_LINE]
                for line in islice(chain.from_iterable(self._read("faults")), limits.STATUS_FAULTS)
            ],
            "retention": {key: value for each in self._read("retention") for key, value in each.items()},
            **{key: value for each in self._read("more") for key, value in each.items()},
        }

    def _begin(self, addresses: Sequence[str]) -> str | None:
        """The address with which somebody at another machine begins."""
        there = reach(self.page.host, addresses)
        return self.page.url(there[0]) if there else None

    def _read(self, key: str) -> Iterator[Any]:
        for source, reading in self._readings.get(key, {}).items():
            try:
                yield reading()
            except Exception:  # what one cannot tell, the others can
                _log.failure("the status of {source} cannot be read", source=source)


def standing(house: IService) -> Iterator[Listener]:
    """The listeners that have a socket now."""
    return (each for each in parts(house) if isinstance(each, Listener) and each.stands)


def _listener(each: Listener, addresses: Sequence[str]) -> dict[str, Any]:
    """:param addresses: this machine's."""
    where = each.address()
    there = reach(where["host"], addresses)
    told: dict[str, Any] = {"owner": each.owner, "description": each.description, **where, "reach": there}
    told["hint"] = each.hint(there[0] if there else None)
    if isinstance(each, StreamListener) and isinstance(each.factory, SessionFactory):
        told |= _numbers(each.factory, _OF_STREAMS)
    elif isinstance(each, DatagramListener) and isinstance(each.handler, Datagrams):
        told |= _numbers(each.handler, _OF_DATAGRAMS)
    return told


def _numbers(counted: object, names: Sequence[str]) -> dict[str, int]:
    return {name: getattr(counted, name) for name in names}
