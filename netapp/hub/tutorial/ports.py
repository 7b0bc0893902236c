"""Which port each responder has: its own where that is free, else one that no program asks for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netapp.core import limits
from netapp.errors import ConfigError
from netapp.hub.tutorial.rows import RESPONDERS, ROWS, Responder, Row, Transport

#: (transport, port) to why it cannot be had; "" when it can.
Probe = Callable[[Transport, int], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a responder is.  :param reason: why it is not where it wants to be; "" when it is."""

    responder: Responder
    port: int
    reason: str = ""


def placed(
    probe: Probe, responders: Iterable[Responder] = RESPONDERS, rows: Iterable[Row] = ROWS
) -> list[Place]:
    """A place for each responder, in their order.

    Ports that a row asks for, a student's own server's too, are kept for it.

    :raises ConfigError: there is none for one of them.
    """
    responders = tuple(responders)
    by_name = {each.name: each for each in responders}
    kept = {(transport, each.port) for each in responders for transport in each.transports}
    kept |= {(by_name[row.responder].transport, row.own) for row in rows if row.own and row.responder}
    places = []
    for each in responders:
        reason = _refusal(probe, each, each.port)
        port = each.port if not reason else _other(probe, each, kept)
        kept |= {(transport, port) for transport in each.transports}
        places.append(Place(each, port, reason))
    return places


def _other(probe: Probe, responder: Responder, kept: set[tuple[Transport, int]]) -> int:
    first = responder.otherwise or responder.port + 1
    for port in range(first, min(first + limits.TUTORIAL_PORTS, 65536)):
        wanted = {(each, port) for each in responder.transports}
        if kept.isdisjoint(wanted) and not _refusal(probe, responder, port):
            return port
    raise ConfigError(
        f"--tutorial: {responder.transport} port {responder.port} cannot be had, and none from {first} on: "
        "end what has them, or use another --interface"
    )


def _refusal(probe: Probe, responder: Responder, port: int) -> str:
    return next((why for each in responder.transports if (why := probe(each, port))), "")
