"""What a ``tap.py`` needs to make a process out of a service: nothing here is a service's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from twisted.application.service import IService
from twisted.logger import Logger

from netapp.core import listen
from netapp.core.config import SharedOptions, starting
from netapp.core.datagrams import OwnPorts
from netapp.core.metrics import Metrics, metrics_factory
from netapp.core.services import House, Part
from netapp.core.signals import Hangup

_log = Logger()
OptionsT = TypeVar("OptionsT", bound=SharedOptions)


@dataclass(frozen=True)
class Shared:
    """What all services of one process have in common."""

    reactor: Any
    metrics: Metrics = field(default_factory=Metrics)
    own_ports: OwnPorts = field(default_factory=OwnPorts)
    hangup: Hangup = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hangup", Hangup(self.reactor))


def alone(plugin: str, options: OptionsT, part: Callable[[OptionsT, Shared], IService]) -> IService:
    """A process that runs one plugin.  What the operator did wrong ends it in one line."""
    from twisted.internet import reactor  # the place that names it for every tap.py

    shared = Shared(reactor)
    house = House()
    starting(plugin, lambda: part(options, shared)).setServiceParent(house)
    shared.hangup.setServiceParent(house)
    if options["metrics"]:
        description = listen.on_loopback(options["metrics"])
        factory = metrics_factory(shared.metrics)
        listen.StreamListener(plugin, description, factory, reactor).setServiceParent(house)
    Part(lambda: _log.info("{plugin}: ready", plugin=plugin), lambda: None).setServiceParent(house)
    return house
