"""Each TCP example beside a peer of the tutorials' shape: one ``recv`` is one message, nothing ends it."""

import json
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import real
from tests.tutorial.conftest import Play

pytestmark = pytest.mark.real
HOST = "127.0.0.1"


@contextmanager
def listener() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server((HOST, 0)) as server:
        server.settimeout(real.PATIENCE)
        yield server, server.getsockname()[1]


@contextmanager
def accepted(server: socket.socket) -> Iterator[socket.socket]:
    client, _ = server.accept()
    with client:
        client.settimeout(real.PATIENCE)
        yield client


def test_t6_an_answer_in_pieces_is_put_together(play: Play) -> None:
    with listener() as (server, port):
        client = play("t06_tcp_client", HOST, port, "你好")
        with accepted(server) as talk:
            assert talk.recv(1024).decode() == "你好"
            octets = "您好,客户端".encode("gbk")
            talk.sendall(octets[:3])  # in the middle of a character
            talk.sendall(octets[3:])
            assert talk.recv(1024) == b""  # it closes, after some quiet
        assert client.status() == 0
        assert client.log == "您好,客户端\n"


def test_t7_one_answer_for_each_of_many(play: Play) -> None:
    server = play("t07_tcp_answer", HOST, 0)
    with real.tcp_client(server.port) as one, real.tcp_client(server.port) as two:
        two.send("第二个先说".encode("gbk"))
        one.send("第一个后说".encode("gbk"))
        assert real.read_all(one).decode() == real.read_all(two).decode() == "您好,已成功接受您的请求"
    server.wait_for("第一个后说")


def test_t8_t9_ok_for_every_chunk_of_every_client(play: Play) -> None:
    server = play("t08_ok_server", HOST, 0)
    with real.tcp_client(server.port) as one, real.tcp_client(server.port) as two:
        two.send("你好".encode())
        assert two.recv(1024) == b"OK!"
        one.send("你好".encode("gbk"))
        assert one.recv(1024) == b"OK!"
        octets = "中文".encode()
        for piece in (octets[:2], octets[2:]):
            two.send(piece)
            assert two.recv(1024) == b"OK!"
    server.wait_for(r"left: .*\n.*left: ")
    assert server.log.count("says 你好") == 2
    assert "says 中文" in server.log
    assert "�" not in server.log


def test_t10_a_file_whole_and_nothing_from_outside(play: Play, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "secret.txt").write_text("x")
    content = bytes(range(256)) * 400
    (tmp_path / "share" / "大.bin").write_bytes(content)
    port = play("t10_download_server", HOST, 0, tmp_path / "share").port
    with real.tcp_client(port) as outside, real.tcp_client(port) as missing:
        outside.send(b"../secret.txt")
        missing.send(b"\xff")
        client = play("t10_download_client", HOST, port, "大.bin")
        assert real.read_all(outside) == real.read_all(missing) == b""
    assert client.status() == 0
    assert client.log == "[新]大.bin: 102400 octets\n"
    assert (tmp_path / "[新]大.bin").read_bytes() == content


def test_t10_half_a_file_is_no_file(play: Play, tmp_path: Path) -> None:
    with listener() as (server, port):
        client = play("t10_download_client", HOST, port, "1.txt")
        with accepted(server) as talk:
            assert talk.recv(1024) == b"1.txt"
            talk.sendall(b"half of it")
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            # The kernel tells of a reset in two steps, and Twisted takes the first alone for a clean end.
            client.process.send_signal(signal.SIGSTOP)
        client.process.send_signal(signal.SIGCONT)
        assert client.status() == 0
        assert client.log == "下载失败\n"
    assert list(tmp_path.iterdir()) == []


def test_t11_the_examples_log_in_beside_a_slow_one(play: Play) -> None:
    server = play("t11_login_server", HOST, 0)
    with real.tcp_client(server.port) as slow, real.tcp_client(server.port) as wrong:
        assert slow.recv(1024).decode() == "请输入用户名:"
        assert wrong.recv(1024).decode() == "请输入用户名:"
        wrong.send(b"zhao")
        assert wrong.recv(1024).decode() == "请输入密码:"
        wrong.send(b"321")
        right = play("t11_login_client", HOST, server.port, "zhao", "123")
        assert wrong.recv(1024).decode() == "用户名或密码输入错误"  # and nothing that is stuck to it
        assert wrong.recv(1024).decode() == "请输入用户名:"
        assert right.status() == 0
        assert right.log == "登录成功\n"


