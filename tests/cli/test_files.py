"""``netapp get``, ``put`` and ``ls`` met by T10's and T19's servers and by small HTTP servers."""

import base64
import hashlib
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.tools import Handler, Server, netapp, tcp_server, terminal

pytestmark = pytest.mark.real
DATA = bytes(range(256)) * 1200  # more than one recv of any tutorial


def t19(files: dict[str, bytes], codec: str) -> Handler:
    """The tutorials' file server: a bare name in, the octets out, closed; nothing for a missing file."""

    def handle(server: Server, connection: socket.socket) -> None:
        server.got.append(name := connection.recv(1024))
        connection.sendall(files.get(name.decode(codec), b""))

    return handle


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t10_t18_t19_a_bare_name_brings_the_whole_file(codec: str, tmp_path: Path) -> None:
    with tcp_server(t19({"照片.jpg": DATA}, codec)) as server:
        done = netapp("get", server.place, "照片.jpg", "--plain", "--encoding", codec, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "下载成功\n", "已保存为 [新]照片.jpg\n")
    assert server.got == ["照片.jpg".encode(codec)]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"[新]照片.jpg": DATA}


def test_t19_to_standard_output(tmp_path: Path) -> None:
    with tcp_server(t19({"a": b"text\n"}, "utf-8")) as server:
        done = netapp("get", server.place, "a", "--plain", "-o", "-", folder=tmp_path)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (0, "text\n", [])


