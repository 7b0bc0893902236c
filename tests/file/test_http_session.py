"""GET and HEAD of a tree, by values."""

import base64
import errno
import hashlib
import os
import re

import pytest

from netapp.core.exchange import Asked, Response
from netapp.core.sessions import Slice
from netapp.errors import Busy
from netapp.file.http.session import Web
from netapp.file.phrases import PHRASES
from netapp.share.share import Share
from netapp.share.store import MemoryReader, MemoryStore
from netapp.testing import FakeReactor

CONTENT = bytes(range(100))
FILES = {
    b"a.bin": CONTENT,
    b"empty.txt": b"",
    b"page.html": b"<script>alert(1)</script>",
    b"sub/b.txt": "内容".encode(),
    b"sub/<img src=x onerror=y>.txt": b"",
    b"sub/a:b": b"",
    "sub/旧.txt".encode("gbk"): "旧".encode("gbk"),
    b"sub/line\nfeed\xe2\x80\xae": b"",
}


class Client:
    def __init__(self) -> None:
        self.store = MemoryStore(FILES)
        share = Share(self.store, FakeReactor())
        self.web = Web(share, PHRASES.speaker("zh"), PHRASES.speaker("en"), lambda: 10.0**9)

    def ask(self, target: str | bytes, method: str = "GET", **headers: str) -> Response:
        octets = target.encode() if isinstance(target, str) else target
        named = {name.replace("_", "-"): [value] for name, value in headers.items()}
        return self.web.answer(Asked(method, octets, named))


@pytest.fixture
def client() -> Client:
    return Client()


def body(response: Response) -> bytes:
    out = b""
    for part in response.parts:
        out += part.source.pread(part.count, part.offset) if isinstance(part, Slice) else part
    length = [value for name, value in response.headers if name == "Content-Length"]
    assert response.status == 304 or length == [str(len(out))]
    return out


def field(response: Response, name: str) -> str | None:
    values = [value for each, value in response.headers if each == name]
    assert len(values) <= 1
    return values[0] if values else None


def test_a_file(client: Client) -> None:
    response = client.ask("/a.bin")
    assert (response.status, body(response)) == (200, CONTENT)
    assert field(response, "Content-Type") == "application/octet-stream"
    assert field(response, "Date") == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert field(response, "Accept-Ranges") == "bytes"
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert field(response, "Repr-Digest") == f"sha-256=:{digest}:"


def test_an_empty_file_and_a_query(client: Client) -> None:
    assert body(client.ask("/empty.txt?x=y")) == b""
    assert body(client.ask("/empty.txt", range="bytes=-5")) == b""


@pytest.mark.parametrize("target", ["/%E6%97%A7.txt", b"/\xbe\xc9.txt", "/%BE%C9.txt", "/旧.txt"])
def test_f29_a_gbk_name_by_any_spelling(client: Client, target: str | bytes) -> None:
    octets = target.encode() if isinstance(target, str) else target
    response = client.ask(b"/sub" + octets)
    assert body(response) == "旧".encode("gbk")
    assert field(response, "Content-Type") == "text/plain; charset=gb18030"


def test_one_range(client: Client) -> None:
    response = client.ask("/a.bin", range="bytes=-3")
    assert (response.status, body(response)) == (206, CONTENT[-3:])
    assert field(response, "Content-Range") == "bytes 97-99/100"


def test_several_ranges(client: Client) -> None:
    response = client.ask("/a.bin", range="bytes=0-1,50-52")
    assert response.status == 206
    kind = field(response, "Content-Type")
    assert kind is not None
    boundary = re.fullmatch("multipart/byteranges; boundary=([0-9a-f]{32})", kind)
    assert boundary is not None
    parts = body(response).split(b"\r\n--" + boundary[1].encode())
    assert parts[0] == b""
    assert parts[1].endswith(b"Content-Range: bytes 0-1/100\r\n\r\n" + CONTENT[:2])
    assert parts[2].endswith(b"Content-Range: bytes 50-52/100\r\n\r\n" + CONTENT[50:53])
    assert parts[3] == b"--\r\n"


def test_f35_a_bomb_of_ranges_gets_the_file_once(client: Client) -> None:
    assert body(client.ask("/a.bin", range="bytes=" + ",".join(["0-"] * 3000))) == CONTENT


def test_a_range_that_is_not_there(client: Client) -> None:
    response = client.ask("/a.bin", range="bytes=100-")
    assert response.status == 416
    assert field(response, "Content-Range") == "bytes */100"
    assert all(reader.closed for reader in client.store.readers)


