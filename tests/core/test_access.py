"""Who may speak to us."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import access, limits
from netapp.errors import ConfigError


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.255.0.9",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.12.254",
        "169.254.7.7",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd12::7",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "",
    ],
)
def test_local_addresses_may(host: str) -> None:
    assert access.Access().permits(host)


@pytest.mark.parametrize(
    "host",
    [
        "203.0.113.5",
        "172.32.0.1",
        "192.169.0.1",
        "11.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "2001:db8::1",
        "::",
        "::ffff:203.0.113.5",
        "example.org",
        "127.0.0.1.example.org",
        "::ffff:",
        "%",
    ],
)
def test_others_may_not(host: str) -> None:
    assert not access.Access().permits(host)


def test_an_allowed_network_may_too_in_any_spelling() -> None:
    allowed = access.Access([access.network("203.0.113.7/24"), access.network("2001:db8::/32")])
    for host in ("203.0.113.200", "::ffff:203.0.113.1", "2001:db8:1::2", "127.0.0.1"):
        assert allowed.permits(host)
    assert not allowed.permits("203.0.114.1")


@pytest.mark.parametrize("wrong", ["", "all", "10.0.0.0/33", "10.0.0", "10.0.0.0/24/8", "host.example"])
def test_no_network_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"is no network: write 192\.0\.2\.0/24"):
        access.network(wrong)


@given(st.ip_addresses())
def test_l17_an_address_is_judged_as_what_it_is(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    permits = access.Access().permits
    if ip.version == 4:
        assert permits(f"::ffff:{ip}") == permits(str(ip))
        assert access.plain_host(f"::ffff:{ip}") == str(ip)
    else:
        assert permits(f"{ip}%2") == permits(str(ip))


@given(st.text(max_size=40))
def test_no_spelling_of_a_host_is_an_error(host: str) -> None:
    assert access.Access().permits(host) in (True, False)


def test_what_is_remembered_of_addresses_is_bounded() -> None:
    permits = access.Access().permits
    for number in range(limits.SOURCES + 100):
        permits(str(ipaddress.IPv4Address(number)))
    assert permits.cache_info().currsize == limits.SOURCES


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.168.1.9", "192.168.1.9"),
        ("::ffff:192.168.1.9", "192.168.1.9"),
        ("::ffff:c0a8:109", "192.168.1.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_one_host_of_ipv6_is_one_source_whatever_address_it_takes(host: str, source: str) -> None:
    assert access.source_of(host) == source


@given(st.text(max_size=40))
def test_every_host_has_a_source(host: str) -> None:
    assert isinstance(access.source_of(host), str)


@pytest.mark.parametrize("right", ["192.168.1.2", "::", "fe80::1%eth0"])
def test_an_interface_is_an_address(right: str) -> None:
    assert access.address(right) == right


@pytest.mark.parametrize("wrong", ["", "eth0", "localhost", "10.0.0.0/24", "10.0.0", "[::1]"])
def test_no_address_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"is no address: write 192\.0\.2\.1"):
        access.address(wrong)
