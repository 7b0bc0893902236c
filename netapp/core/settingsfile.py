"""``STATE/netapp.toml``: the settings that are read when no ``--config`` names others."""

import os
import stat
from pathlib import Path
from typing import Final

from netapp.core import files, limits
from netapp.core.platform import O_NOCTTY, O_NONBLOCK, user
from netapp.errors import ConfigError

NAME: Final = "netapp.toml"


def found(state: Path) -> str | None:
    """The state directory's file of settings; None where there is none.

    What is in it is done with the rights of who starts the process, so nobody else may have written it.

    :raises ConfigError: somebody else may have.
    """
    path = state / NAME
    try:
        about = path.stat()
    except OSError:
        return None
    if about.st_uid not in (0, user()):
        raise ConfigError(
            f"the settings {path} belong to another user: chown {user()} {path}, "
            f"or say --config {path} if they are to be trusted"
        )
    if stat.S_IMODE(about.st_mode) & 0o022:
        raise ConfigError(f"the settings {path} can be written by others: chmod 600 {path}")
    return str(path)


def read(path: str | Path) -> bytes:
    """A file of settings, whoever has put it there: no FIFO that never ends, nothing without bound.

    :raises OSError: it cannot be read.
    :raises ConfigError: it is no file, or too long.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | O_NONBLOCK | O_NOCTTY)) as file:
        about = os.fstat(file.fileno())
        if not (stat.S_ISREG(about.st_mode) or os.path.samestat(about, os.stat(os.devnull))):
            raise ConfigError(f"the configuration file {path} is no regular file")
        octets = file.read(limits.SETTINGS + 1)
    if len(octets) > limits.SETTINGS:
        raise ConfigError(f"the configuration file {path} is longer than {limits.SETTINGS:,} octets")
    return octets


def write_new(state: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file of settings where there is none: it appears whole, or not at all.

    :raises OSError: it cannot be written.
    """
    path = state / NAME
    files.write_new(path, text.encode(), mode)
    return path