def test_t11_a_prompt_in_two_pieces_and_a_refusal(play: Play) -> None:
    with listener() as (server, port):
        client = play("t11_login_client", HOST, port, "zhao", "wrong")
        with accepted(server) as talk:
            octets = "请输入用户名:".encode()
            talk.sendall(octets[:4])
            talk.sendall(octets[4:])
            assert talk.recv(1024) == b"zhao"
            octets = "请输入密码:".encode()
            talk.sendall(octets[:1])  # not even a character
            talk.settimeout(0.2)
            with pytest.raises(TimeoutError):
                talk.recv(1024)
            talk.settimeout(real.PATIENCE)
            talk.sendall(octets[1:])
            assert talk.recv(1024) == b"wrong"
            talk.sendall("用户名或密码输入错误请输入用户名:".encode())
            assert talk.recv(1024) == b""
        assert client.status() == 1
        assert client.log == "用户名或密码输入错误\n"


def test_t12_frames_cut_and_stuck_together(play: Play) -> None:
    server = play("t12_frame_server", HOST, 0)
    client = play("t12_frame_client", HOST, server.port, "一", "二二", "三")
    with real.tcp_client(server.port) as talk, real.tcp_client(server.port) as liar:
        octets = b"".join(struct.pack("i", len(text)) + text for text in (b"one", "二".encode()))
        for octet in octets:
            talk.send(bytes([octet]))
        for text in ("收到:one", "收到:二"):
            (length,) = struct.unpack("I", real.read_exactly(talk, 4))
            assert real.read_exactly(talk, length).decode() == text
        liar.send(b"\xff\xff\xff\x7f")
        assert liar.recv(1024) == b""
    assert client.status() == 0
    assert client.log == "一: 收到:一\n二二: 收到:二二\n三: 收到:三\n"


