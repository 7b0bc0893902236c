"""Is each port free, ours, or whose: sockets, processes and an attempt to bind, judged."""

import errno
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from netapp.cli import common
from netapp.cli.doctor import running
from netapp.cli.doctor.finding import Finding, Verdict, by_root
from netapp.cli.doctor.settings import Door
from netapp.cli.doctor.sockets import Process, Socket
from netapp.core.languages import Phrases

#: What an attempt to bind has met.
Bound = Literal["free", "taken", "denied", "not here", "unknown"]

PHRASES: Final = Phrases(
    {
        "free": ("{port} 空闲({service})", "{port} is free ({service})"),
        "ours": ("{port} 由 {holder} 提供:{service}", "{port} is served by {holder}: {service}"),
        "other netapp": (
            "{port} 被另一个 netapp 占用:{holder}({service} 要用)",
            "{port} is taken by another netapp: {holder} ({service} wants it)",
        ),
        "another's netapp": (
            "{port} 被用户 {user} 的 netapp 占用:{holder}({service} 要用);要查它,请用 --state 指明它的目录",
            "{port} is taken by a netapp of {user}: {holder} ({service} wants it); "
            "if you mean that one, name its directory with --state",
        ),
        "taken": (
            "{port} 被 {holder} 占用({service} 要用)",
            "{port} is taken by {holder} ({service} wants it)",
        ),
        "hidden": (
            "{port} 被用户 {user} 的程序占用({service} 要用),看不到是哪一个",
            "{port} is taken by a program of {user} ({service} wants it); which one cannot be seen",
        ),
        "somebody": ("{port} 被占用({service} 要用)", "{port} is taken ({service} wants it)"),
        "denied": ("{port} 没有权限监听({service})", "{port} may not be listened on ({service})"),
        "not here": (
            "{port}:本机没有地址 {host}({service})",
            "{port}: this machine has no address {host} ({service})",
        ),
        "moved": ("{text};换用端口 {other} 起的第一个", "{text}: it is at {other}, or the next that is free"),
        "unknown": ("{port} 无法检查({service})", "{port} cannot be looked at ({service})"),
        "end it": (
            "{command}  (或换一个端口:{option} {other})",
            "{command}  (or another port: {option} {other})",
        ),
    }
)
say: Final = common.words(PHRASES)
_ANYWHERE: Final = ("::", "0.0.0.0", "")  # noqa: S104  (compared, not bound)


@dataclass(frozen=True)
class Look:
    """What was seen of a door.

    :param sockets: those that stand in its way, or are it.
    :param holders: who has them, by inode, where that can be seen.
    :param serves: the services that the holder is known to have at this port; None where only its
        plugin is known.
    :param users: whose word is believed on what they run; None for everybody's.
    """

    door: Door
    bound: Bound
    sockets: tuple[Socket, ...] = ()
    holders: Mapping[int, Process] = field(default_factory=dict)
    serves: frozenset[str] | None = None
    users: Sequence[int] | None = None

    @property
    def holder(self) -> Process | None:
        return next((self.holders[each.inode] for each in self.sockets if each.inode in self.holders), None)

    @property
    def is_ours(self) -> bool:
        """A netapp that runs this service has it."""
        if self.is_strange:
            return False
        plugin = self.holder.plugin[0] if self.holder is not None and self.holder.plugin else ""
        if plugin and self.serves is not None:
            return self.door.table in self.serves
        return plugin in ("netapp", f"netapp-{self.door.table}")

    @property
    def is_strange(self) -> bool:
        """A program says that it is a netapp, and its user is none that we believe."""
        holder = self.holder
        if holder is None or self.users is None or not holder.plugin:
            return False
        return not running.is_believed(holder, self.users)


def judge(look: Look, *, user: str = "?", root: bool = True) -> Finding:
    """:param user: whose the socket in the way is.  :param root: all processes can be seen."""
    found = _judged(look, user, root=root)
    if found.verdict == "bad" and look.door.otherwise and look.bound in ("denied", "taken"):
        text = say("moved", text=found.text, other=look.door.otherwise)
        return replace(found, verdict="note", text=text, cure="")
    return found


