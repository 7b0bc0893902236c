"""Signed updates that come once more: those that were overheard, and those that are asked again."""

import ipaddress

import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.dns.allow import Allowed, Rule
from netapp.dns.message import UPDATE
from netapp.dns.requests import Client, Requests
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.latest import Early, Latest
from netapp.dns.tsig.record import read_signed
from netapp.dns.tsig.signing import BADTIME, Signer, Verifier
from netapp.dns.update.handler import Updates
from netapp.names.naming import wire_name
from netapp.names.store import Names
from tests.dns.updates.asking import adding, deleting
from tests.names.zoning import Files, a, zone

NOW = 1_700_000_000
KEY = Key(wire_name("laptop"), "hmac-sha256", b"0123456789abcdef")
OTHER = Key(wire_name("dhcp"), "hmac-sha256", b"fedcba9876543210")
UDP = Client("127.0.0.1", 40000, stream=False)
TCP = Client("127.0.0.1", 40001, stream=True)
LEEWAY = limits.TSIG_LEEWAY


class House:
    """A zone, and whoever has one of two keys may change it."""

    def __init__(self) -> None:
        self.clock = task.Clock()
        names = self.names = Names([], self.clock, zones=[Files(zone(1, a("www.example.lan")))])
        rules = [Rule(ipaddress.ip_network("127.0.0.0/8"), key.name) for key in (KEY, OTHER)]
        self.requests = Requests(keyring=Keyring(lambda: (KEY, OTHER)), time=lambda: NOW)
        self.requests.on_opcode[UPDATE] = Updates(names, Allowed(rules), self.clock.seconds).handle

    def rcode(self, octets: bytes, client: Client = TCP) -> str:
        answer = self.requests.handle(octets, client)
        if not isinstance(answer, bytes):
            found: list[bytes] = []
            answer.addCallback(found.append)  # type: ignore[union-attr]
            (answer,) = found
        read = read_signed(answer)
        assert read is not None
        error = read[1].error
        return dns.tsig.BadTime.__name__ if error == BADTIME else dns.rcode.to_text(read[0][3] & 15)

    @property
    def owners(self) -> int:
        return len(self.names.snapshot.zones[wire_name("example.lan")].nodes)


def signed(octets: bytes, later: int = 0, key: Key = KEY) -> bytes:
    return Signer(key).sign(octets, NOW + later)


def test_what_was_overheard_is_not_carried_out_once_more() -> None:
    house = House()
    before = house.owners
    overheard = signed(adding("n"), -20)
    assert house.rcode(overheard) == "NOERROR"
    assert house.rcode(signed(deleting("n"))) == "NOERROR"
    with capturedLogs() as events:
        for client in (TCP, UDP, Client("127.0.0.9", 40000, stream=False)):
            assert house.rcode(overheard, client) == "BadTime"
    assert house.owners == before
    assert house.requests.unverified == {BADTIME: 3}
    assert [formatEvent(event) for event in events] == [
        "netapp-dns: 127.0.0.1: BADTIME for the key laptop: it was signed 20 s before another by this key: "
        "somebody has sent an old one again, or the clocks of those who have the key are apart"
    ]


def test_its_answer_is_signed_and_has_our_time() -> None:
    house = House()
    house.rcode(signed(adding("n")))
    signer = Signer(KEY)
    asked = signer.sign(adding("m"), NOW - 20)
    answer = house.requests.handle(asked, UDP)
    assert isinstance(answer, bytes)
    read = read_signed(answer)
    assert read is not None
    assert (read[0][3] & 15, read[1].error, read[1].time) == (9, BADTIME, NOW - 20)
    assert read[1].other == NOW.to_bytes(6, "big")
    with pytest.raises(Exception, match="BADTIME: see that both clocks are right"):
        Verifier(KEY, signer.mac).verify(answer, NOW - 20)


def test_what_overtakes_another_and_clocks_a_little_apart_are_no_matter() -> None:
    house = House()
    for number, later in enumerate((0, -LEEWAY, LEEWAY, 0, LEEWAY)):
        assert house.rcode(signed(adding(f"n{number}"), later)) == "NOERROR"
    assert house.rcode(signed(adding("n"), -LEEWAY - 1)) == "BadTime"


def test_a_clock_that_is_ahead_shuts_nobody_out() -> None:
    house = House()
    assert house.rcode(signed(adding("n"), 280)) == "NOERROR"
    assert house.rcode(signed(adding("m"), -LEEWAY)) == "NOERROR"
    assert house.rcode(signed(adding("o"), -LEEWAY - 1)) == "BadTime"


def test_our_own_clock_may_be_set_back() -> None:
    latest = Latest()
    latest.take(b"k", NOW + 3600, NOW + 3600)
    for later in (0, 1, -LEEWAY):
        latest.take(b"k", NOW + later, NOW)
    with pytest.raises(Early):
        latest.take(b"k", NOW - LEEWAY - 1, NOW + 3)


def test_one_key_says_nothing_of_another() -> None:
    house = House()
    assert house.rcode(signed(adding("n"), 0, KEY)) == "NOERROR"
    assert house.rcode(signed(adding("m"), -200, OTHER)) == "NOERROR"


def test_a_datagram_that_comes_again_since_its_answer_was_lost_gets_it_though_it_is_old_by_now() -> None:
    house = House()
    mine = signed(adding("n"), -20)
    assert house.rcode(mine, UDP) == "NOERROR"
    assert house.rcode(signed(adding("m"))) == "NOERROR"
    assert house.rcode(mine, UDP) == "NOERROR"


def test_what_is_not_allowed_makes_nothing_late() -> None:
    house = House()
    stranger = Client("10.0.0.7", 40000, stream=True)
    assert house.rcode(signed(adding("n")), stranger) == "REFUSED"
    assert house.rcode(signed(adding("n"), -20)) == "NOERROR"


def test_so_many_keys_are_known_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_KEYS", 2)
    latest = Latest()
    for name, when in ((b"a", NOW), (b"b", NOW), (b"a", NOW), (b"c", NOW)):
        latest.take(name, when, NOW)
    with pytest.raises(Early):
        latest.take(b"a", NOW - 20, NOW)
    latest.take(b"b", NOW - 20, NOW)  # forgotten: it was the one not heard of for longest


@given(st.lists(st.integers(0, 40)))
def test_each_is_refused_that_is_earlier_by_more_than_the_leeway(times: list[int]) -> None:
    latest = Latest()
    for number, when in enumerate(times):
        early = max(times[: number + 1]) - when > LEEWAY
        try:
            latest.take(b"k", when, 40)
        except Early:
            assert early
        else:
            assert not early
