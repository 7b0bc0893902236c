"""Sessions of SSH: what is granted, what is refused, and what a peer costs that does not read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.ssh.connection import SessionChannel
from netapp.core.ssh.wire import Terminal, string, uint32
from tests.core.sshclient import Dialogue


class Recorder(SessionChannel):
    """Keeps what comes; runs a shell, and the command ``work``."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.events: list[object] = []

    def shell(self) -> bool:
        return self.begins(lambda: self.events.append("shell"))

    def execute(self, command: bytes) -> bool:
        return command == b"work" and self.begins(lambda: self.events.append(command))

    def resized(self, terminal: Terminal) -> None:
        self.events.append(terminal)

    def interrupted(self) -> None:
        self.events.append("interrupt")

    def dataReceived(self, data: bytes) -> None:
        self.events.append(data)

    def eofReceived(self) -> None:
        self.events.append("finished")


def in_session(*, window: int = 65536, packet: int = 32768) -> tuple[Dialogue, Recorder]:
    made: list[Recorder] = []

    def build(remote: int, most: int) -> Recorder:
        made.append(Recorder(dialogue.clock, remote, most))
        return made[-1]

    dialogue = Dialogue(build).come_in()
    assert dialogue.open(window=window, packet=packet) == 91
    return dialogue, made[0]


def test_a_shell_with_a_terminal() -> None:
    dialogue, channel = in_session()
    assert dialogue.ask(b"pty-req", string(b"xterm") + uint32(100) + uint32(40) + uint32(0) * 2 + string(b""))
    assert channel.terminal == Terminal(100, 40)
    assert dialogue.ask(b"shell")
    assert dialogue.ask(b"window-change", uint32(0) * 4)
    dialogue.say(98, uint32(0) + string(b"signal") + b"\0" + string(b"INT"))
    dialogue.say(94, uint32(0) + string(b"hello"))
    dialogue.say(96, uint32(0))
    assert channel.events == ["shell", Terminal(80, 24), "interrupt", b"hello", "finished"]


def test_the_work_begins_after_the_reply() -> None:
    dialogue, channel = in_session()
    channel.begins = lambda work: SessionChannel.begins(channel, lambda: channel.write(b"at work"))
    assert dialogue.ask(b"exec", string(b"work"))
    assert dialogue.numbers()[-2:] == [99, 94]


def test_f48_nothing_else_is_granted() -> None:
    dialogue, channel = in_session()
    for kind, data in (
        (b"exec", string(b"rm -rf /")),
        (b"subsystem", string(b"sftp")),
        (b"auth-agent-req@openssh.com", b""),
        (b"x11-req", b"\0" + string(b"MIT-MAGIC-COOKIE-1") + string(b"00") + uint32(0)),
        (b"env", string(b"LD_PRELOAD") + string(b"/tmp/x")),
        (b"\xff\xfe", b""),
        (b"pty-req", b"\0"),
    ):
        assert not dialogue.ask(kind, data), kind
    assert channel.events == []
    for kind in (b"direct-tcpip", b"forwarded-tcpip", b"x11", b"auth-agent@openssh.com", b"\xff"):
        assert dialogue.open(kind=kind) == 92, kind
    dialogue.say(80, string(b"tcpip-forward") + b"\1" + string(b"") + uint32(8080))
    assert dialogue.numbers()[-1] == 82
    assert not dialogue.ended


def test_one_session_has_one_work() -> None:
    dialogue, channel = in_session()
    assert dialogue.ask(b"shell")
    assert not dialogue.ask(b"shell")
    assert not dialogue.ask(b"exec", string(b"work"))
    assert channel.events == ["shell"]


def test_sessions_are_not_without_number_and_packets_not_tiny() -> None:
    dialogue, _ = in_session()
    assert dialogue.open(packet=0) == 92
    assert dialogue.open(packet=limits.SSH_LEAST_PACKET - 1) == 92
    for _ in range(limits.SSH_CHANNELS - 1):
        assert dialogue.open() == 91
    assert dialogue.open() == 92


def test_an_end_has_a_status_and_comes_after_the_last_octet() -> None:
    dialogue, channel = in_session(window=5)
    dialogue.ask(b"shell")
    channel.write(b"hello world")
    channel.leave(3)
    dialogue.pump()
    assert dialogue.last(94) == uint32(7) + string(b"hello")
    assert 97 not in dialogue.numbers()
    dialogue.say(93, uint32(0) + uint32(100))
    assert dialogue.client.messages[-4:] == [
        (94, uint32(7) + string(b" world")),
        (98, uint32(7) + string(b"exit-status") + b"\0" + uint32(3)),
        (96, uint32(7)),
        (97, uint32(7)),
    ]
    dialogue.say(97, uint32(0))
    assert dialogue.server.service.channels == {}


