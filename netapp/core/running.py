"""What a ``tap.py`` needs to make a process out of a service: nothing here is a service's own."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from twisted.application.service import IService
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.clock import keep_steady
from netapp.core.config import SharedOptions, starting
from netapp.core.datagrams import OwnPorts
from netapp.core.languages import Lang
from netapp.core.metrics import Metrics, count_listeners, metrics_listener
from netapp.core.notify import Manager, Notifier
from netapp.core.oldlogs import OldLogs, log_file
from netapp.core.services import House, Part, Storeys
from netapp.core.signals import Ending, Hangup
from netapp.core.state import User, acting_as, default_state, final_user, hold
from netapp.core.status.door import status_door
from netapp.core.status.readings import Status
from netapp.core.strangers import Page
from netapp.core.waiting import Waiting

if TYPE_CHECKING:
    from netapp.core.desk import Desk

_log = Logger()
OptionsT = TypeVar("OptionsT", bound=SharedOptions)


class Noun(Protocol):
    """What is true in the house: it begins before the services that show it."""

    def start(self) -> object: ...

    def stop(self) -> object: ...


NounT = TypeVar("NounT", bound=Noun)


@dataclass(frozen=True)
class Shared:
    """What all services of one process have in common."""

    reactor: Any
    #: The user and group that the process will have: ``twistd --uid``.
    user: User = None
    #: The state directory; None for the one that is not named.
    state: Path | None = None
    metrics: Metrics = field(default_factory=Metrics)
    own_ports: OwnPorts = field(default_factory=OwnPorts)
    page: Page = field(default_factory=Page)
    waiting: Waiting = field(default_factory=Waiting)
    hangup: Hangup = field(init=False)
    #: What ``netapp status`` is told.
    status: Status = field(init=False)
    #: What the services stand on: started before them, stopped after them.
    nouns: House = field(default_factory=Storeys)
    _open: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hangup", Hangup(self.reactor))
        object.__setattr__(self, "status", Status(self.reactor))

    def noun(self, name: str, open_it: Callable[[], NounT]) -> NounT:
        """The process's one noun of this name, opened by whoever asks first."""
        if name not in self._open:
            with acting_as(self.user):
                noun = self._open[name] = open_it()
            Part(noun.start, noun.stop).setServiceParent(self.nouns)
        opened: NounT = self._open[name]
        return opened

    def opened(self, name: str) -> Any:
        """The noun of this name, where a service has asked for it; else None."""
        return self._open.get(name)

    def desk(self, lang: Lang) -> "Desk":
        """The operator's desk.  A process has one terminal, and so one desk, whoever is shown there."""
        if "desk" not in self._open:
            from netapp.core.desk import DeskService

            service = self._open["desk"] = DeskService(
                lang, self.reactor, self.state or default_state(os.environ)
            )
            service.setServiceParent(self.nouns)
        desk: Desk = self._open["desk"].desk
        return desk


def alone(plugin: str, options: OptionsT, part: Callable[[OptionsT, Shared], IService]) -> IService:
    """A process that runs one plugin.  What the operator did wrong ends it in one line."""
    from twisted.internet import reactor  # the place that names it for every tap.py

    keep_steady(reactor, time.time, time.monotonic)
    user = starting(plugin, lambda: final_user(options.parent))
    shared = Shared(reactor, user, options.state_path)
    house, doors = Storeys(), House()
    shared.hangup.setServiceParent(house)  # first, and so the last to stop: a SIGHUP kills no transfer
    Part(Ending(reactor).guard, lambda: None).setServiceParent(house)
    Part(allow_many_files, lambda: None).setServiceParent(house)
    Part(shared.status.begin, shared.status.end).setServiceParent(house)
    shared.nouns.setServiceParent(house)
    held = starting(plugin, lambda: hold(options.state_path))
    starting(plugin, lambda: part(options, shared)).setServiceParent(doors)
    if held is None:  # there was none yet
        starting(plugin, lambda: hold(options.state_path))
    doors.setServiceParent(house)
    _watch(plugin, options, shared, house, doors)
    Part(lambda: _log.info("{plugin}: ready", plugin=plugin), lambda: None).setServiceParent(house)
    notifier = Notifier(Manager(os.environ), reactor, time.monotonic_ns, plugin)
    shared.waiting.add(options)

    def told(begins: bool) -> None:
        notifier.reading(begins)
        if not begins:
            shared.waiting.tell(plugin)

    shared.hangup.told = told
    notifier.setServiceParent(house)  # last, and so the first to hear of the stop
    return house


def _absolute(path: str | None) -> str | None:
    """A path that others can use who run in another folder."""
    return os.path.abspath(path) if path else None


def _watch(plugin: str, options: SharedOptions, shared: Shared, house: Storeys, doors: House) -> None:
    """Have the house seen from outside: what it explains, counts, and tells of itself."""
    reactor = shared.reactor
    if options["explain"]:
        from netapp.core.explain.doors import explain_all

        explain_all(house, options["lang"], reactor)
    if options["metrics"]:
        count_listeners(house, shared.metrics)
        access = Access(options["allow"], options["proxy"])
        page = partial(metrics_listener, plugin, options["metrics"], shared.metrics, access, reactor)
        starting(plugin, page).setServiceParent(doors)
    shared.status.page = shared.page
    shared.status.add("faults", "reload", shared.hangup.faults)
    about = {"state": str(options.state_path.absolute())}
    shared.status.add("more", "options", lambda: about | {"settings": _absolute(options.settings_path)})
    if (log_path := log_file(options.parent)) is not None:
        OldLogs(log_path, reactor).setServiceParent(house)
        shared.status.add("retention", "logs", lambda: {"log_files": limits.LOG_OLD})
    door = status_door(plugin, options.state_path, shared.status, house, reactor)
    door.setServiceParent(house)


def allow_many_files() -> None:
    """Take what the system grants of descriptors: its default of 1,024 is few for a server."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = limits.DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, limits.DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
