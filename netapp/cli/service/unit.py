"""The text of systemd's units for netapp: values in, files out; nothing is asked or written here.

Source: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.socket(5), sysusers.d(5).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

#: The first line of every file, by which one that we wrote is known.
MARK: Final = "# Written by netapp service install; a change of yours goes into: systemctl edit"
UNITS: Final = Path("/etc/systemd/system")
USERS: Final = Path("/etc/sysusers.d")
#: Where StateDirectory= makes directories.
STATES: Final = Path("/var/lib")
#: Only root, or who has this capability, listens below this port: ip(7).
_PRIVILEGED: Final = 1024
_LISTENER: Final = re.compile(r"(?:haproxy:)?(?:tcp6?|udp|ssl):(?:port=)?([0-9]{1,5})(?![0-9])", re.ASCII)

#: What the process may not do.  MemoryDenyWriteExecute= is not among it: OpenSSL's callbacks, made by
#: cffi, need memory of that kind, and without it no TLS connection begins.
_HARDENING: Final = """\
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077
"""


@dataclass(frozen=True)
class Socket:
    """One stream socket that systemd opens.  :param service: as ``netapp-`` has it behind: ``file``."""

    service: str
    host: str  # empty for every address of both families
    port: int

    @property
    def name(self) -> str:
        return f"{self.service}-{self.port}"

    @property
    def unit(self) -> str:
        return f"netapp-{self.name}.socket"

    @property
    def stream(self) -> str:
        if not self.host:
            return str(self.port)
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def description(self) -> str:
        """What the service's ``--listen`` is given."""
        domain = "INET" if self.host and ":" not in self.host else "INET6"
        return f"systemd:domain={domain}:name={self.name}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be installed.

    :param bin: of the environment, where twistd is.
    :param home: what ProtectHome= must be for the environment to be seen.
    :param low_ports: it binds ports below 1024 itself.
    """

    plugin: str
    user: str
    own_user: bool  # made for it
    state: Path
    bin: Path
    options: tuple[str, ...] = ()
    sockets: tuple[Socket, ...] = ()
    writes: tuple[Path, ...] = ()
    home: str = "yes"
    low_ports: bool = False

    @property
    def unit(self) -> str:
        return f"{self.plugin}.service"


def files(wanted: Wanted) -> dict[Path, str]:
    """All that is to be written, by where."""
    written = {UNITS / wanted.unit: service(wanted)}
    for each in wanted.sockets:
        written[UNITS / each.unit] = socket(each, wanted)
    if wanted.own_user:
        home = quoted(str(wanted.state), command=False)
        written[USERS / f"{wanted.user}.conf"] = (
            f'{MARK.partition(";")[0]}\nu {wanted.user} - "netapp services" {home}\n'
        )
    return written


def service(wanted: Wanted) -> str:
    return "\n".join(
        (f"{MARK} {wanted.plugin}", "[Unit]", *_unit(wanted), "", "[Service]", *_service(wanted), "")
    )


def _unit(wanted: Wanted) -> Iterator[str]:
    yield f"Description={wanted.plugin}: network services of a local network"
    yield "After=network.target"
    if wanted.sockets:
        yield f"Requires={' '.join(each.unit for each in wanted.sockets)}"


def _service(wanted: Wanted) -> Iterator[str]:
    command = (wanted.bin / "twistd", "--pidfile=", "-n", wanted.plugin, f"--state={wanted.state}")
    yield from (
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(quoted(str(word)) for word in (*command, *wanted.options))}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Restart=on-failure",
        "RestartSec=3",
        "WatchdogSec=30",
        f"User={wanted.user}",
        f"WorkingDirectory={str(wanted.state).replace('%', '%%')}",
    )
    if wanted.sockets:
        yield f"Sockets={' '.join(each.unit for each in wanted.sockets)}"
    writes = list(wanted.writes)
    if wanted.state.is_relative_to(STATES) and wanted.state != STATES:
        yield f"StateDirectory={quoted(str(wanted.state.relative_to(STATES)), command=False)}"
        yield "StateDirectoryMode=0700"
    else:
        writes.insert(0, wanted.state)
    if writes:
        yield f"ReadWritePaths={' '.join(quoted(str(path), command=False) for path in writes)}"
    yield f"ProtectHome={wanted.home}"
    capability = "CAP_NET_BIND_SERVICE" if wanted.low_ports else ""
    yield f"CapabilityBoundingSet={capability}"
    yield f"AmbientCapabilities={capability}"
    if not capability:  # which a user of a namespace of its own would not have outside
        yield "PrivateUsers=yes"
    yield from _HARDENING.splitlines()
    yield from ("", "[Install]", "WantedBy=multi-user.target")


def socket(each: Socket, wanted: Wanted) -> str:
    return "\n".join(
        (
            f"{MARK} {each.unit}",
            "[Unit]",
            f"Description={wanted.plugin}: {each.service} at {each.stream}",
            "",
            "[Socket]",
            f"ListenStream={each.stream}",
            f"FileDescriptorName={each.name}",
            f"Service={wanted.unit}",
            "Backlog=4096",
            "",
            "[Install]",
            "WantedBy=sockets.target",
            "",
        )
    )


def quoted(word: str, *, command: bool = True) -> str:
    """A word as a unit has it: systemd.syntax(7).  :param command: of a command line, which has variables."""
    word = word.replace("\\", "\\\\").replace("%", "%%").replace("\n", "\\n").replace("\t", "\\t")
    if command:
        word = word.replace("$", "$$")
    if word and not re.search(r"[\s\"';\\]", word):
        return word
    return '"' + word.replace('"', '\\"') + '"'


def binds_low_ports(values: object) -> bool:
    """Whether a listener below port 1024 stands among options, or anywhere in a file's settings."""
    if isinstance(values, str):
        return any(0 < int(port) < _PRIVILEGED for port in _LISTENER.findall(values))
    if isinstance(values, Mapping):
        return any(binds_low_ports(each) for each in values.values())
    if isinstance(values, list | tuple):
        return any(binds_low_ports(each) for each in values)
    return False


def settings_for(sockets: tuple[Socket, ...]) -> dict[str, list[str]]:
    """A service's name to what its ``listen`` must be, where all run in one process."""
    listed: dict[str, Any] = {}
    for each in sockets:
        listed.setdefault(each.service, []).append(each.description)
    return listed
