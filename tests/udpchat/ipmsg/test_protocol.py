"""An IP Messenger station between the LAN and the lobby, with transports in memory."""

from typing import Any

import pytest
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.talk import LOBBY
from netapp.testing import connect
from netapp.udpchat.ipmsg.interfaces import Interface
from netapp.udpchat.ipmsg.wire import Command, Packet, Wish, build_packet, parse_packet, parse_receipt
from netapp.udpchat.seats import Seat
from tests.udpchat.house import House, Line, SlowStore, fails, taken

LAJOS, ANNA = ("192.168.1.5", 2425), ("192.168.1.6", 2425)
LAN = Interface("lan0", "192.168.1.1", "192.168.1.255")


class Client:
    """A tiny IP Messenger client: announces itself, receipts what it gets."""

    def __init__(self, house: House, address: tuple[str, int], nickname: str) -> None:
        self._house, self.address, self._number = house, address, 0
        self._nickname = nickname
        self.send(Command.BR_ENTRY, f"{nickname}\0a group of people\0".encode("gbk"))

    def send(self, command: int, extra: bytes, *, number: int | None = None) -> None:
        self._number = number or self._number + 1
        packet = Packet(b"1", self._number, b"user", b"pc", command & 0xFF, command & ~0xFF, extra)
        self._house.ipmsg.datagramReceived(build_packet(packet), self.address)

    def say(self, text: str, *, number: int | None = None) -> None:
        self.send(Command.SENDMSG | Wish.SENDCHECKOPT, text.encode("gbk") + b"\0", number=number)

    def texts(self) -> list[str]:
        """What has come for this client since the last call; each is receipted."""
        written = self._house.ipmsg.transport.written
        ours = [octets for octets, to in written if to == self.address]
        written[:] = [(octets, to) for octets, to in written if to != self.address]
        messages = [each for each in map(parse_packet, ours) if each.command == Command.SENDMSG]
        for each in messages:
            self.send(Command.RECVMSG, b"%d" % each.number)
        return [each.body.decode("gbk") for each in messages]


def commands(house: House) -> list[int]:
    return [parse_packet(octets).command for octets in taken(house.ipmsg)]


def test_a_message_is_in_the_lobby_and_an_answer_comes_back() -> None:
    house = House()
    other, lajos = Line(house.talk, "小红"), Client(house, LAJOS, "拉约什")
    lajos.say("大家好,我来了")
    assert other.heard == ["拉约什: 大家好,我来了"]
    other.say("你好")
    assert lajos.texts() == ["[小红] 你好"]
    other.say("吃了吗")
    assert lajos.texts() == ["[小红] 吃了吗"]


def test_two_clients_talk_through_the_lobby() -> None:
    house = House()
    lajos, anna = Client(house, LAJOS, "拉约什"), Client(house, ANNA, "安娜")
    lajos.say("大家好,我来了")
    anna.say("大家好,我也来了")
    assert lajos.texts() == ["[安娜] 大家好,我也来了"]
    assert anna.texts() == []


def test_plain_and_ipmsg_share_the_lobby() -> None:
    house = House()
    lajos = Client(house, LAJOS, "拉约什")
    lajos.say("大家好,我来了")
    house.plain.datagramReceived("有人吗".encode(), ("192.168.1.7", 4000))
    assert lajos.texts() == ["[192.168.1.7] 有人吗"]
    lajos.say("有的")
    assert taken(house.plain) == ["[拉约什] 有的".encode()]


def test_a_receipt_waits_for_the_disk_and_each_copy_gets_one() -> None:
    house = House(store=(store := SlowStore()))
    lajos = Client(house, LAJOS, "拉约什")
    for _ in range(3):
        lajos.say("一段要保存的话", number=77)
    assert commands(house) == []
    store.release()
    packets = [parse_packet(octets) for octets in taken(house.ipmsg)]
    assert [(each.command, parse_receipt(each)) for each in packets] == [(Command.RECVMSG, 77)] * 3


def test_what_could_not_be_stored_is_not_receipted() -> None:
    house = House()
    lajos = Client(house, LAJOS, "拉约什")
    house.talk.presences = limits.PRESENCES
    lajos.say("一段要保存的话", number=77)
    assert commands(house) == []


