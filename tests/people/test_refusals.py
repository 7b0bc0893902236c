"""The line in the log for each refused try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import capturedLogs, formatEvent

from netapp.people.trail.refusals import Reason, tell_refused


def told(source: str, door: str = "login", reason: Reason = Reason.BAD) -> str:
    with capturedLogs() as events:
        tell_refused(source, door, reason)
    assert [event["log_namespace"] for event in events] == ["netapp.people"]
    return formatEvent(events[0])


def test_the_line_is_as_it_is_documented() -> None:
    assert told("192.0.2.7", "telnet") == (
        "netapp-login: authentication failure rhost=192.0.2.7 service=telnet reason=bad"
    )
    assert {told("::1", "ssh", reason).partition("reason=")[2] for reason in Reason} == {
        "bad",
        "code",
        "locked",
        "throttled",
    }


@pytest.mark.parametrize(
    ("source", "rhost"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("", "-"),
        ("192.0.2.7 rhost=192.0.2.66", "-"),
        ("host.example", "-"),
        ("192.0.2.7\n", "-"),
    ],
)
def test_an_address_is_one_that_a_firewall_takes(source: str, rhost: str) -> None:
    assert f" rhost={rhost} " in told(source)


@given(st.text(), st.text())
def test_l30_no_source_and_no_door_can_add_a_word(source: str, door: str) -> None:
    line = told(source, door)
    assert len(line.split(" ")) == 6
    assert line.isascii()
    assert line.isprintable()


def test_a_door_with_a_scope_is_the_door() -> None:
    assert " service=file " in told("192.0.2.7", "file:read")
