"""The name service from its configuration."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.application.service import IService

from netapp.core import listen
from netapp.core.access import Access
from netapp.core.datagrams import OwnPorts
from netapp.core.metrics import Metrics
from netapp.core.platform import elapsed
from netapp.core.services import House, Part
from netapp.core.signals import Hangup
from netapp.core.status.readings import Status
from netapp.core.strangers import Page
from netapp.core.streams import Peer
from netapp.core.udp.source import Source
from netapp.dns.allow import allowed
from netapp.dns.config import DEFAULTS, PLUGIN, Config
from netapp.dns.datagrams import DnsDatagrams
from netapp.dns.message import UPDATE
from netapp.dns.protocol import DnsFactory, DnsProtocol
from netapp.dns.query.answers import Answers
from netapp.dns.query.chaos import Identity
from netapp.dns.query.cookies import Cookies, new_secret
from netapp.dns.requests import Request, Requests
from netapp.dns.session import DnsSession
from netapp.dns.transfer.service import Transfers
from netapp.dns.tsig.keys import Keyring
from netapp.dns.turns import Turns
from netapp.dns.update.handler import Updates
from netapp.dns.watch.watch import Watch
from netapp.dns.workers.listener import SharedListener
from netapp.names.store import Names

if TYPE_CHECKING:
    from netapp.dns.workers.crew import Crew


def dns_service(
    config: Config,
    names: Names,
    own: OwnPorts,
    metrics: Metrics,
    reactor: Any,
    page: Page | None = None,
    keyring: Keyring | None = None,
    hangup: Hangup | None = None,
    status: Status | None = None,
) -> IService:
    """Every listener of the configuration, under one service.

    :param page: where a browser that comes here is sent.
    :param keyring: the keys that sign.
    :param hangup: has the query log begun anew, and primaries asked.
    :param status: what ``netapp status`` is told.
    :raises ConfigError: a listener that cannot be, a rule with a key that is not there, or a query log
        that cannot be written.
    """
    house = House()
    access = Access(config.allow, config.proxy)
    secrets = [new_secret()]
    cookies = Cookies(secrets, time.time)
    identity = Identity(config.nsid.encode(), config.server_version.encode())
    answers = Answers(names.snapshot, config.unknown, config.encoding, cookies, identity)
    names.changes.subscribe(answers.use)
    keyring = keyring if keyring is not None else Keyring()
    requests = Requests(partial(_plain, answers), keyring, time.time)
    transfers = Transfers(names, keyring, config, reactor, time.time, elapsed)
    transfers.join(requests)
    transfers.setServiceParent(house)
    if hangup is not None and transfers.secondaries:
        hangup.add("primaries", transfers.secondaries.look)
    updates = Updates(names, allowed(config.allow_update, keyring, "allow-update"), reactor.seconds)
    requests.on_opcode[UPDATE] = updates.handle

    watch = Watch(config, names, answers, requests, reactor, time.perf_counter)
    if (log := watch.log) is not None:
        Part(log.start, log.stop).setServiceParent(house)
        if hangup is not None:
            hangup.add("query log", log.reopen)
    if status is not None:
        status.add("more", "dns", watch.told)

    streams = partial(DnsFactory, _streams(config, watch, requests, reactor), access, page)
    datagrams = partial(watch.datagrams, access, own)
    listeners = list(_listeners(config, names, streams, datagrams, own, reactor))
    for listener in listeners:
        listener.setServiceParent(house)
    shared = [each for each in listeners if isinstance(each, SharedListener)]
    if shared:
        from netapp.dns.workers.crew import Crew
        from netapp.dns.workers.settings import settings
        from netapp.dns.workers.tally import Sum

        total = Sum(watch, answers, [each.told for each in shared])
        path = log.path if log is not None else None
        told = partial(settings, config, secrets, own, config.workers, len(shared), path)
        crew = Crew(config.workers, shared, names, requests, told, total, reactor)
        requests.on_opcode[UPDATE] = crew.after(updates.handle)
        _show(crew, metrics, hangup if watch.log is not None else None, status)
        crew.setServiceParent(house)
    _count(metrics, names, answers, requests)
    watch.show(metrics)
    updates.count(metrics)
    transfers.count(metrics)
    return house


def _listeners(
    config: Config,
    names: Names,
    streams: Callable[[], DnsFactory],
    datagrams: Callable[[], DnsDatagrams],
    own: OwnPorts,
    reactor: Any,
) -> Iterator[listen.StreamListener | listen.DatagramListener]:
    """:param streams: makes what each listener has of its own; so does ``datagrams``, for each worker."""
    to_dig, to_nc = partial(_hint_udp, names), partial(_hint_tcp, names)
    for description in listen.descriptions(config.listen, DEFAULTS, config.interface):
        if not listen.is_datagram(description):
            yield listen.StreamListener(PLUGIN, description, streams(), reactor, to_nc)
        elif config.workers == 1:
            yield listen.DatagramListener(PLUGIN, description, datagrams(), reactor, to_dig)
        else:
            handlers = [datagrams() for _ in range(config.workers)]
            yield SharedListener(PLUGIN, description, handlers, own, reactor, to_dig)


def _streams(config: Config, watch: Watch, requests: Requests, reactor: Any) -> Callable[[Peer], DnsProtocol]:
    """What makes a connection's protocol; connections take turns, whichever port they came to."""
    turns = Turns(reactor)

    def build(peer: Peer) -> DnsProtocol:
        source = Source.of(*peer)
        session = DnsSession(watch.stream(source.host), config.lang, source)
        return DnsProtocol(session, reactor, requests, turns)

    return build


def _show(crew: "Crew", metrics: Metrics, hangup: Hangup | None, status: Status | None) -> None:
    crew.count(metrics)
    if hangup is not None:
        hangup.add("query log of the workers", crew.reopen)
    if status is not None:
        status.add("more", "dns workers", crew.told)


def _plain(answers: Answers, request: Request) -> bytes | None:
    """A plain question that was signed."""
    client = request.client
    source = Source.of(client.host, client.port)
    return answers.verified(request.octets, source, stream=client.stream, room=request.room)


def _count(metrics: Metrics, names: Names, answers: Answers, requests: Requests) -> None:
    metrics.counter(
        "netapp_dns_malformed",
        "Requests that were no DNS and no text.",
        lambda: answers.malformed + requests.malformed,
    )
    metrics.gauge("netapp_dns_names", "Names that are answered.", lambda: len(names.snapshot))


def _hint_udp(names: Names, host: str, port: int) -> str:
    return f"dig +short @{host} -p {port} {names.example()}"


def _hint_tcp(names: Names, host: str, port: int) -> str:
    return f"echo {names.example()} | nc -w 1 {host} {port}"
