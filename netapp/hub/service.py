"""All services from one set of options."""

import importlib
from collections.abc import Sequence
from typing import Any

from twisted.python import usage

from netapp.core.running import Shared
from netapp.core.services import House
from netapp.errors import ConfigError


def hub_service(names: Sequence[str], arguments: Sequence[str], shared: Shared) -> House:
    """Each service by its own ``tap.part``, as its own plugin would build it.

    :param arguments: the shared options of the hub's command line, which each service reads as
        its own, configuration file included.
    :raises ConfigError: whatever a service finds wrong, with the service's name before it.
    """
    house = House()
    for name in names:
        tap = tap_of(name)
        options = tap.Options()
        try:
            options.parseOptions(arguments)
            shared.waiting.add(options)
            tap.part(options, shared).setServiceParent(house)
        except (usage.UsageError, ConfigError) as error:
            raise ConfigError(f"{name}: {error}") from None
    return house


def tap_of(name: str) -> Any:
    """A service's command line and what it makes of it, imported when it is wanted."""
    return importlib.import_module(f"netapp.{name}.tap")