def test_t13_the_header_says_how_much_follows(play: Play, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    content = b"0123456789" * 20_000
    (tmp_path / "share" / "中文.bin").write_bytes(content)
    server = play("t13_file_server", HOST, 0, tmp_path / "share")
    client = play("t13_file_client", HOST, server.port, "中文.bin")
    for asked in (b'{"filename": "../etc"}', b"[]", b"{", b'{"filename": 7}', b'{"filename": "none"}'):
        with real.tcp_client(server.port) as talk:
            talk.send(struct.pack("i", len(asked)) + asked)
            assert real.read_all(talk) == b""
    with real.tcp_client(server.port) as talk:
        header = json.dumps({"filename": "中文.bin"}).encode()
        talk.send((struct.pack("i", len(header)) + header) * 2)  # the second is one too many
        (length,) = struct.unpack("i", real.read_exactly(talk, 4))
        answer = json.loads(real.read_exactly(talk, length))
        assert answer["filesize"] == len(content)
        assert real.read_all(talk) == content
    assert client.status() == 0
    assert (tmp_path / "[新]中文.bin").read_bytes() == content


def test_t16_gbk_to_the_close(play: Play) -> None:
    with listener() as (server, port):
        client = play("t16_tcp_gbk_client", HOST, port, "你好")
        with accepted(server) as talk:
            assert talk.recv(1024).decode("gbk") == "你好"
            for octet in "很高兴".encode("gbk"):
                talk.send(bytes([octet]))
        assert client.status() == 0
        assert client.log == "很高兴\n"


def test_t17_a_line_for_each_in_turn(play: Play) -> None:
    server = play("t17_tcp_operator", HOST, 0)
    with real.tcp_client(server.port) as one, real.tcp_client(server.port) as two:
        one.send("甲".encode("gbk"))
        server.wait_for(": 甲")
        two.send("乙".encode("gbk"))
        server.wait_for(": 乙")
        server.type("给甲", "给乙")
        assert real.read_all(one).decode("gbk") == "给甲"
        assert real.read_all(two).decode("gbk") == "给乙"


def test_t18_t19_a_name_in_gbk_a_file_of_any_size_and_none(play: Play, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    content = bytes(20_000_000)  # more than one recv(100000), and than the kernel keeps on the way
    (tmp_path / "share" / "中文.txt").write_bytes(content)
    port = play("t19_file_server", HOST, 0, tmp_path / "share").port
    here, away = (play("t18_file_client", HOST, port, name) for name in ("中文.txt", "没有.txt"))
    with real.tcp_client(port) as talk:
        talk.send(b"../share/x")
        assert real.read_all(talk) == b""
    with real.tcp_client(port) as talk:
        talk.send("中文.txt".encode())
        received = len(real.read_exactly(talk, 1000))
        talk.send(b"again")  # while the file is on its way
        assert received + len(real.read_all(talk)) == len(content)
    assert here.status() == away.status() == 0
    assert here.log == "下载成功: 20000000\n"
    assert away.log.startswith("下载失败")
    assert (tmp_path / "[新]中文.txt").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 2


def test_t25_a_page_in_the_encoding_that_its_header_names(play: Play) -> None:
    with listener() as (server, port):
        client = play("t25_http_get", HOST, port, "/")
        with accepted(server) as talk:
            asked = talk.recv(1024)
            assert asked.startswith(b"GET / HTTP/1.1\r\n")
            body = "<p>网页</p>".encode("gbk")
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gb2312\r\nTransfer-Encoding: chunked"
            talk.sendall(f"{head}\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
            assert client.status() == 0
    assert client.log.startswith("200 OK\n")
    assert client.log.endswith("\n\n<p>网页</p>\n")


def test_t26_all_at_once_and_a_client_that_never_reads(play: Play) -> None:
    server = play("t26_tcp_echo_server", HOST, 0)
    with real.tcp_client(server.port) as deaf, real.tcp_client(server.port) as one:
        deaf.settimeout(0.5)
        taken = 0
        with suppress(TimeoutError):
            while taken < 100_000_000:
                taken += deaf.send(bytes(1_000_000))
        assert taken < 100_000_000  # the kernel's buffers, and no more
        one.send("你好".encode())
        assert one.recv(1024).decode() == "你好"
    server.wait_for("one left, 0 here")


def test_t27_lines_out_and_text_in_at_any_time(play: Play) -> None:
    with listener() as (server, port):
        client = play("t27_tcp_interactive", HOST, port)
        with accepted(server) as talk:
            talk.sendall("欢迎!".encode())  # before anything is typed
            client.wait_for("欢迎!")
            client.type("你好")
            assert talk.recv(1024).decode() == "你好"
            client.end_of_input()
            assert talk.recv(1024) == b""
            talk.sendall("再见".encode())
        assert client.status() == 0
        assert client.log == "欢迎!再见Connection was closed cleanly.\n"


# Names, and text --------------------------------------------------------------------------------


def test_t31_names_and_sockets(play: Play) -> None:
    with listener() as (server, port):
        client = play("t31_names_and_sockets", "localhost", port)
        with accepted(server) as talk:
            assert len(real.read_all(talk)) == 1_000_000
        assert client.status() == 0
        assert "an address of localhost: 127.0.0.1" in client.log
        assert f"port={port}" in client.log


def test_t32_text_in_pieces(play: Play) -> None:
    utf8, gbk = play("t32_text_and_octets"), play("t32_text_and_octets")
    for client, encoding in ((utf8, "utf-8"), (gbk, "gbk")):
        octets = "你好".encode(encoding)
        assert client.process.stdin is not None
        for at, piece in enumerate((octets[:3], octets[3:])):
            client.process.stdin.write(piece)
            client.process.stdin.flush()
            client.wait_for("->" + ".*\n.*->" * at)
        client.end_of_input()
        assert client.status() == 0
        name = "utf-8" if client is utf8 else "gb18030"
        assert client.log.endswith(f"{name}: 2 characters; octets: UTF-8 6, GBK 4\n")