def test_our_own_fault_is_logged_and_nothing_is_receipted(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    lajos = Client(house, LAJOS, "拉约什")
    monkeypatch.setattr(house.ipmsg.session, "stored", fails)
    with capturedLogs() as events:
        lajos.say("一段要保存的话", number=77)
    monkeypatch.setattr(Seat, "say", lambda *_: defer.fail(ZeroDivisionError()))
    with capturedLogs() as more:
        lajos.say("又一段要保存的话", number=78)
    assert [each["log_failure"].type for each in events + more] == [ZeroDivisionError] * 2
    assert commands(house) == []


def test_a_long_text_of_many_lines_is_receipted_once() -> None:
    house = House()
    other, lajos = Line(house.talk, "小红"), Client(house, LAJOS, "拉约什")
    lajos.say("一\n二\n\n三", number=77)
    assert other.heard == ["拉约什: 一", "拉约什: 二", "拉约什: 三"]
    assert commands(house) == [Command.RECVMSG]


def test_a_new_nickname_is_a_new_name_in_the_lobby() -> None:
    house = House()
    lajos = Client(house, LAJOS, "拉约什")
    lajos.say("大家好,我来了")
    lajos.send(Command.BR_ABSENCE, "拉约什在开会\0".encode("gbk"))
    assert [author.name for author in house.talk.members(LOBBY)] == ["拉约什在开会"]


def test_nobody_takes_the_name_of_another() -> None:
    house = House()
    Line(house.talk, "zhao")
    Client(house, LAJOS, "zhao").say("I am zhao, believe me")
    assert [author.name for author in house.talk.members(LOBBY)] == ["zhao", "zhao_2"]


def test_quiet_without_announce() -> None:
    house = House(find=lambda: [LAN])
    house.reactor.advance(30.0)
    assert taken(house.ipmsg) == []
    assert house.reactor.getDelayedCalls() == []


def test_announce_broadcasts_at_once_and_after_five_seconds_and_exits_twice() -> None:
    house = House(find=lambda: [LAN], announce=True, ipmsg="udp:2425")
    sent: list[tuple[float, int, Any]] = []

    def collect() -> None:
        written = house.ipmsg.transport.written
        sent.extend(
            (house.reactor.seconds() - 1000.0, parse_packet(octets).command, to) for octets, to in written
        )
        written.clear()

    collect()
    for _ in range(60):
        house.reactor.advance(0.25)
        collect()
    all_of_lan = ("192.168.1.255", 2425)
    assert sent == [(0.0, 0, all_of_lan), (0.25, 1, all_of_lan), (5.25, 1, all_of_lan)]
    sent.clear()
    stopped = house.stop()
    house.reactor.advance(0.2)
    collect()
    assert stopped.called
    assert [(command, to) for _, command, to in sent] == [(2, all_of_lan)] * 2


def test_a_station_at_one_address_hears_and_speaks_to_that_network_only() -> None:
    office = Interface("lan1", "10.0.0.1", "10.0.0.255")
    house = House(find=lambda: [LAN, office], announce=True, ipmsg="udp:2425:interface=10.0.0.1")
    places = [(port, interface) for port, _, interface, _ in house.reactor.udpServers]
    assert places == [(9999, "127.0.0.1"), (2425, "10.0.0.1"), (2425, "10.0.0.255")]
    station, ear = house.reactor.udpServers[1][1], house.ipmsg
    assert {to for _, to in station.transport.written} == {("10.0.0.255", 2425)}
    station.transport.written.clear()
    house.reactor.advance(10.0)
    station.transport.written.clear()
    ear.datagramReceived(b"1:1:user:pc:1:nick\0a group of people\0", ("10.0.0.7", 2425))
    house.reactor.advance(1.0)
    assert [parse_packet(octets).command for octets, _ in station.transport.written] == [Command.ANSENTRY]


def test_who_lists_us_is_told_when_we_go() -> None:
    house = House()
    Client(house, LAJOS, "拉约什")
    stopped = house.stop()
    house.reactor.advance(0.2)
    assert stopped.called
    assert commands(house)[-1] == Command.BR_EXIT


def test_a_file_request_is_refused_by_a_close_without_an_octet() -> None:
    house = House()
    factory = house.reactor.tcpServers[0][1]
    _, transport = connect(factory, LAJOS)
    transport.protocol.dataReceived(b"1:1700000005:anna:pc2:96:6553f101:1:0:")
    assert (transport.value(), transport.connected) == (b"", False)
    _, silent = connect(factory, LAJOS)
    house.reactor.advance(limits.IPMSG_REQUEST)
    assert (silent.value(), silent.connected) == (b"", False)


def test_f_what_is_no_packet_is_counted_and_nothing_else() -> None:
    house = House()
    for octets in (b"", b"hello", b"IP2:49:VER", b"2:3:4", bytes(range(256))):
        house.ipmsg.datagramReceived(octets, LAJOS)
    assert (house.ipmsg.malformed, taken(house.ipmsg)) == (5, [])
    assert house.metrics.read()["netapp_ipmsg_malformed"] == 5


def test_ipmsg_none_opens_neither_socket() -> None:
    house = House(ipmsg="none")
    assert [each[0] for each in house.reactor.udpServers] == [9999]
    assert house.reactor.tcpServers == []


def test_tcp_is_opened_beside_the_datagrams() -> None:
    house = House(ipmsg="udp:2426:interface=127.0.0.1")
    assert [(each[0], each[3]) for each in house.reactor.tcpServers] == [(2426, "127.0.0.1")]


def test_who_comes_back_is_told_what_was_said_meanwhile_and_no_more() -> None:
    house = House()
    other, lajos = Line(house.talk, "小红"), Client(house, LAJOS, "拉约什")
    lajos.say("大家好,我来了")
    other.say("你好")
    assert lajos.texts() == ["[小红] 你好"]
    house.reactor.pump([10.0] * int(limits.IPMSG_AWAY / 10 + 1))
    assert [author.name for author in house.talk.members(LOBBY)] == ["小红"]
    for text in ("一", "二"):
        other.say(text)
    lajos.texts()
    lajos.send(Command.BR_ABSENCE, "拉约什\0".encode("gbk"))
    other.say("三")
    got = lajos.texts()
    while more := lajos.texts():
        got += more
    assert "\n".join(got) == "[小红] 一\n[小红] 二\n[小红] 三"


def test_commands_are_answered_to_their_sender_alone() -> None:
    house = House()
    other, lajos = Line(house.talk, "小红"), Client(house, LAJOS, "拉约什")
    lajos.say("大家好,我来了,今天真热闹啊")
    lajos.say("/who")
    assert lajos.texts() == ["大厅里有:小红, 拉约什"]
    house.reactor.advance(1.0)
    lajos.say("/help")
    assert lajos.texts()[0].startswith("发给我的话")
    assert other.heard == ["拉约什: 大家好,我来了,今天真热闹啊"]
