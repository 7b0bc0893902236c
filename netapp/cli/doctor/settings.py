"""Which listeners there are to be: the services' own options, defaults and configuration file."""

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from netapp.core import access, listen
from netapp.errors import ConfigError

#: An option's listener to the name of the question that makes it answer and changes nothing; the
#: plain tongues, by their plugin's table.  None is asked where a question would be seen by somebody.
_QUESTIONS: Final = {
    ("dns", "udp"): "name",
    ("dns", "tcp"): "name line",
    ("login", "tcp"): "banner",
    ("chat", "tcp"): "banner",
    ("file", "tcp"): "http",
    ("udpchat", "udp"): "leave",
    ("echo", "tcp"): "echo",
    ("echo", "udp"): "echo",
}
#: Options beside ``--listen`` that open a listener: to what it is asked by.
_MORE: Final = {"irc": "irc", "sftp": "ssh", "ssh": "ssh", "http": "http", "ldap": "ldap", "metrics": "http"}
_ON_LOOPBACK: Final = frozenset({"http", "ldap", "metrics"})
_COLON: Final = re.compile(r"(?<!\\):")


@dataclass(frozen=True)
class Door:
    """One listener that there is to be.

    :param service: the plugin, and the option where it is not ``--listen``.
    :param transport: ``tcp``, ``udp`` or ``unix``; another word is of an endpoint we cannot look at.
    :param host: an address, ``::`` for all of both families, or a UNIX socket's path.
    :param question: what :mod:`questions` asks it by; empty for nothing.
    :param proxied: only a proxy can speak to it.
    :param otherwise: where it is looked for when the port cannot be had; 0 where it must be that one.
    """

    service: str
    table: str
    option: str
    transport: str
    host: str
    port: int
    tls: bool = False
    question: str = ""
    proxied: bool = False
    otherwise: int = 0

    @property
    def place(self) -> str:
        """As a line shows it: ``tcp 7777``, ``udp 192.0.2.1:53``."""
        if self.transport not in ("tcp", "udp"):
            return f"{self.transport} {self.host}"
        anywhere = self.host in ("", "::", "0.0.0.0")  # noqa: S104  (compared, not bound)
        where = str(self.port) if anywhere else f"{listen.in_url(self.host)}:{self.port}"
        return f"{self.transport} {where}"


@dataclass(frozen=True)
class Plan:
    """What a command line of ``twistd`` would run.

    :param state: where it keeps things.
    :param share: the folder that is shared; None for the one in the state directory.
    :param allow: networks beside the local ones that may speak to it.
    :param whole: it is the hub's, which knows what should run.
    :param said: the state directory was named, by an option or in the settings.
    """

    doors: tuple[Door, ...]
    state: Path
    share: Path | None = None
    allow: tuple[access.Network, ...] = ()
    whole: bool = False
    said: bool = False


def plan(words: Sequence[str]) -> Plan:
    """What a plugin and its options mean: ``["netapp-echo", "--listen", "tcp:7777"]``.

    :raises ConfigError: no plugin of ours, or what it would refuse itself.
    """
    from twisted.python.usage import UsageError

    plugin, *arguments = words or ("netapp",)
    try:
        if plugin == "netapp":
            return replace(_house(arguments), whole=True)
        services = importlib.import_module("netapp.hub.config").SERVICES
        table = plugin.removeprefix("netapp-")
        if plugin != f"netapp-{table}" or table not in services:
            known = ", ".join(["netapp", *(f"netapp-{each}" for each in services)])
            raise ConfigError(f"{plugin}: {known}")
        return _service(table, arguments)
    except UsageError as error:
        raise ConfigError(str(error)) from None


def _house(arguments: Sequence[str]) -> Plan:
    hub = importlib.import_module("netapp.hub.tap")
    options = hub.Options()
    options.parseOptions(arguments)
    if options.get("tutorial"):
        return _tutorial(options)
    names = hub.chosen(options.get("only", ()), options.get("without", ()))
    plans = [_service(name, options.passed_on, metrics=False) for name in names]
    share = next((each.share for each in plans if each.share), None)
    doors = (*(door for each in plans for door in each.doors), *_metrics("netapp", options))
    return Plan(doors, options.state_path, share, options["allow"], said=bool(options["state"]))


