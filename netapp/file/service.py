"""The file service from its configuration."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import IService

from netapp.core import listen, text
from netapp.core.access import Access
from netapp.core.http import Channel
from netapp.core.metrics import Metrics, Reading
from netapp.core.services import House
from netapp.core.strangers import Page
from netapp.core.streams import Carrier, Peer, SessionFactory
from netapp.errors import ConfigError
from netapp.file.config import DEFAULTS, PLUGIN, Config
from netapp.file.http.session import Web
from netapp.file.phrases import PHRASES
from netapp.file.plain.protocol import PlainProtocol
from netapp.file.plain.session import PlainSession
from netapp.share.model import Missing
from netapp.share.share import Share


def file_service(
    config: Config, share: Share, metrics: Metrics, reactor: Any, page: Page | None = None
) -> IService:
    """Every listener of the configuration, under one service.

    :param page: takes note that this is where a browser finds one.
    :raises ConfigError: a listener that cannot be.
    """
    house = House()
    access, say = Access(config.allow, config.proxy), PHRASES.speaker(config.lang)
    web = Web(share, PHRASES.speaker("zh"), PHRASES.speaker("en"), time.time)

    def channel() -> Carrier:
        return Channel(web.answer, reactor)

    def hint(host: str, port: int) -> str:
        path = "welcome.txt" if _has(share, b"welcome.txt") else ""
        return f"curl http://{listen.in_url(host)}:{port}/{path}"

    def build(_: Peer) -> PlainProtocol:
        return PlainProtocol(PlainSession(share, say, text.Tongue(config.encoding)), reactor, channel)

    factories: list[SessionFactory] = []
    for description in listen.descriptions(config.listen, DEFAULTS, config.interface):
        if listen.is_datagram(description):
            raise ConfigError(f"files are not served by datagrams: write tcp:PORT instead of {description}")
        factories.append(factory := SessionFactory(build, access))
        listener = listen.StreamListener(PLUGIN, description, factory, reactor, hint)
        listener.setServiceParent(house)
        if page is not None:
            page.stands_at(listener.getHost)
    _count(metrics, factories, web)
    return house


def _count(metrics: Metrics, factories: Sequence[SessionFactory], web: Web) -> None:
    def total(of: Callable[[SessionFactory], int]) -> Reading:
        return lambda: sum(map(of, factories))

    metrics.counter("netapp_file_requests", "HTTP requests answered.", lambda: web.requests)
    metrics.counter("netapp_file_accepted", "Connections accepted.", total(lambda each: each.accepted))
    metrics.counter("netapp_file_refused", "Connections refused.", total(lambda each: each.refused))
    metrics.counter(
        "netapp_file_malformed", "Peers that spoke no language.", total(lambda each: each.malformed)
    )
    metrics.counter("netapp_file_octets", "Octets streamed.", total(lambda each: each.streamed))
    metrics.gauge("netapp_file_connections", "Connections now.", total(lambda each: each.connections))


def _has(share: Share, name: bytes) -> bool:
    try:
        share.open(name).close()
    except (Missing, OSError):
        return False
    return True
