"""The state directory: where things are kept, readable by nobody else."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from netapp.errors import ConfigError


def default_state(environ: Mapping[str, str]) -> Path:
    """``$NETAPP_STATE``, else ``netapp`` under the XDG state home."""
    if chosen := environ.get("NETAPP_STATE"):
        return Path(chosen)
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(home) / "netapp"


def open_state(path: Path) -> Path:
    """Make the directory if need be, mode 0700, and see that it can be written.

    :raises ConfigError: it cannot; the text names the cause and the cure.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"the state directory {path} cannot be written ({error.strerror}): choose another with --state"
        ) from None
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the state directory's lock: two first starts do not race.  It dies with the process."""
    with open(path / ".lock", "a", opener=lambda p, flags: os.open(p, flags, 0o600)) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
