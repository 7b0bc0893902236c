"""Workers as their starter sees them, without a process: pipes and time are ours."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet import defer, error, task
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.datagrams import Datagrams
from netapp.core.events import Topic
from netapp.dns.requests import Client, Request, Requests
from netapp.dns.workers import process as starter
from netapp.dns.workers.crew import Crew
from netapp.dns.workers.feed import BEGIN, USE, WHOLE
from netapp.dns.workers.place import Place, child_descriptors
from netapp.dns.workers.process import WorkerProcess
from netapp.dns.workers.wire import Frames, Values, pack
from netapp.names.snapshot import Snapshot
from tests.names.zoning import ORIGIN, zone

QUERY = bytes(12)


class Pipe:
    """A worker's, which takes what it is given when it is told to."""

    def __init__(self) -> None:
        self.octets = b""
        self.producer: Any = None
        self._frames = Frames()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert not streaming
        self.producer = producer
        producer.resumeProducing()

    def write(self, octets: bytes) -> None:
        self.octets += octets

    def read(self) -> list[Values]:
        """Have all read that there is."""
        got: list[Values] = []
        while self.octets:
            octets, self.octets = self.octets, b""
            got += self._frames.receive(octets)
            self.producer.resumeProducing()
        return got


class Process:
    """A worker's process."""

    def __init__(self, handler: WorkerProcess) -> None:
        self.handler, self.pipe, self.signals = handler, Pipe(), list[str]()
        self.pipes = {starter.IN: self.pipe}
        handler.makeConnection(self)

    def signalProcess(self, name: str) -> None:
        self.signals.append(name)

    def says(self, *values: Any) -> None:
        self.handler.childDataReceived(starter.OUT, pack(*values))

    def mutters(self, octets: bytes) -> None:
        self.handler.childDataReceived(starter.ERR, octets)

    def follows(self) -> list[str]:
        """Do as a worker does.  :returns: what it was told."""
        told = self.pipe.read()
        for kind, *values in told:
            if kind == USE:
                self.says(starter.USING, values[0])
            elif kind == starter.LISTEN:
                self.says(starter.LISTENING)
            elif kind == starter.REST:
                self.says(starter.RESTING)
            elif kind == starter.WHERE:
                self.says(starter.HERE)
        return [each[0] for each in told]

    def dies(self, code: int | None = None, signal: int | None = 9) -> None:
        self.handler.processEnded(Failure(error.ProcessTerminated(code, signal)))


class Port:
    """What has a handler of this process read a socket."""

    def __init__(self, number: int) -> None:
        self.number, self.reads = number, True

    def stopListening(self) -> None:
        self.reads = False


class House:
    """Two workers, one listener."""

    def __init__(self) -> None:
        self.clock = task.Clock()
        self.changes: Topic[Snapshot] = Topic()
        self.snapshot = Snapshot({}, 1, {ORIGIN: zone(1)})
        self.history: Callable[..., Any] = lambda origin, since: None
        self.requests = Requests()
        self.requests.handle = self._handle  # type: ignore[method-assign]
        self.asked: list[Client] = []
        self.outcome: Any = b"answer"
        self.growth: list[Any] = []
        self.processes: list[Process] = []
        self.ports: list[Port] = []
        sockets = [SimpleNamespace(fileno=lambda number=number: number) for number in (8, 9)]
        self.listener: Any = SimpleNamespace(sockets=sockets, standing=[None, None])
        self.crew = Crew(
            2, [self.listener], self, self.requests, lambda: {"a": 1},  # type: ignore[arg-type]
            SimpleNamespace(add=self.growth.append), self.clock,  # type: ignore[arg-type]
        )  # fmt: skip
        self.crew._adopt = self._adopt  # type: ignore[method-assign]
        self.crew._spawn = self._spawn  # type: ignore[method-assign]
        self.crew.startService()

    def _handle(self, octets: bytes, client: Client) -> Any:
        self.asked.append(client)
        return self.outcome

    def _adopt(self, descriptor: int, handler: Datagrams) -> Port:
        self.ports.append(Port(descriptor))
        return self.ports[-1]

    def _spawn(self, handler: WorkerProcess, sockets: list[int]) -> None:
        self.processes.append(Process(handler))

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.changes.publish(snapshot)

    @property
    def standing(self) -> list[int]:
        """Sockets that this process reads."""
        return sorted(port.number for port in self.ports if port.reads)

    def ready(self) -> "House":
        for each in self.processes:
            each.follows()
        return self


