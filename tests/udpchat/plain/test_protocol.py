"""Plain datagrams between peers and the lobby, with transports in memory."""

import pytest
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.talk import LOBBY, Proof
from netapp.udpchat.seats import Seat
from netapp.udpchat.words import GOODBYE
from tests.udpchat.house import House, Line, SlowStore, fails, taken

XIAO, MING = ("192.168.1.5", 4000), ("192.168.1.6", 4000)
ACK = "已收到".encode()


def test_a_datagram_is_said_in_the_lobby_by_a_lan_peer() -> None:
    house = House()
    other = Line(house.talk, "小红")
    house.plain.datagramReceived("你好\n".encode(), XIAO)
    assert other.heard == ["192.168.1.5: 你好"]
    assert [author.proof for author in house.talk.members(LOBBY)] == [Proof.GUEST, Proof.LAN]
    assert taken(house.plain) == []
    house.reactor.advance(limits.PLAIN_WAIT)
    assert taken(house.plain) == [ACK]


def test_what_is_said_elsewhere_is_the_answer() -> None:
    house = House()
    other = Line(house.talk, "小红")
    house.plain.datagramReceived("在吗".encode("gbk"), XIAO)
    other.say("在的")
    assert taken(house.plain) == ["[小红] 在的".encode("gbk")]
    other.say("有事?")
    assert taken(house.plain) == []
    house.plain.datagramReceived(b"", XIAO)
    assert taken(house.plain) == ["[小红] 有事?".encode("gbk")]


def test_two_plain_peers_talk_to_each_other() -> None:
    house = House()
    house.plain.datagramReceived(b"one", XIAO)
    house.reactor.advance(1.0)
    house.plain.datagramReceived(b"two", MING)
    house.plain.datagramReceived(b"three", XIAO)
    assert house.plain.transport.written == [
        (ACK, XIAO),
        (b"[192.168.1.5] three", MING),
        (b"[192.168.1.6] two", XIAO),
    ]


def test_two_programs_on_one_machine_have_two_names() -> None:
    house = House()
    for port in (4000, 4001):
        house.plain.datagramReceived(b"hello", ("192.168.1.5", port))
    assert [author.name for author in house.talk.members(LOBBY)] == ["192.168.1.5", "192.168.1.5_2"]


def test_nick_and_who() -> None:
    house = House()
    Line(house.talk, "小红")
    for text in ("/nick 小明", "/who", "/nick 小红", "/nick 小 红", "/nick"):
        house.plain.datagramReceived(text.encode(), XIAO)
    assert [octets.decode() for octets in taken(house.plain)] == [
        "您现在的名字是 小明",
        "大厅里有:小红, 小明",
        "名字 小红 已有人使用",
        "名字不能用:小 红",
        "名字不能用:",
    ]


def test_the_acknowledgement_waits_for_the_disk() -> None:
    house = House(store=(store := SlowStore()))
    house.plain.datagramReceived(b"hello", XIAO)
    house.reactor.advance(5.0)
    assert taken(house.plain) == []
    store.release()
    assert taken(house.plain) == [ACK]


def test_what_was_said_before_quit_is_stored() -> None:
    house = House(store=(store := SlowStore()))
    other = Line(house.talk, "小红")
    house.plain.datagramReceived(b"hello", XIAO)
    house.plain.datagramReceived(b"quit", XIAO)
    store.release()
    assert other.heard == ["192.168.1.5: hello"]
    assert [author.name for author in house.talk.members(LOBBY)] == ["小红"]
    assert taken(house.plain)[0] == GOODBYE.encode()


def test_a_silent_peer_leaves_the_lobby_and_no_timer_stays() -> None:
    house = House()
    house.plain.datagramReceived(b"hello", XIAO)
    house.reactor.pump([1.0] * int(limits.PLAIN_FORGETS + 1))
    assert house.talk.members(LOBBY) == ()
    assert house.reactor.getDelayedCalls() == []


def test_a_full_lobby_is_said() -> None:
    house = House()
    house.talk.presences = limits.PRESENCES
    house.plain.datagramReceived(b"hello", XIAO)
    assert taken(house.plain) == ["消息未能保存,请稍后再试".encode()]
    house.talk.presences = 0


def test_our_own_fault_is_logged_and_not_taken_for_the_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    monkeypatch.setattr(house.plain.session, "stored", fails)
    with capturedLogs() as events:
        house.plain.datagramReceived(b"hello", XIAO)
    assert [each["log_failure"].type for each in events] == [ZeroDivisionError]
    assert taken(house.plain) == []


def test_our_own_fault_in_talk_is_logged_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    monkeypatch.setattr(Seat, "say", lambda *_: defer.fail(ZeroDivisionError()))
    with capturedLogs() as events:
        house.plain.datagramReceived(b"hello", XIAO)
    assert [each["log_failure"].type for each in events] == [ZeroDivisionError]
    assert taken(house.plain) == ["消息未能保存,请稍后再试".encode()]


def test_two_rooms_of_the_service_do_not_answer_each_other() -> None:
    house = House()
    house.plain.datagramReceived(b"hello", ("127.0.0.1", 9999))
    house.plain.datagramReceived(b"hello", ("192.168.1.5", 7))
    house.reactor.advance(5.0)
    assert taken(house.plain) == []


def test_at_most_a_hundred_answers_a_second() -> None:
    house = House()
    for _ in range(300):
        house.plain.datagramReceived(b"x", XIAO)
    house.reactor.advance(1.0)
    assert len(taken(house.plain)) == 100
    house.plain.datagramReceived(b"x", XIAO)
    house.reactor.advance(1.0)
    assert len(taken(house.plain)) == 1


def test_a_stop_leaves_the_lobby() -> None:
    house = House()
    house.plain.datagramReceived(b"hello", XIAO)
    house.plain.stopProtocol()
    assert house.talk.members(LOBBY) == ()
    assert house.reactor.getDelayedCalls() == []