def test_t18_nothing_before_the_close_is_a_failed_download(tmp_path: Path) -> None:
    with tcp_server(t19({}, "utf-8")) as server:
        done = netapp("get", server.place, "没有.txt", "--plain", folder=tmp_path)
        english = netapp("get", server.place, "none", "--plain", folder=tmp_path, lang="C")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "netapp get: 没有.txt: 下载失败\n")
    assert (english.returncode, english.stderr) == (1, "netapp get: none: download failed\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [("--plain",), ()])
def test_a_name_cannot_leave_the_folder_it_is_saved_in(options: tuple[str, ...], tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    web = Web(DATA)
    with tcp_server(t19({"../../etc/x": b"data", "..": b"data"}, "utf-8") if options else web) as server:
        saved = netapp("get", server.place, "../../etc/x", *options, folder=inner)
        refused = netapp("get", server.place, "..", *options, folder=inner)
    assert saved.returncode == 0
    assert refused.returncode == 1
    assert "不能用作文件名" in refused.stderr
    assert [path.name for path in inner.iterdir()] == ["[新]x" if options else "x"]
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]


class Web:
    """A file over HTTP: GET with one range and If-Range.

    :param cut: close after so many octets of the body, once.
    :param digest: send Repr-Digest; of something else if it is given as octets.
    """

    def __init__(
        self, data: bytes, *, etag: str = '"v1"', cut: int | None = None, digest: bytes | None = None
    ) -> None:
        self.data, self.etag, self.cut = data, etag, cut
        self.digest = hashlib.sha256(data if digest is None else digest).digest()
        self.slow = False
        self.asked: list[str] = []

    def __call__(self, server: Server, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (more := connection.recv(1024)):
            request += more
        head = request.decode()
        self.asked.append(head)
        first = 0
        status = "200 OK"
        wanted = re.search(r"Range: bytes=(\d+)-\r\n", head)
        if "none" in head.split("\r\n")[0]:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        if wanted and f"If-Range: {self.etag}\r\n" in head:
            first, status = int(wanted[1]), "206 Partial Content"
        body = self.data[first:]
        fields = [
            f"HTTP/1.1 {status}",
            f"Content-Length: {len(body)}",
            f"ETag: {self.etag}",
            f"Repr-Digest: sha-256=:{base64.b64encode(self.digest).decode()}:",
        ]
        if first:
            fields.append(f"Content-Range: bytes {first}-{len(self.data) - 1}/{len(self.data)}")
        connection.sendall("\r\n".join([*fields, "", ""]).encode())
        if self.cut is not None:
            body, self.cut = body[: self.cut], None
        for at in range(0, len(body), 30_000):
            connection.sendall(body[at : at + 30_000])
            if self.slow:
                time.sleep(0.1)


def test_get_over_http_is_checked_and_quiet_in_a_pipe(tmp_path: Path) -> None:
    web = Web(DATA)
    with tcp_server(web) as server:
        done = netapp("get", server.place, "docs/照片 1.jpg", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert web.asked[0].startswith("GET /docs/%E7%85%A7%E7%89%87%201.jpg HTTP/1.1\r\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"照片 1.jpg": DATA}


def test_a_terminal_sees_a_bar_with_rate_and_time_left(tmp_path: Path) -> None:
    web = Web(DATA)
    web.slow = True
    with tcp_server(web) as server, terminal("get", server.place, "photo.jpg", folder=tmp_path) as person:
        person.wait_for(r"photo\.jpg.*\d+(\.\d+)?/\d+(\.\d+)? kB.*B/s.*\d:\d\d:\d\d")
        assert person.end() == 0
        assert "SHA-256 一致" in person.output
    assert (tmp_path / "photo.jpg").read_bytes() == DATA


def test_a_cut_transfer_goes_on_where_it_stopped(tmp_path: Path) -> None:
    web = Web(DATA, cut=100_000)
    with tcp_server(web) as server:
        done = netapp("get", server.place, "a", folder=tmp_path)
    assert done.returncode == 0
    assert "在 100000 字节处中断,正在续传" in done.stderr
    assert "Range: bytes=100000-\r\n" in web.asked[1]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": DATA}


def test_a_later_run_goes_on_and_a_changed_file_is_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(DATA[:1000])
    (tmp_path / "a.part.etag").write_text('"v1"')
    web = Web(DATA)
    with tcp_server(web) as server:
        assert netapp("get", server.place, "a", folder=tmp_path).returncode == 0
        assert 'Range: bytes=1000-\r\nIf-Range: "v1"\r\n' in web.asked[0]
        assert (tmp_path / "a").read_bytes() == DATA
        (tmp_path / "a.part").write_bytes(b"old " * 100)
        (tmp_path / "a.part.etag").write_text('"v0"')
        assert netapp("get", server.place, "a", folder=tmp_path).returncode == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": DATA}


def test_a_server_that_ignores_if_range_cannot_glue_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"old " * 100)
    (tmp_path / "a.part.etag").write_text('"v0"')
    web = Web(DATA)

    def careless(server: Server, connection: socket.socket) -> None:
        if not web.asked:
            web.etag, real = '"v0"', web.etag  # takes the condition for true ...
            wrapped = _Relabelled(connection, b'ETag: "v0"', f"ETag: {real}".encode())
            web(server, wrapped)  # type: ignore[arg-type]
            web.etag = real
        else:
            web(server, connection)

    with tcp_server(careless) as server:
        assert netapp("get", server.place, "a", folder=tmp_path).returncode == 0
    assert (tmp_path / "a").read_bytes() == DATA


class _Relabelled:
    """A connection whose answer's head says something else."""

    def __init__(self, connection: socket.socket, old: bytes, new: bytes) -> None:
        self._connection, self._old, self._new = connection, old, new
        self.recv: Callable[[int], bytes] = connection.recv

    def sendall(self, octets: bytes) -> None:
        self._connection.sendall(octets.replace(self._old, self._new))


def test_a_wrong_sha_256_is_thrown_away(tmp_path: Path) -> None:
    with tcp_server(Web(DATA, digest=b"something else")) as server:
        done = netapp("get", server.place, "a", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "netapp get: a 的 SHA-256 不符,已丢弃\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [("--plain",), ()])
def test_a_link_in_the_way_is_not_followed(options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("a.part", "[新]a.part", "a.part.etag"):
        (inner / name).symlink_to(tmp_path / "victim")
    with tcp_server(t19({"a": DATA}, "utf-8") if options else Web(DATA)) as server:
        netapp("get", server.place, "a", *options, folder=inner)
    assert (tmp_path / "victim").read_bytes() == b"mine"


def test_where_it_is_saved(tmp_path: Path) -> None:
    with tcp_server(Web(b"data")) as server:
        assert netapp("get", server.place, "a", "-o", tmp_path / "other").returncode == 0
        assert netapp("get", server.place, "a", "b", "-o", tmp_path).returncode == 0
        assert netapp("get", server.place, "a", "-o", "-", folder=tmp_path).stdout == "data"
        many = netapp("get", server.place, "a", "b", "-o", tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "other"]
    assert many.returncode == 1


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 301 Moved\r\nLocation: /films/\r\nContent-Length: 0\r\n\r\n")

    with tcp_server(handle) as server:
        done = netapp("get", server.place, "films", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "netapp get: films 是目录\n")


def test_what_is_not_there_and_what_is_no_http(tmp_path: Path) -> None:
    with tcp_server(Web(b"data")) as server:
        missing = netapp("get", server.place, "none.txt", folder=tmp_path)
    with tcp_server(t19({}, "utf-8")) as plain:
        silent = netapp("get", plain.place, "a", folder=tmp_path)
    assert (missing.returncode, missing.stderr) == (1, "netapp get: 服务器上没有 none.txt\n")
    assert silent.returncode == 1
    assert "不是 HTTP 服务(可试 --plain)" in silent.stderr
    assert list(tmp_path.iterdir()) == []


def stored(status: str, got: dict[str, bytes]) -> Handler:
    """A server that takes a PUT, or refuses it before the body."""

    def handle(server: Server, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1024)
        if status.startswith("201"):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
            body = b""
            while len(body) < length:
                body += connection.recv(65536)
            got[head.split()[1].decode()] = body
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    return handle


def test_put_stores_a_file(tmp_path: Path) -> None:
    (tmp_path / "报告.txt").write_bytes(DATA)
    got: dict[str, bytes] = {}
    with tcp_server(stored("201 Created", got)) as server:
        done = netapp("put", server.place, "报告.txt", folder=tmp_path)
        folder = netapp("put", server.place, "报告.txt", "-o", "inbox/", folder=tmp_path)
    assert (done.returncode, done.stderr, folder.returncode) == (0, "", 0)
    assert got == {"/%E6%8A%A5%E5%91%8A.txt": DATA, "/inbox/%E6%8A%A5%E5%91%8A.txt": DATA}


def test_put_where_nothing_is_taken_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(DATA * 10)
    with tcp_server(stored("405 Method Not Allowed", {})) as server:
        done = netapp("put", server.place, "big", folder=tmp_path)
        missing = netapp("put", server.place, "none", folder=tmp_path, lang="C")
    assert (done.returncode, done.stderr) == (1, "netapp put: big:服务器不接受上传\n")
    assert (missing.returncode, missing.stderr) == (1, "netapp put: there is no none\n")


def test_ls_reads_a_folders_page() -> None:
    page = (
        '<a href="../">up</a><a href="?C=N">Name</a><a href="./%e7%85%a7%e7%89%87.jpg">x</a>'
        '<a href="films/">films</a><a href="http://elsewhere/">no</a><a href="a%1b%5bm.txt">bad</a>'
    )

    def handle(server: Server, connection: socket.socket) -> None:
        server.got.append(connection.recv(1024).split(b"\r\n")[0])
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
        connection.sendall((head + page).encode())

    with tcp_server(handle) as server:
        done = netapp("ls", server.place, "my files")
    assert (done.returncode, server.got) == (0, [b"GET /my%20files/ HTTP/1.1"])
    assert done.stdout == "照片.jpg\nfilms/\na⟦U+001B⟧[m.txt\n"


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_ls_by_the_line(codec: str) -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        server.got.append(connection.recv(1024))
        connection.sendall("       12  照片.jpg\n".encode(codec))

    with tcp_server(handle) as server:
        done = netapp("ls", server.place, "相册", "--plain", "--encoding", codec)
    assert (done.returncode, done.stdout) == (0, "       12  照片.jpg\n")
    assert server.got == ["LIST 相册\n".encode(codec)]


@pytest.mark.parametrize("answer", ["没有这个文件夹:nope\n", "no such folder: nope\n"])
def test_ls_by_the_line_of_a_folder_that_is_not_there(answer: str) -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(answer.encode())

    with tcp_server(handle) as server:
        done = netapp("ls", server.place, "nope", "--plain", lang="C")
        chinese = netapp("ls", server.place, "nope", "--plain")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "netapp ls: the server has no folder nope\n"
    assert (chinese.returncode, chinese.stderr) == (1, "netapp ls: 服务器上没有目录 nope\n")


def test_ls_by_the_line_knows_the_services_own_words() -> None:
    from netapp.cli.ls import _MISSING
    from netapp.file.phrases import PHRASES

    for text in PHRASES.phrases["missing folder"]:
        assert _MISSING.fullmatch(text.format(name="nope").rstrip("\n"))