@pytest.fixture
def lines() -> Any:
    told: list[str] = []

    def observe(event: Any) -> None:
        if event.get("log_namespace", "").startswith("netapp.dns.workers"):
            told.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(observe)
    yield told
    globalLogPublisher.removeObserver(observe)


def test_a_worker_is_told_all_and_then_to_listen() -> None:
    house = House()
    assert house.standing == [8, 9]  # this process reads what nobody reads yet
    told = house.processes[0].follows()
    assert told == [starter.SETTINGS, BEGIN, WHOLE, USE, starter.LISTEN]
    assert house.standing == [9]
    house.processes[1].follows()
    assert house.standing == []
    assert house.crew.told() == {"workers": {"wanted": 2, "answering": 2}}


def test_names_that_are_newer_come_before_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKER_PIECE", 1)  # a frame at a time
    house = House()
    process = house.processes[0]
    process.pipe.producer.resumeProducing()  # the older names are on their way
    house.publish(Snapshot({}, 2))
    kinds = process.follows()
    assert kinds[-3:] == ["gone", USE, starter.LISTEN]
    assert kinds.count(USE) == 2
    assert process.handler.used == 2


def test_while_much_comes_its_starter_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House().ready()
    process = house.processes[0]
    monkeypatch.setattr(limits, "WORKER_HEAVY", 1)
    house.publish(Snapshot({}, 2, {ORIGIN: zone(2)}))
    handle = house.crew.after(lambda request: b"done")
    got: list[bytes] = []
    handle(Request(QUERY, Client("::1", 1, stream=True))).addCallback(got.append)  # type: ignore[union-attr]
    assert process.pipe.read()[0] == (starter.REST,)
    assert house.standing == []  # not before it does rest
    for _ in range(2):
        house.processes[1].follows()
    assert got == []
    process.says(starter.RESTING)
    assert house.standing == [8]
    assert got == [b"done"]  # it answers nothing: nobody need wait for it
    assert process.pipe.read() == [(starter.LISTEN,)]
    process.says(starter.USING, 2)
    process.says(starter.LISTENING)
    assert house.standing == []
    assert house.processes[1].handler.listens


def test_a_slow_worker_is_told_once_of_many_changes() -> None:
    house = House().ready()
    for version in range(2, 50):
        house.publish(Snapshot({}, version, {ORIGIN: zone(version)}))
    kinds = house.processes[0].follows()
    assert kinds.count(USE) == 2  # what was on its way, and the newest
    assert house.processes[0].handler.used == 49


def test_requests_go_through() -> None:
    house = House().ready()
    process = house.processes[0]
    process.says(starter.ASK, 1, QUERY, "192.0.2.1", 5353)
    assert house.asked == [Client("192.0.2.1", 5353, stream=False)]
    house.outcome = waiting = defer.Deferred()
    process.says(starter.ASK, 2, QUERY, "192.0.2.1", 5353)
    house.outcome = iter([b"a"])
    process.says(starter.ASK, 3, QUERY, "192.0.2.1", 5353)
    waiting.callback(b"later")
    assert process.pipe.read() == [("answer", 1, b"answer"), ("answer", 3, None), ("answer", 2, b"later")]
    house.outcome = waiting = defer.Deferred()
    process.says(starter.ASK, 4, QUERY, "192.0.2.1", 5353)
    process.dies()
    waiting.callback(b"nobody is there")
    process.says(starter.COUNTS, {("hits",): 3})
    assert house.growth == [{("hits",): 3}]


def test_a_failure_of_ours_costs_one_request(lines: list[str]) -> None:
    house = House().ready()

    def fail(octets: bytes, client: Client) -> bytes:
        raise ZeroDivisionError

    house.requests.handle = fail  # type: ignore[method-assign]
    process = house.processes[0]
    process.says(starter.ASK, 1, QUERY, "192.0.2.1", 5353)
    assert process.pipe.read() == [("answer", 1, None)]
    house.requests.handle = lambda octets, client: defer.fail(ZeroDivisionError())  # type: ignore[method-assign]
    process.says(starter.ASK, 2, QUERY, "192.0.2.1", 5353)
    assert process.pipe.read() == [("answer", 2, None)]
    assert process.signals == []
    assert lines.count("a request failed") == 2


def test_an_answer_waits_until_all_have_the_new_names() -> None:
    house = House().ready()
    done: defer.Deferred[bytes | None] = defer.Deferred()
    handle = house.crew.after(lambda request: done)
    got: list[bytes] = []
    handle(Request(QUERY, Client("::1", 1, stream=True))).addCallback(got.append)  # type: ignore[union-attr]
    house.publish(Snapshot({}, 2))
    done.callback(b"done")
    house.processes[0].follows()
    assert got == []
    house.processes[1].follows()
    assert got == [b"done"]
    assert house.clock.getDelayedCalls() == [] or all(  # none that waits for them
        call.getTime() > limits.WORKER_SETTLE for call in house.clock.getDelayedCalls()
    )


