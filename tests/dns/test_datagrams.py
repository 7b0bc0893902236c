"""The name service's datagrams over real sockets, read by hand: in batches, and one by one."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from twisted.internet import defer, task
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.core.access import Access, network
from netapp.core.datagrams import OwnPorts
from netapp.dns.datagrams import DnsDatagrams
from netapp.dns.message import UPDATE
from netapp.dns.query.answers import Answers
from netapp.dns.query.cookies import Cookies
from netapp.dns.ratelimit import Limiter
from netapp.dns.requests import Requests
from netapp.dns.watch.counts import Counts
from tests.core.udp.forms import FORMS, HOSTS, client, port, quiet
from tests.dns import asking
from tests.dns.asking import TABLE, addresses, opt, option, query

both_forms = pytest.mark.parametrize("form", FORMS)


class Server:
    """A handler, its port, and what it is made of."""

    def __init__(self, made: Any, handler: DnsDatagrams, requests: Requests, own: OwnPorts) -> None:
        self.port, self.handler, self.requests, self.own = made, handler, requests, own

    def turn(self) -> None:
        self.port.doRead()

    @property
    def counted(self) -> tuple[int, int, int, int]:
        """Received, answered, refused, unsent."""
        handler = self.handler
        return handler.received, handler.answered, handler.refused, handler.unsent


@contextmanager
def serving(
    form: str,
    host: str = "127.0.0.1",
    *,
    allow: str = "192.0.2.0/24",
    limiter: Limiter | None = None,
    names: Answers | None = None,
    clock: task.Clock | None = None,
) -> Iterator[Server]:
    requests, own = Requests(), OwnPorts()
    access, names = Access([network(allow)]), names or asking.answers()
    handler = DnsDatagrams(names, requests, clock or task.Clock(), access, own, limiter)
    with port(form, handler, host) as made:
        yield Server(made, handler, requests, own)


@both_forms
@pytest.mark.parametrize("host", HOSTS)
def test_questions_of_either_tongue_are_answered_in_their_order(form: str, host: str) -> None:
    with serving(form, host) as server, client(host, server.port) as peer:
        for again in range(3):  # the first time the long way, then what is ready
            sent = [
                query(),
                b"www.google.com",
                query("www.sixstar.com", edns=opt()),
                b"nobody",
                query("x.lan"),
            ]
            for each in sent:
                peer.send(each)
            server.turn()
            got = [peer.recv(2048) for _ in sent]
            assert [addresses(got[0]), addresses(got[2])] == [["192.168.1.2"], ["192.168.1.3"]]
            assert [got[1], got[3]] == [b"192.168.1.4", b"i dont know"]
            assert got[0][:2] == sent[0][:2]
            assert server.counted == (5 * (again + 1), 5 * (again + 1), 0, 0)
        assert quiet(peer)


@both_forms
def test_each_answer_has_its_own_id(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        sent = [bytes((number, 255 - number)) + query()[2:] for number in range(100)]
        for each in sent:
            peer.send(each)
        server.turn()
        assert [peer.recv(2048)[:2] for _ in sent] == [each[:2] for each in sent]


@both_forms
def test_silence_leaves_a_hole_and_no_more(form: str) -> None:
    answer = query()[:2] + b"\x80" + query()[3:]
    with serving(form) as server, client(to=server.port) as peer:
        sent = [
            query(),
            answer,
            b"\0",
            query(),
            b"i dont know",
            b"\xff" * 4096,
            b"www.baidu.com",
            query(),
        ]
        for each in sent:
            peer.send(each)
        server.turn()
        got = [peer.recv(2048) for _ in range(4)]
        assert got[2] == b"192.168.1.2"
        assert all(addresses(each) == ["192.168.1.2"] for each in (got[0], got[1], got[3]))
        assert quiet(peer)
        assert server.counted == (8, 4, 0, 0)


@both_forms
def test_d40_65507_zero_octets_are_a_broken_request(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        peer.send(bytes(65507))
        server.turn()
        assert peer.recv(2048)[3] & 15 == 1
        peer.send(query())
        server.turn()
        assert addresses(peer.recv(2048)) == ["192.168.1.2"]


@both_forms
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5"])
def test_d45_what_comes_from_our_own_listeners_is_not_answered(form: str, host: str) -> None:
    with serving(form) as server, client(host) as other, client() as peer:
        where = ("127.0.0.1", server.port.getHost().port)
        for _ in range(2):  # the second time the address is known
            peer.sendto(query(), where)
            other.sendto(query(), where)
            server.turn()
            assert addresses(peer.recv(2048)) == addresses(other.recv(2048)) == ["192.168.1.2"]
        server.own.add(other.getsockname()[1])
        for octets in (query(), b"www.baidu.com", b"nobody"):
            other.sendto(octets, where)
            peer.sendto(octets, where)
        server.turn()
        assert quiet(other)
        assert [addresses(peer.recv(2048)), peer.recv(99), peer.recv(99)] == [
            ["192.168.1.2"],
            b"192.168.1.2",
            b"i dont know",
        ]
        assert server.handler.refused == 3
        server.own.discard(other.getsockname()[1])
        other.sendto(query(), where)
        server.turn()
        assert addresses(other.recv(2048)) == ["192.168.1.2"]


@both_forms
def test_d45_two_that_do_not_know_stop_telling_each_other(form: str) -> None:
    hosts, clock = ("127.0.0.1", "127.0.0.5"), task.Clock()
    here, there = asking.answers(unknown="who knows"), asking.answers(unknown="no idea")
    with (
        serving(form, hosts[0], names=here, clock=clock) as one,
        serving(form, hosts[1], names=there, clock=clock) as two,
    ):
        for second in (1, 2):
            two.port.socket.sendto(b"hello", (hosts[0], one.port.getHost().port))
            heard = -1
            while heard != (heard := one.handler.received + two.handler.received):
                assert heard <= second * (2 * limits.ANSWERS_PER_SECOND + 1)
                one.turn()
                two.turn()
            said = one.handler.answered, two.handler.answered
            assert said == (second * limits.ANSWERS_PER_SECOND,) * 2
            assert one.handler.refused == second
            clock.advance(1)
        with client(to=one.port) as peer:
            for octets, answer in ((b"nobody", b"who knows"), (b"www.baidu.com", b"192.168.1.2")):
                peer.send(octets)
                one.turn()
                assert peer.recv(99) == answer


@both_forms
def test_a_failure_in_the_limiter_costs_one_datagram(form: str) -> None:
    limiter = Limiter(1, local=True)
    limiter.passed = lambda *_: 1 // 0  # type: ignore[assignment, method-assign]
    with serving(form, limiter=limiter) as server, client(to=server.port) as peer, capturedLogs() as events:
        turns = iter([True, True, False, False])
        limiter.limits = lambda address: next(turns)  # type: ignore[method-assign]
        for octets in (query(), query()):
            peer.send(octets)
        server.turn()
        assert addresses(peer.recv(2048)) == ["192.168.1.2"]
        assert [("log_failure" in event) for event in events] == [True]


@both_forms
@pytest.mark.parametrize("number", sorted(limits.REFLECTING_PORTS - {0}))
def test_d46_reflecting_ports_are_not_answered(form: str, number: int) -> None:
    with serving(form) as server, client() as known:
        where = ("127.0.0.1", server.port.getHost().port)
        known.sendto(query(), where)
        server.turn()
        assert addresses(known.recv(2048)) == ["192.168.1.2"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reflecting:
            try:
                reflecting.bind(("127.0.0.1", number))
            except PermissionError:
                pytest.skip("no right to a port below 1024")
            except OSError:
                pytest.skip("somebody has this port")
            for octets in (query(), b"www.baidu.com"):
                reflecting.sendto(octets, where)
            server.turn()
            assert quiet(reflecting)
        assert server.handler.refused == 2


@both_forms
def test_strangers_are_refused_each_time(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        server.handler._permits = lambda host: False  # type: ignore[assignment]
        for _ in range(3):
            peer.send(query())
        server.turn()
        assert quiet(peer)
        assert server.counted == (3, 0, 3, 0)


@both_forms
def test_sources_that_are_known_are_bounded(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SOURCES", 3)
    with serving(form) as server:
        for number in range(1, 9):
            with client(f"127.1.0.{number}") as peer:
                for _ in range(2):
                    peer.sendto(query(), ("127.0.0.1", server.port.getHost().port))
                    server.turn()
                    assert addresses(peer.recv(2048)) == ["192.168.1.2"]
        assert len(server.handler._known) <= 3


@both_forms
def test_a_new_snapshot_is_seen_at_once(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        answers = server.handler._answers
        for record, expected in ((None, ["192.168.1.2"]), (asking.record("www.baidu.com", "10.0.0.7"), None)):
            if record is not None:
                answers.use(asking.snapshot(record))
                expected = addresses(answers.datagram(query()))
            peer.send(query())
            server.turn()
            assert addresses(peer.recv(2048)) == expected


# What is more than a look-up ---------------------------------------------------------------------


def update() -> bytes:
    return query()[:2] + b"\x28\0" + query()[4:]


@both_forms
def test_an_answer_may_come_later(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        waiting: list[defer.Deferred[bytes | None]] = []

        def handle(request: Any) -> "defer.Deferred[bytes | None]":
            assert (request.client.host, request.client.port) == peer.getsockname()
            assert not request.client.stream
            waiting.append(defer.Deferred())
            return waiting[-1]

        server.requests.on_opcode[UPDATE] = handle
        for octets in (update(), query(), update(), update()):
            peer.send(octets)
        server.turn()
        assert addresses(peer.recv(2048)) == ["192.168.1.2"]
        assert quiet(peer)
        waiting[2].callback(b"third")
        waiting[0].callback(b"first")
        waiting[1].callback(None)
        assert [peer.recv(99), peer.recv(99)] == [b"third", b"first"]
        assert quiet(peer)
        assert server.counted == (4, 3, 0, 0)


@both_forms
def test_an_answer_after_the_end_is_dropped(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        waiting: defer.Deferred[bytes | None] = defer.Deferred()
        server.requests.on_opcode[UPDATE] = lambda request: waiting
        peer.send(update())
        server.turn()
        server.port.stopListening()
        server.port.reactor.advance(0)
        with capturedLogs() as events:
            waiting.callback(b"late")
        assert (events, server.handler.answered) == ([], 0)


@both_forms
def test_a_failure_of_ours_is_logged_and_costs_one_datagram(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer, capturedLogs() as events:
        server.handler._elsewhere = lambda *_: 1 // 0  # type: ignore[assignment, method-assign]
        for octets in (update(), query()):
            peer.send(octets)
        server.turn()
        assert addresses(peer.recv(2048)) == ["192.168.1.2"]
        assert [("log_failure" in event) for event in events] == [True]


@both_forms
def test_a_failure_on_the_short_way_costs_nothing(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        for _ in range(2):
            peer.send(query())
            server.turn()
            assert addresses(peer.recv(2048)) == ["192.168.1.2"]
        handler: Any = server.handler
        handler._short_text = failing_once()
        peer.send(b"www.baidu.com")
        server.turn()
        assert peer.recv(99) == b"192.168.1.2"
        handler._answers.short = failing_once()
        peer.send(query(edns=opt()))
        server.turn()
        assert addresses(peer.recv(2048)) == ["192.168.1.2"]


def failing_once() -> Callable[..., None]:
    failures = [ZeroDivisionError()]

    def fail(*_: bytes) -> None:
        if failures:
            raise failures.pop()

    return fail


@both_forms
@pytest.mark.parametrize("host", HOSTS)
def test_the_short_ways_of_either_tongue_are_counted_by_their_kind(form: str, host: str) -> None:
    """What is of a form that was read is not read again; an OPT record must have been seen before."""
    cookies = Cookies([bytes(16)], lambda: 1e9)
    names = Answers(asking.snapshot(), "i dont know", "auto", cookies)
    with serving(form, host, names=names) as server, client(host, server.port) as peer:
        handler, counts = server.handler, Counts()
        handler._answers.number, handler.cells = counts.number, counts.cells
        said: list[bytes] = []
        answered: dict[bytes, bytes] = {}
        handler.tally = said.append
        cookie = opt(rdata=option(10, b"12345678"))
        for name, address in TABLE.items():
            for octets in (query(name), query(name.title()), query(name, edns=cookie), name.encode()):
                peer.send(octets)
                server.turn()
                got = answered[octets] = peer.recv(2048)
                assert (got.decode() if octets == name.encode() else addresses(got)[0]) == address
        assert counts.queries() == {("udp", "A", "NOERROR"): 6, ("text", "A", "NOERROR"): 3}
        first, second, _ = TABLE
        long = (query(), query(first, edns=cookie), query(second, edns=cookie))
        assert said == [answered[each] for each in long]
        for _ in range(2):
            peer.send(b"www.baidu.com" + b" " * 600)
            server.turn()
            assert peer.recv(99) == b"192.168.1.2"
        assert (len(said), len(handler._answers._texts._known)) == (5, 3)


# The limiter -------------------------------------------------------------------------------------


@both_forms
def test_d47_who_is_limited_never_takes_the_short_way(form: str) -> None:
    limiter = Limiter(5, local=True)
    with serving(form, limiter=limiter) as server, client(to=server.port) as peer:
        for _ in range(40):
            peer.send(query())
        server.turn()
        whole = cut = 0
        while not quiet_after(peer):
            answer = peer.recv(2048)
            whole, cut = whole + (answer[2] & 2 == 0), cut + (answer[2] & 2 != 0)
        assert whole == 5
        assert (limiter.slipped, limiter.dropped) == (cut, 35 - cut)
        assert cut > 10
        assert server.counted == (40, 5 + cut, 0, 0)


def quiet_after(peer: Any) -> bool:
    """Whether nothing more has come, without taking it."""
    peer.setblocking(False)
    try:
        peer.recv(1, 2)  # MSG_PEEK
    except BlockingIOError:
        return True
    finally:
        peer.settimeout(5)
    return False


@both_forms
def test_who_is_not_limited_takes_the_short_way(form: str) -> None:
    with serving(form, limiter=Limiter(5)) as server, client(to=server.port) as peer:
        for _ in range(40):
            peer.send(query())
        server.turn()
        assert all(addresses(peer.recv(2048)) for _ in range(40))


# Whoever looks on --------------------------------------------------------------------------------


@both_forms
def test_a_witness_sees_all_of_it(form: str) -> None:
    class Witness:
        seen: ClassVar[list[tuple[str, bytes, Any]]] = []

        def heard(self, octets: bytes, peer: Any, now: float) -> None:
            self.seen.append(("heard", octets, peer))

        def saying(self, octets: bytes, peer: Any) -> None:
            self.seen.append(("saying", octets, peer))

    with serving(form) as server, client(to=server.port) as peer:
        peer.send(query())
        server.turn()
        peer.recv(2048)
        server.handler.witness = Witness()  # type: ignore[assignment]
        Witness.seen.clear()
        for octets in (query(), b"www.baidu.com"):
            peer.send(octets)
        server.turn()
        got, where = [peer.recv(2048), peer.recv(2048)], peer.getsockname()
        assert Witness.seen == [
            ("heard", query(), where),
            ("saying", got[0], where),
            ("heard", b"www.baidu.com", where),
            ("saying", got[1], where),
        ]


@both_forms
def test_answers_that_were_ready_are_told_of(form: str) -> None:
    with serving(form) as server, client(to=server.port) as peer:
        others: list[bytes] = []
        server.handler._answers.number = lambda answer: answer[-1] % 7
        server.handler.tally = others.append
        peer.send(query())
        server.turn()
        answer = peer.recv(2048)
        assert (sum(server.handler.cells), others) == (0, [answer])
        for _ in range(3):
            peer.send(query())
        server.turn()
        assert [peer.recv(2048) for _ in range(3)] == [answer] * 3
        assert (server.handler.cells[answer[-1] % 7], sum(server.handler.cells), len(others)) == (3, 3, 1)
