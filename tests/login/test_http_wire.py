"""Fields and targets of the verification endpoint."""

import base64
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.errors import WireError
from netapp.login.http import wire
from netapp.login.http.wire import Basic, Bearer

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))


def basic(octets: bytes) -> str:
    return "Basic " + base64.b64encode(octets).decode()


def test_basic_is_a_name_and_a_password() -> None:
    # RFC 7617 section 2 and 2.1
    assert wire.credentials_of(["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]) == Basic(b"Aladdin", b"open sesame")
    assert wire.credentials_of(["basic  dGVzdDoxMjPCow=="]) == Basic(b"test", "123£".encode())
    assert wire.credentials_of([basic(b"zhao:a:b: c ")]) == Basic(b"zhao", b"a:b: c ")
    assert wire.credentials_of([basic(b":")]) == Basic(b"", b"")


def test_l39_utf8_and_gbk_octets_are_taken_as_they_are() -> None:
    for codec in ("utf-8", "gbk"):
        name, password = "赵".encode(codec), "密码|一二三".encode(codec)
        assert wire.credentials_of([basic(name + b":" + password)]) == Basic(name, password)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",  # without padding
        "Basic QWxh ZGRpbjpv",
        "Basic QWxhZGRpbg==",  # no colon
        "Basic \xd5\xd4:123",
        basic(b"zhao:1\x00"),
        basic(b"zhao:1\r\n2"),
        basic(b"zh\tao:12345678"),
        basic(b"zhao:1\x7f"),
        "Digest username=zhao",
        "Negotiate YII=",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,b",
        "Bearer =",
        "Bearer \xd5",
        "Bearer " + "a" * (limits.HTTP_BEARER + 1),
    ],
)
def test_l39_what_are_no_credentials(value: str) -> None:
    with pytest.raises(WireError):
        wire.credentials_of([value])


def test_two_fields_are_none() -> None:
    with pytest.raises(WireError):
        wire.credentials_of([basic(b"a:b"), basic(b"c:d")])
    with pytest.raises(WireError):
        wire.credentials_of([])


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_l39_any_value_is_credentials_or_a_wire_error(value: str) -> None:
    for scheme in ("", "Basic ", "Bearer "):
        try:
            found = wire.credentials_of([scheme + value])
        except WireError:
            continue
        assert isinstance(found, Basic | Bearer)


@given(st.binary(min_size=1), st.binary())
def test_basic_there_and_back(name: bytes, password: bytes) -> None:
    octets = name.replace(b":", b"") + b":" + password
    if wire._CONTROL.search(octets):
        return
    assert wire.credentials_of([basic(octets)]) == Basic(name.replace(b":", b""), password)


def test_bearer_is_a_token() -> None:
    assert wire.credentials_of(["Bearer mF_9.B5f-4.1JqM"]) == Bearer(
        b"mF_9.B5f-4.1JqM"
    )  # RFC 6750 section 2.1
    assert wire.credentials_of(["bearer " + "a" * limits.HTTP_BEARER]) == Bearer(b"a" * limits.HTTP_BEARER)


def test_secrets_show_in_no_repr() -> None:
    assert "secret" not in repr(Basic(b"secret", b"secret")) + repr(Bearer(b"secret"))


def test_a_digest_tells_sources_names_passwords_and_kinds_apart() -> None:
    asked = [
        ("10.0.0.1", Basic(b"ab", b"c")),
        ("10.0.0.2", Basic(b"ab", b"c")),
        ("10.0.0.1", Basic(b"a", b"bc")),
        ("10.0.0.1", Basic(b"a\x00", b"c")),
        ("10.0.0.1", Basic(b"a", b"\x00c")),
        ("10.0.0.1", Bearer(b"abc")),
        ("10.0.0.1", Basic(b"abc", b"")),
    ]
    assert len({wire.digest(b"k" * 32, *each) for each in asked}) == len(asked)
    assert wire.digest(b"k" * 32, *asked[0]) == wire.digest(b"k" * 32, *asked[0])
    assert wire.digest(b"k" * 32, *asked[0]) != wire.digest(b"l" * 32, *asked[0])


