"""What a listener says to a client of another protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, UNIXAddress

from netapp.core import strangers


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1", b"PUT /a%20b HTTP/1.0", b"OPTIONS * HTTP/1.1"])
def test_l29_a_browser_is_known_by_its_first_line(line: bytes) -> None:
    assert strangers.is_http(line)


@pytest.mark.parametrize(
    "line", [b"GET a.txt", b"get / HTTP/1.1", b"GET  HTTP/1.1", b"hello", b"", b"GET / HTTP/1.1 x"]
)
def test_a_person_is_not_taken_for_one(line: bytes) -> None:
    assert not strangers.is_http(line)


@given(st.binary(max_size=200))
def test_no_line_is_an_error(line: bytes) -> None:
    strangers.is_http(line)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", [None, "http://192.168.1.2:8000/"])
def test_it_is_told_where_the_page_is_in_a_whole_answer(lang: strangers.Lang, page: str | None) -> None:
    head, _, body = strangers.http_answer("netapp-chat", page, lang).partition(b"\r\n\r\n")
    status, *fields = head.decode("ascii").split("\r\n")
    assert status == "HTTP/1.1 421 Misdirected Request"
    assert f"Content-Length: {len(body)}" in fields
    assert "Connection: close" in fields
    assert "netapp-chat" in body.decode()
    assert (page or "telnet") in body.decode()
    assert body.count(b"\n") == 1


def test_the_page_is_found_by_the_address_that_reached_us() -> None:
    page = strangers.Page()
    assert page.url("192.168.1.2") is None
    page.stands_at(lambda: IPv4Address("TCP", "0.0.0.0", 7878))
    page.stands_at(lambda: IPv4Address("TCP", "0.0.0.0", 9999))  # a second listener is no better
    assert page.url("192.168.1.2") == "http://192.168.1.2:7878/"
    assert page.url("fd00::1") == "http://[fd00::1]:7878/"


def test_a_page_behind_a_unix_socket_is_nobodys_to_reach() -> None:
    page = strangers.Page()
    page.stands_at(lambda: UNIXAddress("/run/page"))
    assert page.url("127.0.0.1") is None
