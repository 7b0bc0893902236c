"""A server that is measured: how it is found, configured and started."""

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.process import START, Failed, Server, free_port, output_of, started
from benchmarks.table import Measure, Results

TWISTD = Path(sys.executable).with_name("twistd")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server runs: its own folder, and the port that it shall take."""

    folder: Path
    port: int
    second_port: int = 0

    def write(self, name: str, text: str) -> str:
        """A file in the folder.  :returns: its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


@dataclass(frozen=True, slots=True)
class Peer:
    """One server.

    :param program: what must be installed: a program, or a module when it has a dot.
    :param version: the command that prints it.
    :param command: writes the configuration into its place, gives the command line.
    """

    name: str
    program: str
    version: tuple[str, ...]
    command: Callable[[Place], list[str]]

    def missing(self) -> str:
        """Why it cannot be measured here; empty when it can."""
        if self.program.startswith(("netapp.", "twisted.")):
            return "" if _module(self.program) else f"{self.program} is not installed"
        return "" if executable(self.program) else f"{self.program} is not installed"

    def described(self) -> str:
        """Its version as it gives it, one line."""
        lines = output_of(executable(self.version[0]) or self.version[0], *self.version[1:]).strip()
        return lines.splitlines()[0].strip() if lines else "unknown"


@dataclass
class Run:
    """What an area needs to measure: how long, into what."""

    results: Results
    seconds: float
    folder: Path
    versions: dict[str, str] = field(default_factory=dict)

    def record(self, work: str, server: str, measure: Measure, value: float) -> None:
        self.results.record(work, server, measure, value)

    def can(self, peer: Peer, *works: str) -> bool:
        """Whether the peer is installed; if not, each work's table says so."""
        if reason := peer.missing():
            for work in works:
                self.results.miss(work, peer.name, reason)
            return False
        if peer.name not in self.versions:
            self.versions[peer.name] = peer.described()
        return True

    @contextmanager
    def running(
        self,
        peer: Peer,
        ready: Callable[[Place], bool],
        *,
        files: Mapping[str, str] | None = None,
        patience: float = START,
    ) -> Iterator[tuple[Server, Place]]:
        """The peer started in a folder of its own.

        :param files: what lies there when it starts.
        :param patience: seconds until it must be ready.
        :raises Failed: it does not start.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            place = Place(Path(name), free_port(), free_port())
            for file, text in (files or {}).items():
                place.write(file, text)
            command = peer.command(place)
            command[0] = executable(command[0]) or command[0]
            environment = {"NETAPP_STATE": str(place.folder / "state"), "PYTHONUNBUFFERED": "1"}
            with started(
                command, place.folder, lambda: ready(place), environment=environment, patience=patience
            ) as server:
                yield server, place

    @contextmanager
    def noting(self, name: str, work: str) -> Iterator[None]:
        """What goes wrong within becomes a line of the table."""
        try:
            yield
        except (Failed, OSError, ValueError, subprocess.SubprocessError) as problem:
            self.results.miss(work, name, str(problem))


def twistd(plugin: str, *options: str) -> list[str]:
    """The command line of a plugin in the foreground, with this interpreter."""
    return [str(TWISTD), "--pidfile=", "-n", plugin, *options]


def knows(service: str, option: str) -> bool:
    """Whether a netapp service has this option."""
    try:
        tap = importlib.import_module(f"netapp.{service}.tap")
    except ImportError:
        return False
    return option in tap.Options().known_keys()


def executable(name: str) -> str | None:
    """A program's path; servers are not in everybody's ``$PATH``."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")


def _module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
