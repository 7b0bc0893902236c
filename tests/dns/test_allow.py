"""Lists of networks and keys."""

import pytest

from netapp.core import limits
from netapp.dns.allow import Allowed, allowed
from netapp.dns.tsig.keys import Key, Keyring
from netapp.errors import ConfigError
from netapp.names.naming import wire_name

LAPTOP = Key(wire_name("laptop"), "hmac-sha256", b"1")
DESK = Key(wire_name("desk"), "hmac-sha256", b"2")
KEYRING = Keyring(lambda: (LAPTOP, DESK))


def rules(*given: str) -> Allowed:
    return allowed(given, KEYRING, "allow-transfer")


def test_nobody_without_a_rule() -> None:
    assert not rules()
    assert not rules().permits("127.0.0.1", LAPTOP)


def test_a_network_alone() -> None:
    some = rules("192.0.2.0/24", "2001:db8::/32")
    assert some
    for host in ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1", "2001:db8::1%eth0"):
        assert some.permits(host, None), host
        assert some.permits(host, LAPTOP), host
    for host in ("192.0.3.9", "::ffff:192.0.3.9", "2001:db9::1", ""):
        assert not some.permits(host, LAPTOP), host


def test_a_mapped_network_is_ipv4() -> None:
    assert rules("::ffff:192.0.2.0/120").permits("192.0.2.9", None)
    assert not rules("::ffff:192.0.2.0/120").permits("192.0.3.9", None)


def test_a_network_and_a_key_must_both_be_right() -> None:
    some = rules("192.0.2.0/24#laptop", "10.0.0.0/8")
    assert some.permits("192.0.2.9", LAPTOP)
    assert not some.permits("192.0.2.9", DESK)
    assert not some.permits("192.0.2.9", None)
    assert not some.permits("192.0.3.9", LAPTOP)
    assert some.permits("10.1.2.3", None)
    assert rules("0.0.0.0/0#Laptop.", "::/0#laptop").permits("2001:db8::1", LAPTOP)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no network"),
        ("192.0.2.0/33", "no network"),
        ("#laptop", "no network"),
        ("192.0.2.1#nobody", "no key 'nobody': give it with --key"),
        ("192.0.2.1#", "no key"),
        ("192.0.2.1#a b", "no key"),
    ],
)
def test_what_is_no_rule_is_told_in_one_line(given: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        rules(given)
    assert str(caught.value).startswith("--allow-transfer")
    assert "\n" not in str(caught.value)


def test_rules_have_a_bound() -> None:
    with pytest.raises(ConfigError, match="join networks"):
        rules(*["192.0.2.1"] * (limits.DNS_RULES + 1))