def _judged(look: Look, user: str, *, root: bool) -> Finding:
    door, holder = look.door, look.holder
    verdict: Verdict
    about: dict[str, object] = {"service": door.service, "transport": door.transport, "host": door.host}
    about["port"] = door.port
    fields: dict[str, object] = {"port": door.place, "service": door.service, "host": door.host, "user": user}
    if holder is not None:
        about |= {"pid": holder.pid, "program": holder.name}
        fields["holder"] = _shown(holder)
    if look.bound == "denied":
        allow = f"sudo sysctl -w net.ipv4.ip_unprivileged_port_start={door.port}"
        return _finding("bad", "denied", fields, about, _or_another(door, allow))
    if look.bound == "not here":
        return _finding("bad", "not here", fields, about, f"ip -br address  ({door.option})")
    if look.bound in ("free", "unknown"):
        verdict = "ok" if look.bound == "free" else "note"
        return _finding(verdict, look.bound, fields, about)
    if look.is_ours:
        return _finding("ok", "ours", fields, about)
    if holder is not None and look.is_strange:
        return _finding("bad", "another's netapp", fields, about, _ended(door, holder))
    if holder is not None:
        return _finding(
            "bad", "other netapp" if holder.plugin else "taken", fields, about, _ended(door, holder)
        )
    if look.sockets:  # it may well be our own service, of another user: what is asked nothing cannot tell
        verdict = "bad" if door.question else "note"
        return _finding(verdict, "hidden", fields, about, _list(door) if root else by_root("doctor"))
    return _finding("bad", "somebody", fields, about, _or_another(door, _list(door)))


def _finding(
    verdict: Verdict,
    key: str,
    fields: Mapping[str, object],
    about: Mapping[str, object],
    cure: str = "",
) -> Finding:
    return Finding("port", verdict, say(key, **fields), cure, {**about, "is": key})


def _shown(holder: Process) -> str:
    return f"{holder.plugin[0] if holder.plugin else holder.name} (pid {holder.pid})"


def _ended(door: Door, holder: Process) -> str:
    if holder.name.startswith("systemd-resolve"):
        stub = "sudo mkdir -p /etc/systemd/resolved.conf.d && printf '[Resolve]\\nDNSStubListener=no\\n' | "
        return (
            stub
            + "sudo tee /etc/systemd/resolved.conf.d/netapp.conf && sudo systemctl restart systemd-resolved"
        )
    return _or_another(door, f"kill {holder.pid}")


def _or_another(door: Door, command: str) -> str:
    other = f"{door.transport}:{door.port % 64512 + 1024}"
    if door.host not in _ANYWHERE:
        other += ":interface=" + door.host.replace(":", "\\:")
    return say("end it", command=command, option=door.option, other=other)


def _list(door: Door) -> str:
    return f"sudo ss -lnp{door.transport[0]} 'sport = :{door.port}'"


# Reading -------------------------------------------------------------------------------------


def in_the_way(door: Door, sockets: Sequence[Socket]) -> tuple[Socket, ...]:
    """The sockets that a listener would meet: the same port at the same address, or at all of them."""
    return tuple(
        each
        for each in sockets
        if (each.transport, each.port) == (door.transport, door.port)
        and (each.host == door.host or each.host in _ANYWHERE or door.host in _ANYWHERE)
        and not (_family(door.host) != _family(each.host) and "::" not in (door.host, each.host))
    )


def _family(host: str) -> int:
    return 6 if ":" in host else 4


def bind(door: Door) -> Bound:
    """Try to have it, for a moment, without listening."""
    if door.transport not in ("tcp", "udp"):
        return "unknown"
    six = ":" in door.host
    kind = socket.SOCK_STREAM if door.transport == "tcp" else socket.SOCK_DGRAM
    try:
        with socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind) as sock:
            if door.transport == "tcp" and os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((door.host, door.port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return "not here"
        if error.errno in (errno.EACCES, errno.EPERM):
            return "denied"
        return "taken" if error.errno == errno.EADDRINUSE else "unknown"
    return "free"
