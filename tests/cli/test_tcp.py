"""``netapp tcp`` met by the tutorials' servers and clients."""

import re
import socket
import struct
import time
from pathlib import Path

import pytest

from tests.cli.tools import Server, answering, netapp, started, tcp_server, terminal
from tests.real import read_all, tcp_client

pytestmark = pytest.mark.real


def listening(running: object) -> int:
    return int(running.wait_for(r"listening on TCP 127\.0\.0\.1:(\d+)")[1])  # type: ignore[attr-defined]


def test_t6_goes_out_in_utf8_and_comes_back_in_gbk() -> None:
    with tcp_server(answering(lambda _: "收到了".encode("gbk"), once=True)) as server:
        done = netapp("tcp", server.place, "--send", "你好")
    assert (done.returncode, done.stdout, done.stderr) == (0, "收到了\n", "")
    assert server.got == ["你好".encode()]


def test_t7_one_answer_and_the_close() -> None:
    answer = "您好,已成功接受您的请求"
    with tcp_server(answering(lambda _: answer.encode(), once=True)) as server:
        done = netapp("tcp", server.place, "--send", "请求", "--encoding", "gbk")
    assert (done.returncode, done.stdout) == (0, answer + "\n")
    assert server.got == ["请求".encode("gbk")]


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_t8_t9_one_chunk_for_each_line(codec: str) -> None:
    with tcp_server(answering(lambda _: b"OK!")) as server:
        done = netapp("tcp", server.place, "--encoding", codec, typed="第一句\n第二句\n第三句")
    assert (done.returncode, done.stdout) == (0, "OK!\nOK!\nOK!\n")
    assert server.got == [text.encode(codec) for text in ("第一句", "第二句", "第三句")]


def test_t12_frames_both_ways() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        while head := connection.recv(4):
            text = connection.recv(struct.unpack("i", head)[0])
            server.got.append(text)
            answer = struct.pack("i", len(text) + 6) + "收到".encode() + text
            for at in range(0, len(answer), 5):  # in pieces, as a network may cut it
                connection.sendall(answer[at : at + 5])
                time.sleep(0.01)

    with tcp_server(handle) as server:
        done = netapp("tcp", server.place, "--frame", typed="一\n二\n")
        assert (done.returncode, done.stdout) == (0, "收到一\n收到二\n")
        assert server.got == ["一".encode(), "二".encode()]


def test_t12_a_length_that_is_none_is_refused() -> None:
    with tcp_server(answering(lambda _: b"HTTP/1.1 400")) as server:
        done = netapp("tcp", server.place, "--frame", "--send", "x")
    assert done.returncode == 1
    assert "--frame" in done.stderr


def test_t16_t17_gbk_both_ways_with_a_script_as_operator() -> None:
    with (
        started("tcp", "--listen", "127.0.0.1:0", "--encoding", "gbk") as operator,
        tcp_client(listening(operator)) as client,
    ):
        client.sendall("在吗".encode("gbk"))
        operator.wait_for(r"\d\d:\d\d:\d\d 127\.0\.0\.1:\d+ >>> 在吗")
        operator.type("在的\n")
        assert client.recv(1024) == "在的".encode("gbk")


def test_t26_t27_the_other_side_of_an_interactive_client() -> None:
    with started("tcp", "--listen", "127.0.0.1:0", "--send", "OK!") as server:
        with tcp_client(listening(server)) as client:
            for text in ("你好".encode(), "再见".encode("gbk")):
                client.sendall(text)
                assert client.recv(1024) == b"OK!"
        server.wait_for(">>> 再见")
        server.wait_for("has left")


def test_t26_a_person_at_a_terminal() -> None:
    with tcp_server(answering(lambda octets: octets)) as server, terminal("tcp", server.place) as person:
        person.wait_for("Ctrl-D")
        person.type("你好\n")
        person.wait_for(rf"\d\d:\d\d:\d\d\.\d\d\d ← {re.escape(server.place)} +6  你好 +e4 bd a0 e5 a5 bd")
        person.type("\x04")
        assert person.end() == 0
    assert server.got == ["你好".encode()]


def test_ctrl_c_leaves_without_a_traceback() -> None:
    with tcp_server(answering(lambda octets: octets)) as server, terminal("tcp", server.place) as person:
        person.wait_for("Ctrl-D")
        person.type("\x03")
        assert person.end() == 130


def test_a_listener_answers_who_spoke_last() -> None:
    with terminal("tcp", "--listen", "127.0.0.1:0", lang="en_US.UTF-8") as person:
        port = listening(person)
        with tcp_client(port) as first, tcp_client(port) as second:
            person.wait_for("(?s)has connected.*has connected")
            first.sendall(b"one")
            person.wait_for("← .* 3  one")
            person.type("to the first\n")
            assert first.recv(1024) == b"to the first"
            second.sendall(b"two")
            person.wait_for("← .* 3  two")
            person.type("to the second\n")
            assert second.recv(1024) == b"to the second"
        person.wait_for("(?s)has left.*has left")
        person.type("anybody?\n")
        person.wait_for("nobody is there")
        person.type("\x04")
        assert person.end() == 0


def test_an_empty_line_is_nothing_over_tcp() -> None:
    with tcp_server(answering(lambda octets: octets)) as server:
        done = netapp("tcp", server.place, typed="\none\n\n\ntwo\n")
    assert (done.returncode, done.stdout) == (0, "one\ntwo\n")


def test_a_long_answer_is_read_to_its_end() -> None:
    with tcp_server(answering(lambda _: b"x" * 300_000)) as server:
        done = netapp("tcp", server.place, "--send", "more")
    assert done.stdout == "x" * 300_000 + "\n"


