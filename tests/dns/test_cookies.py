"""Cookies, by the test vectors of RFC 9018 appendix A and of SipHash's authors."""

import pytest

from netapp.core import limits
from netapp.dns.query.cookies import Cookies, siphash24

SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
CLIENT = bytes.fromhex("2464c4abcf10c957")
ADDRESS = bytes((198, 51, 100, 100))


class Clock:
    now = 1559731985.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


def test_siphash_of_its_authors() -> None:
    key = (int.from_bytes(bytes(range(8)), "little"), int.from_bytes(bytes(range(8, 16)), "little"))
    assert siphash24(key, bytes(range(15))) == 0xA129CA6149BE45E5
    assert siphash24(key, b"") == 0x726FDB47DD0E0E31


def test_rfc_9018_a1_learning_a_new_cookie(clock: Clock) -> None:
    assert Cookies([SECRET], clock).server_part(CLIENT, ADDRESS) == hexed("010000005cf79f111f8130c3eee29480")


def test_rfc_9018_a2_renewed_after_half_an_hour(clock: Clock) -> None:
    cookies = Cookies([SECRET], clock)
    first = cookies.server_part(CLIENT, ADDRESS)
    clock.now += 1799
    assert cookies.server_part(CLIENT, ADDRESS) == first
    clock.now = 1559734385.0
    assert cookies.is_ours(CLIENT + first, ADDRESS)
    assert cookies.server_part(CLIENT, ADDRESS) == hexed("010000005cf7a871d4a564a1442aca77")


def test_a_clock_that_is_set_back_has_cookies_made_anew(clock: Clock) -> None:
    cookies = Cookies([SECRET], clock)
    clock.now += 3600
    late = cookies.server_part(CLIENT, ADDRESS)
    clock.now -= 3600
    assert cookies.server_part(CLIENT, ADDRESS) == hexed("010000005cf79f111f8130c3eee29480") != late


def test_rfc_9018_a3_reserved_octets_are_hashed_as_they_came(clock: Clock) -> None:
    clock.now = 1559727985.0
    client, address = hexed("fc93fc62807ddb86"), bytes((203, 0, 113, 203))
    cookies = Cookies([SECRET], clock)
    assert cookies.is_ours(client + hexed("01abcdef5cf78f71a314227b6679ebf5"), address)
    clock.now = 1559734700.0
    assert cookies.server_part(client, address) == hexed("010000005cf7a9acf73a7810aca2381e")


def test_rfc_9018_a4_another_secret_is_known_for_a_while(clock: Clock) -> None:
    old, new = hexed("dd3bdf9344b678b185a6f5cb60fca715"), hexed("445536bcd2513298075a5d379663c962")
    client = hexed("22681ab97d52c298")
    address = hexed("20010db80220000159ded0f487698 2b8".replace(" ", ""))
    shown = client + hexed("010000005cf7c57926556bd0934c72f8")
    clock.now = 1559741961.0
    assert Cookies([new, old], clock).is_ours(shown, address)
    assert not Cookies([new], clock).is_ours(shown, address)
    assert Cookies([new, old], clock).server_part(client, address) == hexed(
        "010000005cf7c609a6bb79d16625507a"
    )


def test_whose_it_is_and_when_it_was_made(clock: Clock) -> None:
    cookies = Cookies([SECRET], clock)
    shown = CLIENT + cookies.server_part(CLIENT, ADDRESS)
    other = Cookies([SECRET], clock)  # another process with the same secret
    assert other.is_ours(shown, ADDRESS)
    assert not other.is_ours(shown, bytes((198, 51, 100, 101)))
    assert not other.is_ours(b"x" * 8 + shown[8:], ADDRESS)
    assert not other.is_ours(shown[:-1] + b"\0", ADDRESS)
    assert not other.is_ours(CLIENT, ADDRESS)
    assert not other.is_ours(CLIENT + b"\2" + shown[9:], ADDRESS)
    clock.now += 3600
    assert other.is_ours(shown, ADDRESS)
    clock.now += 1
    assert not other.is_ours(shown, ADDRESS)
    clock.now -= 3601 + 300
    assert other.is_ours(shown, ADDRESS)
    clock.now -= 1
    assert not other.is_ours(shown, ADDRESS)


def test_clients_that_are_remembered_are_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_COOKIES", 5)
    cookies = Cookies([SECRET], clock)
    other = Cookies([SECRET], clock)
    for number in range(20):
        client = number.to_bytes(8, "big")
        assert other.is_ours(client + cookies.server_part(client, ADDRESS), ADDRESS)
    assert max(len(cookies._made), len(other._known)) <= 5


def test_a_secret_has_16_octets(clock: Clock) -> None:
    with pytest.raises(ValueError, match="16 octets"):
        Cookies([b"short"], clock)