def test_a_window_of_nothing_costs_only_its_connection() -> None:
    dialogue, channel = in_session(window=0)
    dialogue.ask(b"shell")
    for _ in range(limits.UNSENT // 1024):
        channel.write(bytes(1024))
    assert not dialogue.ended
    channel.write(b"x")
    assert dialogue.ended
    assert dialogue.wire.aborted
    assert dialogue.admission.left == 1


def test_who_does_not_open_the_window_in_time_is_let_go() -> None:
    dialogue, channel = in_session(window=0)
    dialogue.ask(b"shell")
    channel.write(b"x")
    dialogue.clock.advance(limits.STALLED)
    assert dialogue.ended

    reads, channel = in_session(window=0)
    reads.ask(b"shell")
    channel.write(b"x")
    reads.say(93, uint32(0) + uint32(1))
    reads.clock.advance(limits.STALLED)
    assert not reads.ended


def test_what_waits_for_a_client_that_has_closed_is_dropped() -> None:
    dialogue, channel = in_session(window=0)
    dialogue.ask(b"shell")
    channel.write(b"x")
    dialogue.say(97, uint32(0))
    assert dialogue.numbers()[-1] == 97
    assert dialogue.server.service.channels == {}
    dialogue.clock.advance(limits.STALLED)
    assert not dialogue.ended


def test_what_is_not_taken_yet_is_not_asked_for() -> None:
    dialogue, channel = in_session()
    dialogue.ask(b"shell")
    channel.hold(True)
    for _ in range(4):
        dialogue.say(94, uint32(0) + string(bytes(limits.SSH_WINDOW // 4)))
    assert 93 not in dialogue.numbers()
    channel.hold(False)
    dialogue.pump()
    assert dialogue.client.messages[-1] == (93, uint32(7) + uint32(limits.SSH_WINDOW))


def test_who_can_wait_is_told_when_the_client_reads_again() -> None:
    dialogue, channel = in_session(window=1)
    dialogue.ask(b"shell")
    channel.drained = lambda: channel.events.append("drained")
    assert not channel.congested
    channel.write(b"xyz")
    assert channel.congested
    dialogue.say(93, uint32(0) + uint32(1))
    assert channel.congested
    assert "drained" not in channel.events
    dialogue.say(93, uint32(0) + uint32(100))
    assert not channel.congested
    dialogue.server.pauseProducing()
    assert channel.congested
    dialogue.server.resumeProducing()
    dialogue.client.sendKexInit()
    to_server = dialogue.out.value()
    dialogue.out.clear()
    dialogue.server.dataReceived(to_server)
    assert channel.congested
    dialogue.pump()
    assert not channel.congested
    assert channel.events == ["shell", "drained", "drained", "drained"]


def test_more_than_the_window_closes_the_session() -> None:
    dialogue, channel = in_session()
    dialogue.ask(b"shell")
    channel.hold(True)
    for _ in range(2):
        dialogue.say(94, uint32(0) + string(bytes(limits.SSH_WINDOW * 3 // 4)))
    assert 97 in dialogue.numbers()
    assert sum(len(each) for each in channel.events if isinstance(each, bytes)) <= limits.SSH_WINDOW


def test_a_connection_on_which_nothing_goes_on_ends() -> None:
    dialogue = Dialogue().come_in()
    dialogue.clock.advance(limits.SSH_IDLE)
    assert dialogue.ended

    dialogue, channel = in_session()
    dialogue.clock.advance(limits.SSH_IDLE / 2)
    dialogue.ask(b"shell")
    dialogue.clock.advance(limits.SSH_IDLE)
    assert not dialogue.ended
    channel.leave(0)
    dialogue.clock.advance(limits.SSH_IDLE)  # the client never closes its half
    dialogue.clock.advance(limits.SSH_FAREWELL)
    assert dialogue.ended


def test_a_farewell_ends_the_sessions_first_and_lets_none_begin() -> None:
    dialogue, _ = in_session()
    dialogue.ask(b"shell")
    dialogue.server.close()
    dialogue.server.close()
    dialogue.pump()
    assert 97 in dialogue.numbers()
    assert not dialogue.ended
    assert dialogue.open() == 92
    dialogue.clock.advance(limits.SSH_FAREWELL)
    assert dialogue.ended
    assert dialogue.clock.getDelayedCalls() == []


def test_a_client_that_asks_whether_we_are_there_is_answered() -> None:
    dialogue, _ = in_session()
    dialogue.say(80, string(b"keepalive@openssh.com") + b"\1")
    assert dialogue.numbers()[-1] == 82


def test_a_channel_that_is_not_there() -> None:
    for number in (93, 94, 96, 97, 98):
        dialogue, _ = in_session()
        dialogue.say(number, uint32(99) + string(b"shell") + b"\1")
        assert dialogue.ended
        assert dialogue.factory.malformed == 1


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(80, 100), st.binary(max_size=40)), max_size=4))
def test_any_octets_end_their_own_connection_at_most(messages: list[tuple[int, bytes]]) -> None:
    dialogue, _ = in_session()
    for number, payload in messages:
        if not dialogue.ended:
            dialogue.say(number, payload)
    if not dialogue.ended:
        dialogue.drop()
    assert dialogue.factory.connections == 0
    assert dialogue.admission.left == 1
    assert dialogue.clock.getDelayedCalls() == []
