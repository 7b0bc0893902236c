"""The sockets that listen on this machine, and whose they are: /proc, read and judged by nobody."""

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

_LISTENS: Final = {"tcp": "0A", "udp": "07"}  # the kernel's states: include/net/tcp_states.h
#: What a netapp takes from its environment.
_SETTINGS: Final = ("NETAPP_STATE", "NETAPP_INTERFACE", "XDG_STATE_HOME", "HOME")
TABLES: Final = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))


@dataclass(frozen=True)
class Socket:
    """A socket that takes connections or datagrams.  :param inode: its number, by which processes have it."""

    transport: str
    host: str
    port: int
    inode: int
    uid: int


@dataclass(frozen=True)
class Process:
    """Who has a socket.

    :param words: its command line; empty where it is hidden.
    :param folder: where it runs.
    :param elsewhere: it is in another network namespace, so that its ports are not ours.
    :param environ: of its environment what changes a netapp's settings, where that can be seen.
    :param uid: whose it is; -1 where that is hidden, or where it acts as another than who started it.
    :param program: the file that it runs, which its words cannot change; empty where that is hidden.
    """

    pid: int
    name: str
    words: tuple[str, ...] = ()
    folder: str = ""
    elsewhere: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    uid: int = -1
    program: str = ""

    @property
    def plugin(self) -> tuple[str, ...]:
        """The netapp plugin that it runs and the plugin's options; empty for another program."""
        if not any(Path(word).name in ("twistd", "twistd.exe") for word in self.words[:3]):
            return ()
        at = next((at for at, word in enumerate(self.words) if at and _is_plugin(word)), None)
        return () if at is None else self.words[at:]


def _is_plugin(word: str) -> bool:
    return word == "netapp" or word.startswith("netapp-")


def parse_table(text: str, transport: str) -> Iterator[Socket]:
    """The listening sockets of one of ``TABLES``: proc(5).  What cannot be read is passed over."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        try:
            address, _, port = fields[1].rpartition(":")
            if fields[3] == _LISTENS[transport]:
                yield Socket(transport, _address(address), int(port, 16), int(fields[9]), int(fields[7]))
        except (IndexError, ValueError):
            continue


def _address(text: str) -> str:
    """Words of 32 bits, each in this machine's own order."""
    octets = bytes.fromhex(text)
    if sys.byteorder == "little":
        octets = b"".join(octets[at : at + 4][::-1] for at in range(0, len(octets), 4))
    if len(octets) == 4:
        return ".".join(map(str, octets))
    return str(IPv6Address(octets))


def read_sockets(proc: Path = Path("/proc")) -> tuple[Socket, ...] | None:
    """None where the system shows no such tables."""
    found: list[Socket] = []
    seen = False
    for name, transport in TABLES:
        try:
            text = (proc / "net" / name).read_text("ascii", "replace")
        except OSError:  # a kernel without IPv6 has no tcp6
            continue
        seen = True
        found.extend(parse_table(text, transport))
    return tuple(found) if seen else None


def holders(inodes: Collection[int], proc: Path = Path("/proc")) -> dict[int, Process]:
    """Who has these sockets; those of processes that we may not look into are missing.

    A socket that several have, by a fork, is the oldest one's.
    """
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, Process] = {}
    for pid in sorted(_numbers(proc)) if wanted else ():
        for target in _targets(proc / str(pid) / "fd"):
            inode = wanted.get(target)
            if inode is not None and inode not in found:
                found[inode] = process(pid, proc)
        if len(found) == len(wanted):
            break
    return found


def processes(proc: Path = Path("/proc")) -> Iterator[Process]:
    """All whose command line can be read."""
    for pid in sorted(_numbers(proc)):
        if (one := process(pid, proc)).words:
            yield one


def process(pid: int, proc: Path = Path("/proc")) -> Process:
    folder = proc / str(pid)
    words = _read(folder / "cmdline").split("\0")
    network = _link(folder / "ns" / "net")
    elsewhere = bool(network) and network != _link(proc / "self" / "ns" / "net")
    name = _read(folder / "comm").strip() or "?"
    pairs = (word.partition("=") for word in _read(folder / "environ").split("\0"))
    environ = {key: value for key, _, value in pairs if key in _SETTINGS and value}
    return Process(
        pid,
        name,
        tuple(filter(None, words)),
        _link(folder / "cwd"),
        elsewhere,
        environ,
        _owner(_read(folder / "status")),
        _link(folder / "exe"),
    )


def _owner(text: str) -> int:
    """Real, effective, saved and file system's user must be one: proc(5), the line ``Uid:``."""
    uids = next((line.split()[1:] for line in text.splitlines() if line.startswith("Uid:")), [])
    return int(uids[0]) if len(uids) == 4 and len(set(uids)) == 1 else -1


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:  # another user's, or it has ended
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _numbers(proc: Path) -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir(proc) if name.isdecimal()]
    except OSError:
        return []


def _targets(folder: Path) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # another user's, or it has ended
        return
    yield from (_link(folder / name) for name in names)
