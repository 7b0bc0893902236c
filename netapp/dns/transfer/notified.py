"""NOTIFY in: a primary says that its zone has changed (RFC 1996)."""

from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.logger import Logger

from netapp.core.access import plain_host
from netapp.dns import wire
from netapp.dns.message import AA, BADVERS, FORMERR, HEADER, NOERROR, NOTAUTH, REFUSED
from netapp.dns.once import Once
from netapp.dns.requests import Outcome, Request
from netapp.dns.transfer.servers import Server
from netapp.dns.transfer.wire import Notify, parse_notify
from netapp.dns.tsig.keys import Key
from netapp.errors import WireError
from netapp.names.naming import shown


class Follower(Protocol):
    """A zone that comes from primaries."""

    primaries: tuple[Server, ...]

    def notified(self, host: str, serial: int | None) -> None: ...


class Notified:
    """Answers NOTIFY, at once, and has the zone looked at.

    It is heard from a primary's address, or signed by a primary's key; a primary with a key may
    also speak without, since nothing is taken from it but that it is time to ask.

    :param permits: (host, key) to whether that client, who is no primary, is heard too.
    """

    _log = Logger()

    def __init__(
        self,
        zones: Mapping[bytes, Follower],
        permits: Callable[[str, Key | None], bool] = lambda host, key: False,
    ) -> None:
        self._zones, self._permits = zones, permits
        self._strangers = Once()
        self.heard = self.refused = 0

    def handle(self, request: Request) -> Outcome:
        """NOERROR, or why not: NOTAUTH for a zone that we do not follow, REFUSED for a stranger."""
        try:
            notify = parse_notify(request.octets)
        except WireError:
            return wire.reply(request.octets, FORMERR)
        edns = wire.edns_of(request.octets)
        if edns is not None and edns.version:
            return wire.reply(request.octets, BADVERS)
        return _answer(request, request.octets[HEADER : notify.end], self._rcode(request, notify), edns)

    def _rcode(self, request: Request, notify: Notify) -> int:
        zone = self._zones.get(notify.origin)
        if zone is None:
            return NOTAUTH
        host = plain_host(request.client.host)
        known = any(_is(each, host, request) for each in zone.primaries)
        if not known and not self._permits(host, request.key):
            self.refused += 1
            if self._strangers.is_new((host, notify.origin)):
                self._log.warn(
                    "zone {zone}: NOTIFY of {host} refused: it is none of its primaries;"
                    " --allow-notify says who else is heard",
                    zone=shown(notify.origin), host=host,
                )  # fmt: skip
            return REFUSED
        self.heard += 1
        zone.notified(host, notify.serial)
        return NOERROR


def _is(primary: Server, host: str, request: Request) -> bool:
    by_key = primary.key is not None and request.key is not None and request.key.name == primary.key
    return by_key or primary.is_at(host)


def _answer(request: Request, question: bytes, rcode: int, edns: wire.Edns | None) -> bytes:
    """With the question, and AA: RFC 1996 section 3.7 and 4.7."""
    head = wire.answer_head(request.octets, flags=AA, rcode=rcode)
    opt = b"" if edns is None else wire.opt(edns.do)
    return head + bytes((0, 1, 0, 0, 0, 0, 0, 1 if opt else 0)) + question + opt
