"""``netapp http`` met by servers as T25 knows them."""

import socket

import pytest

from tests.cli.tools import Handler, Server, netapp, tcp_server

pytestmark = pytest.mark.real


def answers(octets: bytes) -> Handler:
    def handle(server: Server, connection: socket.socket) -> None:
        server.got.append(connection.recv(1024))
        connection.sendall(octets)

    return handle


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_t25_status_line_headers_blank_line_body(codec: str) -> None:
    body = "<p>你好</p>\n"
    head = "HTTP/1.1 200 OK\r\nServer: 测试\r\nX-A: 1\r\n\r\n"
    with tcp_server(answers((head + body).encode(codec))) as server:
        done = netapp("http", f"http://{server.place}/路径?q=词")
    assert done.returncode == 0
    assert done.stdout == "HTTP/1.1 200 OK\nServer: 测试\nX-A: 1\n\n<p>你好</p>\n"
    request = server.got[0].split(b"\r\n")
    assert request[0] == b"GET /%E8%B7%AF%E5%BE%84?q=%E8%AF%8D HTTP/1.1"
    assert f"Host: {server.place}".encode() in request
    assert b"Connection: close" in request


def test_t25_chunks_are_put_together() -> None:
    octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with tcp_server(answers(octets)) as server:
        done = netapp("http", server.place)
    assert done.stdout.endswith("\n\nabcde\n")


def test_head_shows_no_body() -> None:
    with tcp_server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")) as server:
        done = netapp("http", server.place, "--head")
    assert (done.returncode, done.stdout) == (0, "HTTP/1.1 200 OK\nContent-Length: 500\n\n")
    assert server.got[0].startswith(b"HEAD / HTTP/1.1\r\n")


def test_an_error_is_shown_and_is_exit_status_1() -> None:
    with tcp_server(answers(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\ngone\n")) as server:
        done = netapp("http", server.place)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "HTTP/1.1 404 Not Found")


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (b"", "gives no HTTP answer"),
        (b"nonsense\r\n\r\n", "gives no HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf", "closed before the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "closed before the end"),
    ],
)
def test_what_is_no_answer_is_one_line(octets: bytes, line: str) -> None:
    with tcp_server(answers(octets)) as server:
        done = netapp("http", server.place, lang="C")
    assert (done.returncode, done.stderr) == (1, f"netapp http: {server.place} {line}\n")


def test_what_is_no_url() -> None:
    for url in ("ftp://x/", "http://", "http://[::1"):
        done = netapp("http", url)
        assert (done.returncode, done.stderr) == (1, f"netapp http: {url} 不是网址:请写成 http://主机/路径\n")