@pytest.mark.parametrize("how", ["dies", "time"])
def test_it_waits_for_no_dead_worker_and_not_for_ever(how: str) -> None:
    house = House().ready()
    house.publish(Snapshot({}, 2))
    handle = house.crew.after(lambda request: b"known already")
    got: list[bytes] = []
    handle(Request(QUERY, Client("::1", 1, stream=True))).addCallback(got.append)  # type: ignore[union-attr]
    house.processes[0].follows()
    assert got == []
    if how == "dies":
        house.processes[1].dies()
    else:
        house.clock.advance(limits.WORKER_SETTLE)
    assert got == [b"known already"]
    house.processes[0].follows()


def test_nobody_is_waited_for_when_all_have_them() -> None:
    house = House().ready()
    handle = house.crew.after(lambda request: b"refused")
    assert handle(Request(QUERY, Client("::1", 1, stream=True))) == b"refused"
    assert house.crew.after(lambda request: None)(Request(QUERY, Client("::1", 1, stream=True))) is None


def test_the_dead_are_started_again_with_growing_pauses(lines: list[str]) -> None:
    house = House().ready()
    pauses = []
    for _ in range(9):
        process = house.processes[-1]
        process.mutters(b"Traceback\nOh")
        process.mutters(b" dear\n")
        process.dies(code=1, signal=None)
        assert house.standing == [9]
        before = house.clock.seconds()
        count = len(house.processes)
        while len(house.processes) == count:
            house.clock.advance(0.25)
        pauses.append(house.clock.seconds() - before)
        house.processes[-1].follows()
        assert house.standing == []
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    house.clock.advance(limits.WORKER_STEADY)
    house.processes[-1].dies()
    count = len(house.processes)
    house.clock.advance(limits.WORKER_PAUSE)
    assert len(house.processes) == count + 1
    told = [line for line in lines if "worker 2 ended with status 1" in line]
    assert len(told) == 9
    assert told[0].endswith("it is started again after 0.5 s (its last words: Oh dear)")


def test_one_that_cannot_be_started(lines: list[str]) -> None:
    house = House()
    house.crew._spawn = lambda handler, sockets: (_ for _ in ()).throw(OSError("no memory"))  # type: ignore[method-assign]
    place = Place(
        7, house.crew, [], [], house._adopt, house.crew._spawn, house.clock  # type: ignore[arg-type]
    )  # fmt: skip
    place.start()
    assert place.worker is None
    assert lines == []
    house.clock.advance(0.5)
    assert "worker 7 cannot be started: no memory; it is started again after 0.5 s" in lines[-1]
    house.clock.advance(1)
    assert "after 1 s" in lines[-1]


def test_sockets_that_cannot_be_read_are_tried_again_and_cost_no_worker(lines: list[str]) -> None:
    house, left = House(), 1

    def adopt(descriptor: int, handler: Datagrams) -> Port:
        nonlocal left
        if not left:
            raise OSError("too many open files")
        left -= 1
        return house._adopt(descriptor, handler)

    sockets: Any = [SimpleNamespace(fileno=lambda number=number: number) for number in (17, 18)]
    place = Place(7, house.crew, sockets, [None, None], adopt, house._spawn, house.clock)  # type: ignore[list-item]
    place.start()
    assert house.standing[2:] == [17]
    assert "worker 7: nobody answers at its sockets until they can be read: too many open files" in lines[-1]
    house.processes[-1].follows()
    assert house.standing[2:] == []
    count, left = len(house.processes), 1
    house.processes[-1].dies()
    house.clock.advance(limits.WORKER_PAUSE)
    assert len(house.processes) == count + 1  # it is started again though nobody stands in
    left = 1
    house.clock.advance(limits.WORKER_ADOPT)
    assert house.standing[2:] == [17, 18]
    assert len([port for port in house.ports if port.number == 17]) == 2  # one for each time, none is lost
    place.stop()
    house.processes[-1].dies()
    assert house.standing[2:] == []


def test_one_that_does_not_read_is_ended() -> None:
    house = House().ready()
    process = house.processes[0]
    house.publish(Snapshot({}, 2))
    house.clock.advance(limits.WORKER_STUCK + 1)
    assert process.signals == ["KILL"]