def test_f36_a_range_of_another_version_gets_the_whole(client: Client) -> None:
    etag = field(client.ask("/a.bin"), "ETag")
    assert etag is not None
    assert body(client.ask("/a.bin", range="bytes=0-0", if_range=etag)) == CONTENT[:1]
    for other in ('"x"', f"W/{etag}", "Sun, 09 Sep 2001 01:46:40 GMT"):
        response = client.ask("/a.bin", range="bytes=0-0", if_range=other)
        assert (response.status, body(response)) == (200, CONTENT)


def test_f37_what_has_not_changed_is_not_sent(client: Client) -> None:
    etag = field(client.ask("/a.bin"), "ETag")
    assert etag is not None
    response = client.ask("/a.bin", if_none_match=etag, range="bytes=0-0")
    assert (response.status, response.parts) == (304, ())
    assert field(response, "ETag") == etag
    assert client.ask("/a.bin", if_match='"x"').status == 412
    assert all(reader.closed for reader in client.store.readers[1:])


def test_head_has_the_fields_of_get_but_no_range(client: Client) -> None:
    whole, head = client.ask("/a.bin"), client.ask("/a.bin", "HEAD", range="bytes=0-0")
    assert (head.status, head.headers) == (200, whole.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    response = client.ask("/a.bin", method)
    assert (response.status, field(response, "Allow")) == (405, "GET, HEAD")
    assert body(response).decode().count("\n") == 2


@pytest.mark.parametrize(
    "target", ["/nix", "/sub/nix", "/../a.bin", "/%2e%2e/a.bin", "/a.bin/", "/sub/../a.bin", "/.x"]
)
def test_f1_f3_what_is_not_there(client: Client, target: str) -> None:
    assert client.ask(target).status == 404


@pytest.mark.parametrize("target", ["/a%2fb", "/%00", "/%", "*", "nonsense"])
def test_f3_f4_bad_targets(client: Client, target: str) -> None:
    assert client.ask(target).status == 400


def test_a_folder_without_its_slash_is_redirected_here(client: Client) -> None:
    response = client.ask("/sub")
    assert (response.status, field(response, "Location")) == (301, "/sub/")
    assert field(client.ask("//sub"), "Location") == "/sub/"


def test_f32_a_folders_page_escapes_every_name(client: Client) -> None:
    response = client.ask("/sub/")
    page = body(response).decode()
    assert field(response, "Content-Type") == "text/html; charset=utf-8"
    assert "<img" not in page
    assert "&lt;img src=x onerror=y&gt;.txt" in page
    assert 'href="./%3Cimg%20src%3Dx%20onerror%3Dy%3E.txt"' in page
    assert 'href="./a%3Ab"' in page
    assert 'href="./%BE%C9.txt">旧.txt<' in page
    assert "line⟦U+000A⟧feed⟦U+202E⟧" in page
    assert 'href="../"' in page
    assert "共享文件夹" in page
    assert "Shared folder" in page
    assert 'href="../"' not in body(client.ask("/")).decode()


def test_f33_what_could_act_is_saved_and_never_acts(client: Client) -> None:
    response = client.ask("/page.html")
    assert field(response, "Content-Type") == "text/html"
    assert (field(response, "Content-Disposition") or "").startswith("attachment;")
    assert field(response, "X-Content-Type-Options") == "nosniff"
    assert (field(response, "Content-Security-Policy") or "").startswith("sandbox;")


def test_f27_f52_no_field_holds_a_line_end(client: Client) -> None:
    response = client.ask("/sub/line%0Afeed%E2%80%AE")
    assert response.status == 200
    assert all(value.isprintable() and value.isascii() for _, value in response.headers)


def test_a_machine_with_too_many_open_files_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(name: bytes) -> None:
        raise Busy("too many open files")

    monkeypatch.setattr(client.store, "open", busy)
    response = client.ask("/a.bin")
    assert (response.status, field(response, "Retry-After")) == (503, "5")


def test_every_reader_of_a_body_is_the_bodys(client: Client) -> None:
    response = client.ask("/a.bin", range="bytes=0-1,50-52")
    assert not client.store.readers[-1].closed
    for part in response.parts:
        if isinstance(part, Slice):
            part.source.close()
    assert client.store.readers[-1].closed


def test_a_disk_that_fails_leaves_no_file_open(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryReader, "pread", _fails)
    with pytest.raises(OSError, match="Input/output"):
        client.ask("/a.bin")
    assert [reader.closed for reader in client.store.readers] == [True]


def _fails(*_: object) -> bytes:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
