"""The small parts: the alarm, what must not come back, the interfaces, the command line."""

import math

import pytest
from twisted.internet.task import Clock
from twisted.python import usage

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.errors import ConfigError
from netapp.udpchat.config import Config
from netapp.udpchat.echoes import MOST, NoEcho
from netapp.udpchat.ipmsg.interfaces import VIRTUAL, interfaces
from netapp.udpchat.service import identity_of
from netapp.udpchat.tap import Options, config_from

XIAO = ("192.0.2.1", 4000)


def test_an_alarm_fires_once_at_the_time_last_set() -> None:
    clock, fired = Clock(), list[float]()
    alarm = Alarm(clock, lambda: fired.append(clock.seconds()))
    alarm.set(5.0)
    alarm.set(9.0)
    clock.pump([1.0] * 20)
    assert fired == [9.0]
    alarm.set(30.0)
    alarm.set(25.0)
    clock.pump([1.0] * 20)
    assert fired == [9.0, 25.0]


def test_an_alarm_for_never_has_no_timer() -> None:
    clock = Clock()
    alarm = Alarm(clock, lambda: None)
    alarm.set(math.inf)
    assert clock.getDelayedCalls() == []
    alarm.set(5.0)
    alarm.end()
    assert clock.getDelayedCalls() == []


def test_texts_are_remembered_for_each_peer_and_for_a_while() -> None:
    sent = NoEcho()
    sent.add(XIAO, "hello", 0.0)
    assert sent.holds(XIAO, "hello", 1.0)
    assert not sent.holds(XIAO, "hi", 1.0)
    assert not sent.holds(("192.0.2.1", 4001), "hello", 1.0)
    assert not sent.holds(XIAO, "hello", limits.NO_ECHO)


def test_remembered_texts_have_a_bound() -> None:
    sent = NoEcho()
    for number in range(MOST + 1):
        sent.add(XIAO, str(number), 0.0)
    assert not sent.holds(XIAO, "0", 0.0)
    assert sent.holds(XIAO, "1", 0.0)


def test_the_interfaces_of_this_machine_are_no_loopback_and_not_virtual() -> None:
    for each in interfaces():
        assert not each.address.startswith("127.")
        assert not each.name.startswith(VIRTUAL)
        assert each.broadcast.count(".") == 3


def test_who_we_are_is_ascii_short_and_never_the_machines_own_address() -> None:
    identity = identity_of("我的电脑: a very long host name.example", "大厅")
    assert identity.host.isascii()
    assert len(identity.host) <= 15
    assert b":" not in identity.user + identity.host + identity.version + identity.feiq
    assert identity.version.startswith(b"1_netapp ")
    made_up = identity.feiq.split(b"#")[2]
    assert (len(made_up), made_up[:2]) == (12, b"02")
    assert identity_of("我的电脑: a very long host name.example", "大厅") == identity


def options(*words: str) -> Config:
    read = Options()
    read.parseOptions(words)
    return config_from(read)


def test_the_command_line_is_the_config() -> None:
    assert options() == Config()
    assert options("--announce", "--operator", "--ack=", "--ipmsg=none", "--encoding=gbk") == Config(
        announce=True, operator=True, ack="", ipmsg="none", encoding="gbk"
    )


def test_an_acknowledgement_that_no_datagram_holds_is_refused() -> None:
    assert options("--ack=" + "x" * limits.PLAIN_ANSWER).ack == "x" * limits.PLAIN_ANSWER
    with pytest.raises(usage.UsageError, match=r"^--ack=收{60}…: an answer has at most 1024 octets$"):
        options("--ack=" + "收" * 342)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(usage.UsageError, match="acks"):
        options("--acks=x")


def test_either_wire_can_be_left_out_but_not_both() -> None:
    assert options("--listen=none").listen == ("none",)
    with pytest.raises(ConfigError, match="leave nothing to listen on"):
        options("--listen=none", "--ipmsg=none")