def test_two_messages_that_follow_closely_are_two() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.sendall(b"one")
        time.sleep(0.05)
        connection.sendall(b"two")
        connection.recv(1024)

    with tcp_server(handle) as server, terminal("tcp", server.place) as person:
        person.wait_for(r"(?s) 3  one +6f 6e 65\r?\n.* 3  two ")


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_a_character_cut_over_two_segments_is_one(codec: str) -> None:
    octets = "你好,世界".encode(codec)

    def handle(server: Server, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(octets[:-1])
        time.sleep(0.03)
        connection.sendall(octets[-1:])

    with tcp_server(handle) as server:
        done = netapp("tcp", server.place, "--send", "x")
    assert (done.returncode, done.stdout) == (0, "你好,世界\n")


def test_hex_both_ways() -> None:
    with tcp_server(answering(lambda octets: octets + b"\x00\xff")) as server:
        done = netapp("tcp", server.place, "--hex", "--send", "01 02 ab")
        assert (done.returncode, done.stdout) == (0, "01 02 ab 00 ff\n")
        wrong = netapp("tcp", server.place, "--hex", "--send", "xyz")
    assert (wrong.returncode, wrong.stderr) == (1, "netapp tcp: xyz 不是十六进制:请写成 48 65 6c\n")
    assert server.got == [b"\x01\x02\xab"]


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(b"\x00\x01 as it is\n")
    with tcp_server(answering(lambda octets: str(len(octets)).encode())) as server:
        done = netapp("tcp", server.place, "--file", tmp_path / "message")
    assert (done.stdout, server.got) == ("12\n", [b"\x00\x01 as it is\n"])


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [("nopay", "找不到 {}", "there is no {}"), ("", "{} 是目录", "{} is a folder")],
)
def test_a_file_that_cannot_be_sent_is_one_line(
    tmp_path: Path, name: str, chinese: str, english: str
) -> None:
    for lang, reason in (("zh_CN.UTF-8", chinese), ("C", english)):
        done = netapp("tcp", "127.0.0.1:9", "--file", tmp_path / name, lang=lang)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"netapp tcp: {reason.format(tmp_path / name)}\n"


def test_every_repeats_until_the_peer_closes() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        for _ in range(3):
            server.got.append(connection.recv(1024))

    with tcp_server(handle) as server:
        began = time.monotonic()
        done = netapp("tcp", server.place, "--send", "tick", "--every", "0.2")
        assert time.monotonic() - began >= 0.4
    assert done.returncode == 0
    assert b"".join(server.got).startswith(b"tick" * 3)  # a busy machine may read two at once


def test_no_answer_is_exit_status_1_and_none_expected_is_0() -> None:
    with tcp_server(answering(lambda _: None)) as server:
        silent = netapp("tcp", server.place, "--send", "x", "--wait", "0.2")
        unexpected = netapp("tcp", server.place, "--send", "y", "--wait", "0")
    assert (silent.returncode, silent.stderr) == (1, "netapp tcp: 0.2 秒内没有收到回复\n")
    assert (unexpected.returncode, unexpected.stdout, unexpected.stderr) == (0, "", "")
    assert server.got == [b"x", b"y"]


def test_a_close_without_an_answer_is_exit_status_1() -> None:
    with tcp_server(answering(lambda _: None, once=True)) as server:
        done = netapp("tcp", server.place, "--send", "x", lang="en_US.UTF-8")
    assert (done.returncode, done.stderr) == (
        1,
        "netapp tcp: the peer closed the connection without an answer\n",
    )


def test_a_greeting_alone_is_shown() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.sendall("欢迎".encode())
        connection.recv(1024)

    with tcp_server(handle) as server:
        done = netapp("tcp", server.place)
    assert (done.returncode, done.stdout) == (0, "欢迎\n")


@pytest.mark.parametrize(
    ("lang", "line"),
    [("zh_CN.UTF-8", "拒绝连接:服务可能没有启动"), ("C", " refuses: the service may not be running")],
)
def test_nobody_there_is_one_line_in_the_users_language(lang: str, line: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = netapp("tcp", f"127.0.0.1:{port}", "--send", "x", lang=lang)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    with tcp_server(answering(lambda _: b"\x1b[2J\x9b\x07ok")) as server:
        done = netapp("tcp", server.place, "--send", "x")
    assert "\x1b" not in done.stdout
    assert "⟦U+001B⟧[2J" in done.stdout


def test_lines_of_one_message_cannot_look_like_another_peers() -> None:
    with started("tcp", "--listen", "127.0.0.1:0") as server, tcp_client(listening(server)) as client:
        client.sendall(b"one\n12:00:00 10.0.0.1:1 >>> forged\n")
        server.wait_for(r">>> one\n    12:00:00 10\.0\.0\.1:1 >>> forged\n")


def test_a_listener_with_wait_ends_for_a_script() -> None:
    with started("tcp", "--listen", "127.0.0.1:0", "--send", "bye", "--wait", "10") as server:
        with tcp_client(listening(server)) as client:
            client.sendall(b"hello")
            assert read_all(client) == b"bye"
        assert server.end() == 0
    none = netapp("tcp", "--listen", "127.0.0.1:0", "--wait", "0.2")
    assert none.returncode == 1
    assert "0.2 秒内没有收到消息" in none.stderr


def test_a_port_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = netapp("tcp", "--listen", place)
    assert (done.returncode, done.stderr) == (1, f"netapp tcp: {place} 已被占用:请换一个端口\n")


def test_a_reader_that_goes_is_no_traceback() -> None:
    with (
        tcp_server(answering(lambda _: b"x" * 2_000_000)) as server,
        started("tcp", server.place, "--send", "more", "--wait", "5") as running,
    ):
        assert running.process.stdout is not None
        running.process.stdout.close()
        assert running.process.wait(10) == 141
