"""Findings reach the log, visibly, and no more of them than somebody can read; nobody is harmed by them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.application.service import MultiService
from twisted.internet import task
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import ISSLTransport
from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from netapp.core import limits, text
from netapp.core.access import Access
from netapp.core.connections import SessionFactory
from netapp.core.datagrams import Datagrams, OwnPorts
from netapp.core.explain.datagrams import Correspondence
from netapp.core.explain.doors import DatagramDoor, StreamDoor, explain_all
from netapp.core.explain.findings import FINDINGS
from netapp.core.explain.teller import Teller
from netapp.core.listen import DatagramListener, StreamListener
from netapp.core.sessions import Close, Effect, Noticed, Session
from netapp.core.streams import SessionProtocol
from netapp.testing import FakeReactor, Transport, connect, datagrams

PEER = ("127.0.0.1", 51234)
EVERY_FIELD = dict.fromkeys(
    ("count", "size", "taken", "came", "went", "shown", "position", "octet", "octets"), 1
) | {"seconds": 5.0}


class Echo(Session):
    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return [Noticed("missing", {"name": data}), data]

    def finish(self, now: float) -> Sequence[Effect]:
        return [Close("finished")]


class EchoDatagrams(Datagrams):
    def heard(self, datagram: bytes, peer: tuple[str, int], now: float) -> Sequence[bytes]:
        return [datagram]


class Failing(Teller):
    """A teller with a fault of ours."""

    def tell(self, *_: object) -> None:
        raise ZeroDivisionError


@contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []
    with capturedLogs() as events:
        yield lines
    lines += [line(event) for event in events]


def line(event: LogEvent) -> str:
    return formatEvent(event)


def streams(teller: Teller, clock: Any) -> Any:
    factory = SessionFactory(lambda peer: SessionProtocol(Echo(), clock), Access(()))
    factory.witness = StreamDoor("netapp-echo", teller, clock)
    return factory


def udp(teller: Teller, clock: Any) -> Any:
    handler = EchoDatagrams(clock, Access(()), OwnPorts())
    handler.witness = DatagramDoor("netapp-echo", teller, clock, handler)
    return handler


# What is said ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "没有“a.txt”这个文件"), ("en", "there is no file “a.txt”")]
)
def test_a_finding_is_one_line_in_the_users_language(lang: Any, words: str) -> None:
    with logged() as lines:
        Teller(lang, task.Clock()).tell("netapp-file", PEER, "missing", {"name": b"a.txt"})
    assert len(lines) == 1
    assert lines[0].startswith(f"explain 127.0.0.1:51234 (netapp-file): {words}")


@pytest.mark.parametrize(
    "name",
    [
        b"\x1b[2J\r\n2026-11-21 forged",
        "\u202egpj.exe".encode(),
        b"{peer!r:>9999}{0}",
        b"x" * 10_000,
        b"\xff\xfe\x00",
    ],
)
def test_nothing_reaches_the_log_unescaped_or_long(name: bytes) -> None:
    with logged() as lines:
        Teller("en", task.Clock()).tell("netapp-file", PEER, "missing", {"name": name})
    assert lines[0].isprintable()
    assert len(lines[0]) < 1000
    assert " (netapp-file): there is no file “" in lines[0]


@pytest.mark.parametrize(
    ("peer", "shown"),
    [(("fe80::1", 5), "[fe80::1]:5"), (("10.0.0.1", 5), "10.0.0.1:5"), (("", 0), "unix")],
)
def test_a_peer_is_shown_as_a_client_shows_itself(peer: tuple[str, int], shown: str) -> None:
    with logged() as lines:
        Teller("en", task.Clock()).tell("netapp-file", peer, "reset", {})
    assert lines[0].startswith(f"explain {shown} (")


def test_findings_are_told_apart_from_their_phrases_length() -> None:
    """In either language a finding is one line that a terminal shows in a few."""
    for key, phrases in FINDINGS.phrases.items():
        for phrase in phrases:
            assert "\n" not in phrase, key
            assert len(phrase) <= 220, key


# How much is said --------------------------------------------------------------------------------


def test_one_address_is_told_so_much_and_then_how_much_was_left_out() -> None:
    clock = task.Clock()
    teller = Teller("en", clock)
    with logged() as lines:
        for port in range(1000):
            for key in list(FINDINGS.phrases)[:15]:
                teller.tell("netapp-echo", ("127.0.0.1", port), key, EVERY_FIELD)
        teller.tell("netapp-echo", ("127.0.0.2", 1), "reset", {})
        clock.advance(limits.EXPLAIN_WINDOW)
    assert sum("127.0.0.1:" in each for each in lines) == limits.EXPLAIN_TOLD_EACH
    assert sum("127.0.0.2:" in each for each in lines) == 1
    left = 15_000 - limits.EXPLAIN_TOLD_EACH
    assert lines[-1] == f"explain: {left} more were found in the last 60 s and left out"
    with logged() as lines:
        teller.tell("netapp-echo", PEER, "reset", {})
    assert len(lines) == 1


def test_the_same_finding_of_one_address_is_told_ten_times() -> None:
    clock = task.Clock()
    teller = Teller("zh", clock)
    with logged() as lines:
        for port in range(limits.EXPLAIN_TOLD_SAME + 2):
            teller.tell("netapp-file", ("127.0.0.1", port), "reset", {})
        teller.tell("netapp-file", PEER, "wordless", {})
        clock.advance(limits.EXPLAIN_WINDOW)
    assert len(lines) == limits.EXPLAIN_TOLD_SAME + 2
    assert lines[-1] == "explain: 过去 60 秒内另有 2 条说明没有写出"


def test_many_addresses_together_are_told_so_much() -> None:
    clock = task.Clock()
    teller = Teller("en", clock)
    with logged() as lines:
        for number in range(10_000):
            teller.tell("netapp-echo", (f"10.0.{number >> 8}.{number & 255}", 1), "reset", {})
        assert len(clock.getDelayedCalls()) == 1
        clock.advance(limits.EXPLAIN_WINDOW)
    assert len(lines) == limits.EXPLAIN_TOLD + 1
    assert len(teller._told) <= limits.EXPLAIN_TOLD
    assert not clock.getDelayedCalls()


def test_a_peer_cannot_fill_the_log_by_one_connection() -> None:
    clock = FakeReactor()
    with logged() as lines:
        protocol, _ = connect(streams(Teller("en", clock), clock))
        for number in range(10_000):
            protocol.dataReceived(b"%d\0\0" % number)
    assert len(lines) == 2  # "missing", which the session notices each time, and "nul"


def test_datagrams_from_everywhere_are_remembered_in_a_table_with_an_end() -> None:
    told: list[str] = []
    rules = Correspondence(lambda peer, key, fields: told.append(key), lambda: None, lambda port: None)
    for number in range(5 * limits.EXPLAIN_PEERS):
        peer = (f"10.0.{number >> 8}.{number & 255}", 1)
        rules.heard(b"", peer, number / 1e4)
        rules.saying(b"x", peer, local=False)
    assert len(rules._peers) == limits.EXPLAIN_PEERS
    assert len(rules._burst) <= limits.EXPLAIN_PEERS


# What fails in it --------------------------------------------------------------------------------


def test_a_witness_that_fails_ends_no_session_and_is_told_of_once() -> None:
    clock = FakeReactor()
    factory = streams(Failing("en", clock), clock)
    with logged() as lines:
        for _ in range(3):
            protocol, transport = connect(factory)
            for _ in range(3):
                protocol.dataReceived(b"hello")
            assert transport.take() == b"hellohellohello"
            protocol.readConnectionLost()
            assert not factory.connections
    assert len(lines) == 1
    assert "could not be judged" in lines[0]


def test_a_witness_of_datagrams_that_fails_ends_no_answer() -> None:
    clock = FakeReactor()
    handler = udp(Failing("en", clock), clock)
    transport = datagrams(handler)
    with logged() as lines:
        for _ in range(3):
            handler.datagramReceived(b"", PEER)
    assert transport.written == [(b"", PEER)] * 3
    assert sum("could not be judged" in each for each in lines) == 1


def test_a_finding_without_a_phrase_is_our_fault_and_ends_nothing() -> None:
    class Odd(Session):
        def receive(self, data: bytes, now: float) -> Sequence[Effect]:
            return [b"a", Noticed("no such key"), b"b"]

    clock = FakeReactor()
    factory = SessionFactory(lambda peer: SessionProtocol(Odd(), clock), Access(()))
    factory.witness = StreamDoor("netapp-echo", Teller("en", clock), clock)
    with logged() as lines:
        protocol, transport = connect(factory)
        protocol.dataReceived(b"x")
    assert transport.take() == b"ab"
    assert len(lines) == 1


def test_without_the_option_what_a_session_notices_is_said_by_nobody() -> None:
    clock = FakeReactor()
    factory = SessionFactory(lambda peer: SessionProtocol(Echo(), clock), Access(()))
    with logged() as lines:
        protocol, transport = connect(factory)
        protocol.dataReceived(b"hello\0\0")
    assert transport.take() == b"hello\0\0"
    assert lines == []


# Who speaks first --------------------------------------------------------------------------------


@pytest.mark.parametrize("greets", [True, False])
def test_who_waits_for_a_greeting_that_comes_late_waits_rightly(greets: bool) -> None:
    """As at a login that failed tries have made slow."""

    class Greeting(Echo):
        def open(self, now: float) -> Sequence[Effect]:
            return [b"name?"] if greets and not factory.connections > 1 else []

    clock = FakeReactor()
    factory = SessionFactory(lambda peer: SessionProtocol(Greeting(), clock), Access(()))
    factory.witness = StreamDoor("netapp-login", Teller("en", clock), clock)
    with logged() as lines:
        connect(factory)
        connect(factory)
        clock.advance(limits.EXPLAIN_SILENCE)
    assert len(lines) == (0 if greets else 2)


@pytest.mark.parametrize("tls", [True, False])
def test_an_end_that_is_not_clean_is_judged_without_tls_alone(tls: bool) -> None:
    clock = FakeReactor()
    protocol = streams(Teller("en", clock), clock).buildProtocol(None)
    transport = Transport(protocol)
    if tls:
        transport.setTcpNoDelay = lambda on: None  # type: ignore[attr-defined]
        alsoProvides(transport, ISSLTransport)
    with logged() as lines:
        protocol.makeConnection(transport)
        protocol.dataReceived(b"hello\n")
        protocol.connectionLost(Failure(ConnectionLost()))
    assert sum("closed (by a reset)" in each for each in lines) == (0 if tls else 1)


# Who is listened to ------------------------------------------------------------------------------


def test_listeners_of_plain_text_have_a_witness_and_others_have_none() -> None:
    reactor = FakeReactor()
    house, inner = MultiService(), MultiService()
    inner.setServiceParent(house)
    plain, secret = (
        SessionFactory(lambda peer: SessionProtocol(Echo(), reactor), Access(())) for _ in range(2)
    )
    handler = EchoDatagrams(reactor, Access(()), OwnPorts())
    StreamListener("netapp-echo", "tcp:0", plain, reactor).setServiceParent(inner)
    StreamListener("netapp-login", "tcp:0", secret, reactor, option="--ssh").setServiceParent(inner)
    DatagramListener("netapp-echo", "udp:0", handler, reactor).setServiceParent(inner)
    explain_all(house, "zh", reactor)
    assert plain.witness is not None
    assert secret.witness is None
    assert handler.witness is not None


def test_no_timer_is_left_when_a_connection_is_over() -> None:
    clock = FakeReactor()
    with logged():
        protocol, transport = connect(streams(Teller("en", clock), clock))
        assert len(clock.getDelayedCalls()) == 1
        protocol.dataReceived(b"hello\n")
        clock.advance(60)
        assert not clock.getDelayedCalls(), "nothing is due any more"
        transport.loseConnection()
        connect(streams(Teller("en", clock), clock))[1].loseConnection()
    assert not clock.getDelayedCalls()


def test_what_people_type_is_never_shown() -> None:
    """Passwords come over these connections."""
    secret = "hunter2密码".encode()
    clock = FakeReactor()
    with logged() as lines:
        handler = udp(Teller("en", clock), clock)
        datagrams(handler)
        for octets in (secret + b"\0\0", secret[:-1] + b"\xff", b"\xef\xbb\xbf" + secret, secret * 100):
            handler.datagramReceived(octets, PEER)
    assert lines
    assert not any("hunter2" in text.visible(each) for each in lines)
