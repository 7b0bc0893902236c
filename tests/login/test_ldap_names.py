"""Distinguished names, read and written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.errors import WireError
from netapp.login.ldap.names import Name, escaped, parse_name


@pytest.mark.parametrize(
    ("text", "rdns"),
    [
        ("", ()),
        ("dc=netapp", ((("dc", "netapp"),),)),
        ("uid=zhao,ou=people,dc=netapp", ((("uid", "zhao"),), (("ou", "people"),), (("dc", "netapp"),))),
        ("UID = zhao , ou=people", ((("UID", "zhao"),), (("ou", "people"),))),
        ("cn=a\\,b\\+c\\\\", ((("cn", "a,b+c\\"),),)),
        ("cn=\\20a\\ ", ((("cn", " a "),),)),
        ("cn=\\e5\\B0\\8f明", ((("cn", "小明"),),)),
        ("cn=a+uid=b", ((("cn", "a"), ("uid", "b")),)),
        ("0.9.2342.19200300.100.1.1=zhao", ((("0.9.2342.19200300.100.1.1", "zhao"),),)),
        ("cn=a=b", ((("cn", "a=b"),),)),
        ("cn=", ((("cn", ""),),)),
    ],
)
def test_names_are_read(text: str, rdns: object) -> None:
    assert parse_name(text.encode()).rdns == rdns


@pytest.mark.parametrize(
    "octets",
    [
        b"zhao", b"=zhao", b"uid=zhao,", b",uid=zhao", b"uid=zhao+", b"uid=a\\", b"uid=a\\x", b'uid="a"',
        b"uid=a;b=c", b"uid=#0401", b"uid=\\ff", b"uid=\xff", b"uid=a\0", b"uid=" + b"a" * 2000, b"1uid=a",
        "名=a".encode(),
    ],
)  # fmt: skip
def test_no_names(octets: bytes) -> None:
    with pytest.raises(WireError):
        parse_name(octets)


def test_names_that_are_the_same() -> None:
    keys = {
        parse_name(each.encode()).key
        for each in (
            "uid=zhao,ou=people,dc=netapp",
            "UserID=ZHAO, OU=People, DC=NetApp",
            "0.9.2342.19200300.100.1.1=zhao,ou=\\70eople,dc=netapp",
            "uid=ｚｈａｏ,ou=  people  ,dc=netapp",
        )
    }
    assert len(keys) == 1


def test_names_that_are_not_the_same() -> None:
    assert parse_name(b"uid=a,dc=b").key != parse_name(b"uid=a\\,dc=b").key
    assert parse_name(b"cn=a+uid=b").key == parse_name(b"uid=b+cn=a").key


@settings(deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_any_value_is_read_as_it_was_written(value: str) -> None:
    name = Name(((("cn", value),), (("dc", "netapp"),)))
    assert parse_name(str(name).encode()).rdns == name.rdns


@settings(deadline=None)
@given(st.text(max_size=60) | st.text('\\,+=# a"e5b08f;<>\0', max_size=30))
def test_any_text_is_a_name_or_none(text: str) -> None:
    try:
        name = parse_name(text.encode())
    except WireError:
        return
    assert parse_name(str(name).encode()).key == name.key


def test_escapes() -> None:
    assert escaped(" #a,b ") == "\\ #a\\,b\\ "
    assert escaped("#a") == "\\#a"
    assert escaped(" ") == "\\ "