# Who asks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ([], "127.0.0.1"),
        (["192.168.1.7"], "192.168.1.7"),
        (["203.0.113.9, 192.168.1.7"], "192.168.1.7"),  # the left one is the client's own word
        (["203.0.113.9", "192.168.1.7"], "192.168.1.7"),
        (["192.168.1.7, 127.0.0.1"], "192.168.1.7"),  # two proxies on this machine
        (["127.0.0.2, 127.0.0.1"], "127.0.0.2"),
        (["192.168.1.7, unknown"], "127.0.0.1"),
        (["192.168.1.7,"], "127.0.0.1"),
        (["192.168.1.7, 999.1.1.1"], "127.0.0.1"),
        (["192.168.1.7:4711"], "192.168.1.7"),
        (["::ffff:192.168.1.7"], "192.168.1.7"),
        (["2001:DB8::0:7"], "2001:db8::7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["fe80::1%eth0"], "fe80::1"),
        (["evil\x1b[2J"], "127.0.0.1"),
    ],
)
def test_l17_x_forwarded_for_is_read_from_the_right(told: list[str], client: str) -> None:
    assert wire.client_of("127.0.0.1", told, (), LOOPBACK) == client


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ([], "127.0.0.1"),
        (["for=192.168.1.7"], "192.168.1.7"),
        (["For=192.168.1.7;proto=http;by=203.0.113.43"], "192.168.1.7"),
        (['proto=http; for="192.168.1.7:4711"'], "192.168.1.7"),
        (['for=203.0.113.9, for="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (["for=203.0.113.9", "for=192.168.1.7"], "192.168.1.7"),
        (['for=", for="192.168.1.7"'], "192.168.1.7"),  # a quotation that the client has begun
        (["for=_hidden, for=unknown"], "127.0.0.1"),
        (["for=192.168.1.7, by=127.0.0.1"], "127.0.0.1"),
        (["unfor=192.168.1.7"], "127.0.0.1"),
    ],
)
def test_l17_forwarded_is_read_from_the_right(told: list[str], client: str) -> None:
    assert wire.client_of("127.0.0.1", (), told, LOOPBACK) == client


def test_l17_who_is_no_proxy_of_ours_says_what_he_likes() -> None:
    assert wire.client_of("192.168.1.7", ["10.0.0.1"], ["for=10.0.0.1"], LOOPBACK) == "192.168.1.7"
    assert wire.client_of("127.0.0.1", ["10.0.0.1"], (), ()) == "127.0.0.1"


def test_l17_forwarded_is_a_clients_own_beside_a_proxys_x_forwarded_for() -> None:
    assert wire.client_of("127.0.0.1", ["192.168.1.7"], ["for=10.0.0.1"], LOOPBACK) == "192.168.1.7"


def test_a_unix_sockets_peer_is_a_proxy() -> None:
    assert wire.client_of("", ["203.0.113.9, 192.168.1.7"], (), ()) == "192.168.1.7"
    assert wire.client_of("", [], (), ()) == ""
    assert wire.client_of("fe80::1%2", [], (), LOOPBACK) == "fe80::1%2"


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=30)), st.booleans())
def test_l17_any_field_gives_an_address(told: list[str], forwarded: bool) -> None:
    fields: tuple[list[str], list[str]] = ([], told) if forwarded else (told, [])
    ipaddress.ip_address(wire.client_of("127.0.0.1", *fields, LOOPBACK))


# Targets and names -------------------------------------------------------------------------------


def test_a_target_is_a_path_and_pairs() -> None:
    assert wire.target_of(b"/verify") == ("/verify", [])
    assert wire.target_of(b"/verify?") == ("/verify", [])
    assert wire.target_of(b"http://here:80/verify?user=zhao") == ("/verify", [("user", "zhao")])
    assert wire.target_of(b"http://here") == ("/", [])
    found = wire.target_of(b"/verify?group=%E8%80%81%E5%B8%88&group=a+b")[1]
    assert found == [("group", "老师"), ("group", "a b")]


@pytest.mark.parametrize(
    "query", [b"role", b"&", b"user=zhao&", b"user=%ff", b"user=\xd5\xd4", b"user=a" + b"&user=b" * 40]
)
def test_a_query_that_cannot_be_read_is_an_error(query: bytes) -> None:
    with pytest.raises(WireError):
        wire.target_of(b"/verify?" + query)


@given(st.text())
def test_a_field_is_ascii_and_can_be_read_back(name: str) -> None:
    from urllib.parse import unquote

    encoded = wire.field_text(name)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert "," not in encoded
    if name.isprintable():
        assert unquote(encoded) == name
    assert wire.field_text("zhao.liu-1_2") == "zhao.liu-1_2"
    assert wire.field_text("赵") == "%E8%B5%B5"
