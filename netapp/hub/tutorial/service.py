"""``--tutorial``: every responder as a service of its own, in one process, on one state directory."""

import errno
import importlib
import os
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from twisted.application.service import IService
from twisted.logger import Logger
from twisted.python import usage

from netapp.core.config import SharedOptions
from netapp.core.listen import Listener, dual_stack, expanded
from netapp.core.running import Shared
from netapp.core.services import House, Notice, Part, parts
from netapp.core.state import acting_as, open_state
from netapp.core.status.neighbours import holder
from netapp.errors import ConfigError
from netapp.hub.tutorial.ports import Place, placed
from netapp.hub.tutorial.rows import ROWS, Transport
from netapp.hub.tutorial.samples import share_samples
from netapp.hub.tutorial.table import PHRASES, table

_log = Logger()
#: Where we listen unless we are told: the programs are on the student's own machine.
HOST: Final = "127.0.0.1"
#: Addresses that mean every one of this machine's.
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  (compared, not bound)
_KINDS: Final = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def tutorial_service(options: SharedOptions, shared: Shared, *, operator: bool = False) -> IService:
    """All responders, and the table that is shown when they listen.

    :param options: the hub's; services read none of the configuration file's tables.
    :param operator: a person at the terminal answers what can be answered by one.
    :raises ConfigError: a port or the state directory cannot be had.
    """
    host = options["interface"] or HOST
    state = options.state_path / "tutorial"
    with acting_as(shared.user):
        open_state(options.state_path)
        share = share_samples(state)
    places = placed(partial(_refusal, host, partial(holder, options.state_path, shared.reactor.seconds())))
    arguments = [f"--state={state}", *_shared_arguments(options)]
    house = House()
    for place in places:
        _responder(place, host, arguments, shared, operator=operator).setServiceParent(house)
    for each in parts(house):
        if isinstance(each, Listener | Notice):
            each.speaks = False  # the table has them
    anywhere = host in _EVERYWHERE
    lines = table(
        PHRASES.speaker(options["lang"]),
        HOST if anywhere else host,
        places,
        share.absolute(),
        operator=operator,
        anywhere=anywhere,
    )
    Part(lambda: _tell(places, lines), lambda: None).setServiceParent(house)
    if os.isatty(0):  # who closes the window would leave every port taken for the next start
        shared.hangup.add("tutorial", lambda: os.isatty(0) or shared.reactor.stop())
    return house


def _responder(
    place: Place, host: str, arguments: Sequence[str], shared: Shared, *, operator: bool
) -> IService:
    """One service, built as its own plugin would build it."""
    responder = place.responder
    tap: Any = importlib.import_module(f"netapp.{responder.plugin}.tap")
    options = tap.Options()
    listen = expanded(f"{responder.transport}:{place.port}", host)
    given = [*arguments, f"{responder.option}={listen}", *responder.arguments]
    if operator and responder.operator:
        given.append("--operator")
    if "explain" in options.known_keys():
        given.append("--explain")
    build = tap.part
    if responder.plugin == "login":
        from netapp.hub.tutorial.login import login_part as build
    try:
        options.parseOptions(given)
        service: IService = build(options, shared)
    except (usage.UsageError, ConfigError) as error:
        raise ConfigError(f"{responder.plugin}: {error}") from None
    return service


def _shared_arguments(options: SharedOptions) -> Iterable[str]:
    """What the hub was told of all services; where they listen, the rows say."""
    for key in ("lang", "encoding"):
        yield f"--{key}={options[key]}"
    for key in ("allow", "proxy"):
        yield from (f"--{key}={network}" for network in options[key])


def _refusal(host: str, who: Callable[[str, int], str], transport: Transport, port: int) -> str:
    """Why a port cannot be had, found out by taking it for a moment.

    :param who: tells which other process of ours has it, if one says so.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, _KINDS[transport]) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::" or not dual_stack())
            if transport == "tcp" and os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the listener will
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(f"--interface {host}: this machine has no such address") from None
        ours = who(transport, port) if error.errno == errno.EADDRINUSE else ""
        return ours or error.strerror or str(error)
    return ""


def _tell(places: Iterable[Place], lines: Iterable[str]) -> None:
    for place in places:
        if place.reason:
            _log.info(
                "netapp: {transport} port {wanted} cannot be had ({reason}): {programs} at {port}",
                transport=place.responder.transport,
                wanted=place.responder.port,
                reason=place.reason,
                programs=", ".join(f"T{row.number}" for row in ROWS if row.responder == place.responder.name),
                port=place.port,
            )
    _show(lines)


def _show(lines: Iterable[str]) -> None:
    """Past twistd's log, which has taken ``sys.stdout``."""
    if (out := sys.__stdout__) is None:
        return
    octets = "".join(f"{line}\n" for line in ("", *lines, "")).encode(out.encoding, "replace")
    try:
        out.buffer.write(octets)
        out.flush()
    except OSError:
        pass  # nobody looks