def _tutorial(options: Any) -> Plan:
    """The responders of the tutorials' programs, each on the port that it wants."""
    rows = importlib.import_module("netapp.hub.tutorial.rows")
    at = "interface=" + (options["interface"] or "127.0.0.1").replace(":", "\\:")
    doors: list[Door] = []
    for each in rows.RESPONDERS:
        words = [f"{each.option}={each.transport}:{each.port}:{at}", *each.arguments]
        desk = options.get("operator") and each.operator
        for door in _service(each.plugin, words, metrics=False).doors:
            question = "" if desk else door.question
            otherwise = each.otherwise or each.port + 1
            service = f"{door.service} {each.name}"
            doors.append(replace(door, service=service, question=question, otherwise=otherwise))
    return Plan(tuple(doors), options.state_path, None, options["allow"], said=bool(options["state"]))


def _service(table: str, arguments: Sequence[str], *, metrics: bool = True) -> Plan:
    options = importlib.import_module(f"netapp.{table}.tap").Options()
    options.parseOptions(arguments)
    doors = [*_plain(table, options), *_others(table, options)]
    if metrics:
        doors += _metrics(table, options)
    root = options.get("root") if table == "file" else None
    share = Path(root) if root else None
    return Plan(tuple(doors), options.state_path, share, options["allow"], said=bool(options["state"]))


def _plain(table: str, options: Any) -> Iterator[Door]:
    config = importlib.import_module(f"netapp.{table}.config")
    for description in listen.descriptions(options.get("listen", ()), config.DEFAULTS, options["interface"]):
        if description == "none":
            continue
        door = door_of(description, table, "--listen")
        asked = _QUESTIONS.get((table, door.transport), "banner")
        yield replace(door, question="" if options.get("operator") else asked)


def _others(table: str, options: Any) -> Iterator[Door]:
    config = importlib.import_module(f"netapp.{table}.config")
    for name, question in _MORE.items():
        if name == "metrics" or f"{name}=" not in options.longOpt:
            continue
        given = options.get(name) or ()
        given = (given,) if isinstance(given, str) else tuple(given)
        default = getattr(config, f"{name.upper()}_DEFAULT", None)
        if not given and default:
            given = listen.descriptions((), (default,), options["interface"])
        for description in given:
            if description != "none":
                at = listen.on_loopback(description) if name in _ON_LOOPBACK else description
                yield replace(door_of(at, table, f"--{name}"), question=question)
    if table == "udpchat":
        yield from _ipmsg(options, config)


def _ipmsg(options: Any, config: Any) -> Iterator[Door]:
    """One number for datagrams and files; whoever speaks there is present, so nobody asks."""
    if options["ipmsg"] == "none":
        return
    given = (options["ipmsg"],) if options["ipmsg"] else ()
    for description in listen.descriptions(given, (config.IPMSG_DEFAULT,), options["interface"]):
        door = door_of(description, "udpchat", "--ipmsg")
        yield door
        yield replace(door, transport="tcp", question="connect")


def _metrics(table: str, options: Any) -> list[Door]:
    if not options["metrics"]:
        return []
    return [
        replace(
            door_of(listen.on_loopback(options["metrics"]), table, "--metrics"), question=_MORE["metrics"]
        )
    ]


def door_of(description: str, table: str, option: str) -> Door:
    """A description of Twisted's, or ours for datagrams, as far as it can be looked at."""
    plugin = "netapp" if table == "netapp" else f"netapp-{table}"
    service = plugin if option == "--listen" else f"{plugin} {option}"
    proxied = description.startswith("haproxy:")
    kind, *rest = (each.replace("\\:", ":") for each in _COLON.split(description.removeprefix("haproxy:")))
    named = dict(each.split("=", 1) for each in rest if re.match(r"[A-Za-z]+=", each))
    plain = [each for each in rest if not re.match(r"[A-Za-z]+=", each)]
    door = Door(service, table, option, kind, description, 0)
    if kind == "unix":
        return replace(door, host=named.get("address") or "".join(plain[:1]))
    number = named.get("port") or "".join(plain[:1])
    if kind not in ("tcp", "tcp6", "ssl", "udp") or not number.isdigit():
        return door
    at = 4 if kind == "ssl" else 1
    host = named.get("interface") or "".join(plain[at : at + 1])
    host = host or ("::" if kind == "tcp6" else "0.0.0.0")  # noqa: S104  (as it is written there)
    found = replace(door, host=host, port=int(number), transport="udp" if kind == "udp" else "tcp")
    return replace(found, tls=kind == "ssl", proxied=proxied)
