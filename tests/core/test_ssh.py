"""The SSH transport: order, sizes, deadlines, and what it offers."""

import pytest
from twisted.logger import globalLogPublisher

from netapp.core import limits
from netapp.core.ssh.order import Order, Stage
from netapp.core.ssh.wire import string, uint32
from netapp.testing import connect
from tests.core.sshclient import Dialogue


def test_only_modern_algorithms_are_offered() -> None:
    dialogue = Dialogue().begin()
    payload = dialogue.server.ourKexInitPayload
    for old in (b"zlib", b"cbc", b"3des", b"md5", b"sha1", b"ssh-rsa", b"ssh-dss", b"group", b"none,"):
        assert old not in payload, old
    assert b"curve25519-sha256" in payload
    assert b"kex-strict-s-v00@openssh.com" in payload


def test_the_greeting_is_a_version_and_nothing_else() -> None:
    dialogue = Dialogue()
    assert dialogue.wire.take() == b"SSH-2.0-netapp\r\n"


def test_l29_another_protocol_is_closed_without_an_echo() -> None:
    for noise in (b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00", b"x" * 300, b"SSH-1.5-old\r\n"):
        dialogue = Dialogue()
        dialogue.wire.take()
        dialogue.server.dataReceived(noise)
        assert dialogue.ended, noise
        assert dialogue.wire.take() == b""
        assert dialogue.factory.malformed == 1
        assert dialogue.factory.connections == 0


def test_the_version_may_come_in_pieces() -> None:
    dialogue = Dialogue()
    dialogue.wire.take()
    for octet in b"SSH-2.0-x\r\n":
        assert not dialogue.wire.take()
        dialogue.server.dataReceived(bytes([octet]))
    assert b"curve25519" in dialogue.wire.take()


def test_l40_silence_at_any_place_ends_after_a_minute() -> None:
    for place in ("connection", "version", "exchange", "authentication"):
        dialogue = Dialogue()
        if place == "version":
            dialogue.server.dataReceived(b"SSH-2.0-x\r\n")
        elif place == "exchange":
            dialogue.client.makeConnection(dialogue.out)
            dialogue.client.dataReceived(b"")
            dialogue.server.dataReceived(dialogue.out.value())
        elif place == "authentication":
            dialogue.begin()
        dialogue.clock.advance(limits.SSH_LOGIN - 0.1)
        ended = dialogue.ended
        assert ended == (place in ("version", "exchange")), place  # those have a shorter limit
        dialogue.clock.advance(0.2)
        assert dialogue.ended, place
        assert dialogue.clock.getDelayedCalls() == [], place


def test_l40_the_minute_counts_from_the_connection() -> None:
    dialogue = Dialogue()
    dialogue.clock.advance(limits.SSH_LOGIN - 1)
    dialogue.begin()
    dialogue.clock.advance(1)
    assert dialogue.ended


def test_who_is_in_may_be_silent() -> None:
    dialogue = Dialogue().come_in()
    dialogue.clock.advance(limits.SSH_LOGIN + 1)
    assert not dialogue.ended


def test_a_packet_that_is_too_long_ends_it_before_it_is_kept() -> None:
    dialogue = Dialogue()
    dialogue.server.dataReceived(b"SSH-2.0-x\r\n" + uint32(limits.SSH_PACKET + 1) + b"\x04\x14" + bytes(10))
    assert dialogue.ended
    assert dialogue.factory.malformed == 1


@pytest.mark.parametrize("length", [0, 1, 11])
def test_a_packet_too_short_to_be_one(length: int) -> None:
    dialogue = Dialogue()
    dialogue.server.dataReceived(b"SSH-2.0-x\r\n" + uint32(length) + bytes(60))
    assert dialogue.ended


@pytest.mark.parametrize("number", [2, 4, 5, 21, 30, 50, 80, 90, 192])
def test_nothing_but_an_exchange_may_come_first(number: int) -> None:
    dialogue = Dialogue()
    dialogue.wire.take()
    packet = uint32(28) + b"\x04" + bytes([number]) + bytes(26)
    dialogue.server.dataReceived(b"SSH-2.0-x\r\n" + packet)
    if number in (2, 4):  # IGNORE and DEBUG: whether this client is strict is not known yet
        assert not dialogue.ended or number == 4  # a DEBUG without a message is none
    else:
        assert dialogue.ended
        assert dialogue.factory.malformed == 1


def test_strict_exchange_takes_nothing_before_it_and_counts_anew_after_it() -> None:
    dialogue = Dialogue()
    strict = [*dialogue.client.supportedKeyExchanges, b"kex-strict-c-v00@openssh.com"]
    dialogue.client.supportedKeyExchanges = strict
    dialogue.client.makeConnection(dialogue.out)
    dialogue.server.dataReceived(dialogue.out.value())
    assert dialogue.server._order.strict
    assert dialogue.server.outgoingPacketSequence == 1

    late = Dialogue()
    late.client.supportedKeyExchanges = strict
    late.client.transport = late.out
    late.client.sendKexInit_ = late.client.sendKexInit
    late.client.sendKexInit = lambda: None
    late.client.connectionMade()
    late.client.sendIgnore(b"")
    late.client.sendKexInit_()
    late.server.dataReceived(late.out.value())
    assert late.ended


@pytest.mark.parametrize("strict", [True, False])
def test_the_order_of_an_exchange(strict: bool) -> None:
    order = Order()
    order.strict = strict
    expected = ((Stage.NONE, {20}), (Stage.BEGUN, {30}), (Stage.REPLIED, {21}))
    for encrypted in (False, True):
        order.encrypted = encrypted
        talk = {1} if strict and not encrypted else {1, 2, 3, 4}
        for stage, numbers in expected:
            order.stage = stage
            may = {number for number in range(256) if order.may_come(number, served=True)}
            if stage is Stage.NONE and encrypted:
                assert may == {*range(21), *range(50, 256)}
                assert not order.may_come(50, served=False)
            else:
                assert may == numbers | talk, stage


def test_a_pseudo_algorithm_cannot_be_chosen() -> None:
    dialogue = Dialogue()
    dialogue.client.supportedKeyExchanges = [b"kex-strict-s-v00@openssh.com", b"ext-info-s"]
    dialogue.client.makeConnection(dialogue.out)
    dialogue.server.dataReceived(dialogue.out.value())
    assert dialogue.ended


def test_a_client_with_old_algorithms_only_is_told_so() -> None:
    for name, old in (
        ("supportedCiphers", b"aes128-cbc"),
        ("supportedMACs", b"hmac-sha1"),
        ("supportedCompressions", b"zlib"),
        ("supportedKeyExchanges", b"diffie-hellman-group14-sha1"),
        ("supportedPublicKeys", b"ssh-dss"),
    ):
        dialogue = Dialogue()
        setattr(dialogue.client, name, [old])
        dialogue.client.makeConnection(dialogue.out)
        dialogue.server.dataReceived(dialogue.out.value())
        assert dialogue.ended, name
        assert b"couldn't match all kex parts" in dialogue.wire.value()


def test_a_share_of_low_order_ends_it_without_a_traceback() -> None:
    dialogue = Dialogue()
    dialogue.client.supportedKeyExchanges = [b"curve25519-sha256"]
    dialogue.client.makeConnection(dialogue.out)
    dialogue.server.dataReceived(dialogue.out.value())
    dialogue.out.clear()
    dialogue.client.sendPacket(30, string(bytes(32)))
    dialogue.server.dataReceived(dialogue.out.value())
    assert dialogue.ended
    assert dialogue.factory.malformed == 1


def test_nothing_else_is_taken_while_keys_are_exchanged_again() -> None:
    dialogue = Dialogue().come_in()
    dialogue.server.dispatchMessage(20, dialogue.client.ourKexInitPayload[1:])
    assert not dialogue.ended
    dialogue.server.dispatchMessage(90, string(b"session") + uint32(0) * 3)
    assert dialogue.ended


def test_an_exchange_that_does_not_go_on_ends_the_connection() -> None:
    dialogue = Dialogue().come_in()
    dialogue.server.dispatchMessage(20, dialogue.client.ourKexInitPayload[1:])
    dialogue.clock.advance(limits.SSH_EXCHANGE + 0.1)
    assert dialogue.ended
    assert dialogue.wire.aborted
    assert dialogue.admission.left == 1


def test_keys_are_exchanged_again_and_what_waited_follows() -> None:
    dialogue = Dialogue().come_in()
    before = len(dialogue.client.messages)
    dialogue.client.sendKexInit()
    dialogue.pump()
    assert 21 in dialogue.numbers()[before:]
    assert dialogue.open() == 91


def test_keys_that_are_worn_are_changed_by_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSH_REKEY", 20_000)
    dialogue = Dialogue().come_in()
    before = dialogue.numbers().count(21)
    for _ in range(30):
        dialogue.client.sendIgnore(bytes(1000))
        dialogue.pump()
    assert dialogue.numbers().count(21) == before + 1
    assert dialogue.open() == 91

    deaf = Dialogue().come_in()
    deaf.client.ssh_KEXINIT = lambda packet: None
    for _ in range(30):
        deaf.client.sendIgnore(bytes(1000))
        deaf.pump()
    assert not deaf.ended
    deaf.clock.advance(limits.SSH_EXCHANGE)
    assert deaf.ended


def test_what_waits_for_the_end_of_an_exchange_is_bounded() -> None:
    dialogue = Dialogue().come_in()
    dialogue.server.dispatchMessage(20, dialogue.client.ourKexInitPayload[1:])
    for _ in range(limits.UNSENT // 1000 + 1):
        assert not dialogue.ended
        dialogue.server.sendPacket(94, bytes(1000))
    assert dialogue.ended


def test_a_peer_that_does_not_read_costs_its_connection_only() -> None:
    dialogue = Dialogue().come_in()
    dialogue.server.pauseProducing()
    for _ in range(limits.UNSENT // 1000):
        dialogue.server.sendPacket(2, string(bytes(1000)))
    assert dialogue.ended
    assert dialogue.wire.aborted

    slow = Dialogue().come_in()
    slow.server.pauseProducing()
    slow.clock.advance(limits.STALLED / 2)
    slow.server.pauseProducing()
    slow.clock.advance(limits.STALLED / 2)
    assert slow.wire.aborted

    wakes = Dialogue().come_in()
    wakes.server.pauseProducing()
    wakes.server.resumeProducing()
    wakes.clock.advance(limits.STALLED * 2)
    assert not wakes.ended


def test_a_stop_says_goodbye_and_logs_everybody_out() -> None:
    dialogue = Dialogue().come_in()
    drained = dialogue.factory.drain(dialogue.clock)
    dialogue.pump()
    assert dialogue.client.messages[-1] == (1, uint32(11) + string(b"goodbye") + string(b"en"))
    assert drained.called
    assert dialogue.admission.left == 1
    assert dialogue.clock.getDelayedCalls() == []


def test_a_thousand_half_open_connections_are_bounded() -> None:
    dialogue = Dialogue()
    stranger = ("192.168.7.7", 1)
    opened = [connect(dialogue.factory, stranger) for _ in range(limits.CONNECTIONS_PER_ADDRESS)]
    assert dialogue.factory.buildProtocol(opened[0][1].getPeer()) is None
    dialogue.clock.advance(limits.SSH_LOGIN)
    assert dialogue.factory.connections == 0
    assert all(not wire.connected for _, wire in opened)


def test_what_the_peer_says_reaches_no_log() -> None:
    events: list[object] = []
    globalLogPublisher.addObserver(events.append)  # type: ignore[arg-type]
    try:
        dialogue = Dialogue().come_in()
        dialogue.say(4, b"\1" + string(b"\x1b[2J") + string(b""))
        dialogue.say(3, uint32(1))
        dialogue.say(1, uint32(2) + string(b"\x1b[2J") + string(b""))
    finally:
        globalLogPublisher.removeObserver(events.append)  # type: ignore[arg-type]
    assert events == []