def test_one_that_is_told_nothing_is_asked_whether_it_is_there(lines: list[str]) -> None:
    house = House().ready()
    process, stopped = house.processes
    for _ in range(10):
        house.clock.advance(limits.WORKER_LOOK)
        assert process.follows() == [starter.WHERE]
        if not stopped.signals:
            stopped.pipe.producer.resumeProducing()  # its pipe has room
    assert process.signals == []
    assert stopped.signals == ["KILL"]
    stopped.dies()
    house.clock.advance(limits.WORKER_PAUSE)
    assert "worker 2 did not read for 30 s; it is started again" in lines[-1]


def test_one_that_is_not_there_is_ended_however_often_names_change() -> None:
    house = House().ready()
    process, stopped = house.processes
    for version in range(2, 12):
        house.publish(Snapshot({}, version))
        stopped.pipe.producer.resumeProducing()  # its pipe takes what is little
        process.follows()
        house.clock.advance(limits.WORKER_STUCK / 5)
    assert process.signals == []
    assert set(stopped.signals) == {"KILL"}


def test_one_that_takes_very_much_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKER_PIECE", 1)  # a frame at a time
    house = House()
    process = house.processes[0]
    for _ in range(4):
        house.clock.advance(limits.WORKER_STUCK - 1)
        process.pipe.producer.resumeProducing()
    assert process.signals == []
    process.follows()
    house.clock.advance(limits.WORKER_STUCK - 1)
    assert process.signals == []


def test_what_a_sleep_of_the_machine_leaves_is_asked_first() -> None:
    house = House().ready()
    house.clock.advance(1000 * limits.WORKER_STUCK)
    assert [process.signals for process in house.processes] == [[], []]
    assert [process.follows() for process in house.processes] == [[starter.WHERE]] * 2
    house.clock.advance(limits.WORKER_LOOK - 1)
    assert [process.signals for process in house.processes] == [[], []]


def test_one_that_reads_and_never_follows_is_ended() -> None:
    house = House().ready()
    process = house.processes[0]
    house.publish(Snapshot({}, 2))
    process.pipe.read()
    house.clock.advance(limits.WORKER_STUCK + 1)
    assert process.signals == ["KILL"]


@pytest.mark.parametrize("octets", [b"\xff" * 8, b"\0\0\0\1?", pack("ask", "too few"), pack("counts")])
def test_one_that_talks_nonsense_is_ended(octets: bytes, lines: list[str]) -> None:
    house = House().ready()
    process = house.processes[0]
    process.handler.childDataReceived(starter.OUT, octets)
    assert process.signals == ["KILL"]
    process.dies()
    house.clock.advance(limits.WORKER_PAUSE)
    assert "sent something else than it should" in lines[-1]


def test_its_lines_are_bounded(lines: list[str]) -> None:
    house = House().ready()
    process = house.processes[0]
    process.mutters(b"x" * 5000 + b"\x1b[31m")
    process.mutters(b"y" * 5000 + b"\n")
    process.mutters(b"line\n" * 1000)
    assert len(lines) <= limits.WORKER_LINES + 1  # that they answer is one
    assert max(map(len, lines)) < limits.WORKER_LINE + 50
    house.clock.advance(60)
    process.mutters(b"\xff again\x1b\n")
    assert lines[-1] == "netapp-dns: worker 1: \ufffd again⟦U+001B⟧"


def test_a_stop_waits_for_them_and_not_for_ever() -> None:
    house = House().ready()
    done: list[str] = []
    house.crew.stopService().addCallback(lambda _: done.append("crew"))
    house.listener.wait().addCallback(lambda _: done.append("listener"))
    assert [each.signals for each in house.processes] == [["TERM"], ["TERM"]]
    house.processes[0].dies(code=0, signal=None)
    assert done == []
    house.clock.advance(limits.WORKER_END)
    assert house.processes[1].signals == ["TERM", "KILL"]
    house.processes[1].dies()
    assert done == ["crew", "listener"]
    assert house.standing == []
    house.listener.wait().addCallback(lambda _: done.append("again"))
    assert done[-1] == "again"
    assert len(house.processes) == 2
    assert not house.clock.getDelayedCalls()


def test_a_stop_while_one_is_dead() -> None:
    house = House().ready()
    house.processes[1].dies()
    assert house.standing == [9]
    house.crew.stopService()
    house.processes[0].dies(code=0, signal=None)
    assert house.standing == []
    house.clock.advance(100)
    assert len(house.processes) == 2


def test_the_descriptors_of_a_worker() -> None:
    assert child_descriptors([11, 12]) == {0: "w", 1: "r", 2: "r", 3: 11, 4: 12}
