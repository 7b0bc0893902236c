"""Which services a process runs."""

from collections.abc import Sequence
from typing import Final

from netapp.errors import ConfigError

PLUGIN: Final = "netapp"
#: In the order in which they start and speak up in the log.
SERVICES: Final = ("dns", "login", "chat", "file", "udpchat", "echo")


def chosen(only: Sequence[str], without: Sequence[str]) -> tuple[str, ...]:
    """The services that ``--only`` and ``--without`` leave.

    :raises ConfigError: a service that there is not, or none left.
    """
    for name in (*only, *without):
        if name not in SERVICES:
            raise ConfigError(f"there is no service {name!r}; there are {', '.join(SERVICES)}")
    left = tuple(name for name in SERVICES if (not only or name in only) and name not in without)
    if not left:
        raise ConfigError("--only and --without leave no service to run")
    return left
