"""This machine's addresses, and which of them lead to a socket."""

import socket

import pytest

from netapp.core import addresses
from netapp.core.addresses import is_loopback, own_addresses, reach, towards

BOTH = ["192.168.1.5", "2001:db8::5"]


@pytest.mark.parametrize(
    ("host", "there"),
    [
        ("::", BOTH),
        ("", BOTH),
        ("0.0.0.0", ["192.168.1.5"]),
        ("127.0.0.1", []),
        ("::1", []),
        ("10.0.0.1", ["10.0.0.1"]),
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        (None, []),
    ],
)
def test_what_leads_to_a_socket(host: str | None, there: list[str]) -> None:
    assert reach(host, BOTH) == there


def test_own_addresses_are_of_others_use() -> None:
    found = own_addresses()
    assert not [each for each in found if is_loopback(each) or each.startswith("fe80:")]
    families = [":" in each for each in found]
    assert families == sorted(families), "IPv4 first"
    assert len(set(found)) == len(found)


def test_a_name_is_no_loopback() -> None:
    assert not is_loopback("example.com")
    assert is_loopback("127.8.9.1")


@pytest.mark.parametrize(
    ("bound", "peer", "own"),
    [
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),
        ("::", "::1", "::1"),
        ("::", "127.0.0.1", "127.0.0.1"),
        ("10.0.0.1", "127.0.0.1", "10.0.0.1"),
    ],
)
def test_our_end_as_a_peer_sees_it(bound: str, peer: str, own: str) -> None:
    assert towards((bound, 80), (peer, 5000)) == (own, 80)


def test_a_link_is_a_part_of_what_is_bound_and_of_what_was() -> None:
    lo = socket.if_nametoindex("lo")
    assert (
        addresses.bindable("fe80::1%lo", 53)
        == addresses.bindable(f"fe80::1%{lo}", 53)
        == ("fe80::1", 53, 0, lo)
    )
    assert addresses.bindable("::1", 53) == ("::1", 53)
    assert addresses.bound(("fe80::1", 53, 0, lo)) == ("fe80::1%lo", 53)
    assert addresses.bound(("::1", 53, 0, 0)) == ("::1", 53)
    assert addresses.bound(("127.0.0.1", 53)) == ("127.0.0.1", 53)
    assert addresses.bound(("fe80::1", 53, 0, 2**31 - 1)) == (f"fe80::1%{2**31 - 1}", 53)  # it has gone
