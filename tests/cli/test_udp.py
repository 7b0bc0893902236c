"""``netapp udp`` met by the tutorials' peers."""

import re
import socket
import struct
import time
from pathlib import Path

import pytest

from tests.cli.tools import Running, netapp, started, terminal, udp_server
from tests.real import ask, udp_client

pytestmark = pytest.mark.real
BYE = "您已断开连接!"


def listening(running: Running) -> int:
    return int(running.wait_for(r"UDP 127\.0\.0\.1:(\d+)")[1])


def free_port() -> int:
    with udp_client() as probe:
        return int(probe.getsockname()[1])


def test_t1_turn_by_turn_from_its_own_port_until_quit() -> None:
    own = free_port()
    with udp_server(lambda octets: "听到:".encode("gbk") + octets.decode().encode("gbk")) as peer:
        done = netapp(
            "udp", peer.place, "--from", own, "--encoding", "utf-8", typed="你好\n在吗\nquit\n没有发出\n"
        )
    assert (done.returncode, done.stdout) == (0, "听到:你好\n听到:在吗\n")
    assert peer.got == ["你好".encode(), "在吗".encode()]


def test_t1_quit_from_the_other_side_ends_the_talk() -> None:
    with udp_server(lambda _: b"quit") as peer, terminal("udp", peer.place) as person:
        person.wait_for("Ctrl-D")
        person.type("你好\n")
        assert person.end() == 0
        assert "已离开" in person.output


def test_t2_one_shot_without_an_answer() -> None:
    with udp_server(lambda _: None) as peer:
        done = netapp("udp", peer.place, "--send", "只发一次", "--wait", "0")
        deadline = time.monotonic() + 5
        while not peer.got and time.monotonic() < deadline:
            time.sleep(0.01)
    assert (done.returncode, done.stdout, peer.got) == (0, "", ["只发一次".encode()])


def test_t3_sends_utf8_from_its_own_port_and_reads_gbk() -> None:
    own = free_port()
    with udp_server(lambda _: "好的".encode("gbk")) as peer:
        done = netapp("udp", peer.place, "--from", f"127.0.0.1:{own}", "--send", "收到请回答")
    assert (done.returncode, done.stdout, peer.got) == (0, "好的\n", ["收到请回答".encode()])


@pytest.mark.parametrize("letter", ["Q", "q"])
def test_t14_our_leaving_is_answered(letter: str) -> None:
    with udp_server(lambda octets: BYE.encode() if octets in (b"Q", b"q") else b"hm") as peer:
        done = netapp("udp", peer.place, typed=f"你好\n{letter}\n没有发出\n")
    assert (done.returncode, done.stdout) == (0, f"hm\n{BYE}\n")
    assert peer.got == ["你好".encode(), letter.encode()]


@pytest.mark.parametrize("letter", ["Q", "q"])
def test_t15_the_others_leaving_is_answered_by_a_listener_that_stays(letter: str) -> None:
    with started("udp", "--listen", "127.0.0.1:0") as operator, udp_client() as peer:
        port = listening(operator)
        peer.connect(("127.0.0.1", port))
        peer.send(letter.encode())
        assert peer.recv(1024) == BYE.encode()
        peer.send("又来了".encode())
        operator.wait_for(">>> 又来了")
        operator.type("欢迎\n")
        assert peer.recv(1024) == "欢迎".encode()


def test_t15_a_client_that_is_left_ends() -> None:
    with udp_server(lambda _: b"q") as peer:
        done = netapp("udp", peer.place, typed="你好\n")
        deadline = time.monotonic() + 5
        while len(peer.got) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert (done.returncode, done.stdout) == (0, "q\n")
    assert peer.got == ["你好".encode(), BYE.encode()]


def test_t20_gbk_both_ways() -> None:
    with started("udp", "--listen", "127.0.0.1:0", "--encoding", "gbk", "--send", "收到") as server:
        assert ask(listening(server), "报到".encode("gbk")) == "收到".encode("gbk")
        server.wait_for(">>> 报到")


def test_t21_menu_sends_and_receives_by_number() -> None:
    with terminal("udp", "--menu", "--from", "127.0.0.1:0") as person, udp_client() as peer:
        person.wait_for("请输入功能编号: ")
        person.type("1\n")
        person.wait_for("请输入对方的地址: ")
        person.type("127.0.0.1\n")
        person.wait_for("请输入对方的端口: ")
        person.type(f"{peer.getsockname()[1]}\n")
        person.wait_for("请输入要发送的内容: ")
        person.type("你好\n")
        octets, address = peer.recvfrom(1024)
        assert octets == "你好".encode()
        person.wait_for("已发送给")
        person.type("2\n")
        person.wait_for("等待消息")
        peer.sendto("在吗".encode(), address)
        person.wait_for(re.escape(f"('127.0.0.1', {peer.getsockname()[1]}) >>>>>>> 在吗"))
        person.type("\x04")
        assert person.end() == 0


def test_t24_another_number_ends_the_menu() -> None:
    done = netapp("udp", "--menu", typed="3\n")
    assert done.returncode == 0
    assert done.stdout.endswith("您输入的数据有误!程序结束\n")
    assert netapp("udp", "--menu", typed="").returncode == 0
    assert "That is none of the numbers" in netapp("udp", "--menu", typed="x\n", lang="C").stdout


def test_t24_ctrl_c_leaves_waiting_for_a_message_and_stays_in_the_menu() -> None:
    with terminal("udp", "--menu", lang="en_US.UTF-8") as person:
        person.wait_for("number: ")
        person.type("2\n")
        person.wait_for("waiting at UDP port")
        person.type("\x03")
        person.wait_for(r"(?s)waiting.*number: ")
        person.type("0\n")
        assert person.end() == 0


def test_t22_t23_one_text_and_its_prefixed_answer() -> None:
    with udp_server(lambda octets: "来自服务器".encode() + octets) as server:
        done = netapp("udp", server.place, "--send", "你好")
    assert (done.returncode, done.stdout) == (0, "来自服务器你好\n")


def test_t29_t30_lines_and_an_empty_datagram() -> None:
    with udp_server(lambda octets: octets) as server:
        done = netapp("udp", server.place, typed="hello\n\n你好\n")
    assert (done.returncode, done.stdout) == (0, "hello\n\n你好\n")
    assert server.got == [b"hello", b"", "你好".encode()]


def test_t30_an_empty_line_at_a_terminal() -> None:
    with udp_server(lambda octets: octets) as server, terminal("udp", server.place) as person:
        person.wait_for("Ctrl-D")
        person.type("\n")
        person.wait_for(r"← .* 0  \(空消息\)")
        person.type("\x04")
        assert person.end() == 0
    assert server.got == [b""]


@pytest.mark.parametrize(
    ("lang", "again", "never"),
    [
        ("C", "no answer yet: sent again", "no answer within 0.8 s"),
        ("zh_CN.UTF-8", "还没有收到回复,再发一次", "0.8 秒内没有收到回复"),
    ],
)
def test_a_lost_answer_is_exit_status_1_and_hangs_nobody(lang: str, again: str, never: str) -> None:
    with udp_server(lambda octets: None if octets == b"lost" else octets) as server:
        done = netapp("udp", server.place, "--wait", "0.8", typed="lost\nfound\n", lang=lang)
    assert (done.returncode, done.stdout) == (1, "found\n")
    assert done.stderr == f"{again}\n{again}\nnetapp udp: {never}\n"
    assert server.got == [b"lost", b"lost", b"lost", b"found"]


def test_an_answer_lost_once_is_asked_for_again() -> None:
    lost = iter([True])
    with udp_server(lambda octets: None if next(lost, False) else octets) as server:
        done = netapp("udp", server.place, "--send", "x", "--wait", "0.9", lang="C")
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\n", "no answer yet: sent again\n")
    assert server.got == [b"x", b"x"]


def test_a_late_answer_and_that_to_the_repeat_are_not_two() -> None:
    late = iter([0.45])

    def slow(octets: bytes) -> bytes:
        time.sleep(next(late, 0))
        return b"to " + octets

    with udp_server(slow) as server:
        done = netapp("udp", server.place, "--wait", "0.9", typed="one\ntwo\nthree\n", lang="C")
    assert (done.returncode, done.stdout) == (0, "to one\nto two\nto three\n")
    assert server.got == [b"one", b"one", b"two", b"three"]


def test_a_port_where_nobody_is_says_so_at_once() -> None:
    began = time.monotonic()
    done = netapp("udp", f"127.0.0.1:{free_port()}", "--send", "x", "--wait", "20", lang="C")
    assert done.returncode == 1
    assert "refuses: the service may not be running" in done.stderr
    assert time.monotonic() - began < 10.0


def test_a_listener_writes_to_each_peer_in_its_own_encoding() -> None:
    with started("udp", "--listen", "127.0.0.1:0", "--send", "收到") as server:
        port = listening(server)
        assert ask(port, "报到".encode("gbk")) == "收到".encode("gbk")
        assert ask(port, "报到".encode()) == "收到".encode()


def test_t12_frames_in_datagrams() -> None:
    def answer(datagram: bytes) -> bytes:
        (length,) = struct.unpack_from("<i", datagram)
        assert length == len(datagram) - 4
        text = "收到".encode() + datagram[4:]
        return struct.pack("<i", len(text)) + text

    with udp_server(answer) as server:
        done = netapp("udp", server.place, "--frame", typed="一\n\n")
        assert (done.returncode, done.stdout) == (0, "收到一\n收到\n")
        assert server.got == [b"\x03\0\0\0" + "一".encode(), b"\0\0\0\0"]


def test_a_datagram_that_is_no_frame_is_told_of_and_not_shown() -> None:
    with started("udp", "--listen", "127.0.0.1:0", "--frame", "--send", "ok") as server, udp_client() as peer:
        peer.connect(("127.0.0.1", listening(server)))
        peer.send(b"\x09\0\0\0short")
        server.wait_for("that is none as --frame has it")
        peer.send(b"\x04\0\0\0good")
        assert peer.recv(1024) == b"\x02\0\0\0ok"
        server.wait_for(">>> good")
        assert "short" not in server.output


def test_frames_in_the_menu() -> None:
    with started("udp", "--menu", "--frame", "--from", "127.0.0.1:0") as menu, udp_client() as peer:
        menu.type(f"1\n127.0.0.1\n{peer.getsockname()[1]}\nhi\n2\n")
        octets, address = peer.recvfrom(1024)
        assert octets == b"\x02\0\0\0hi"
        peer.sendto(b"\x03\0\0\0yes", address)
        menu.wait_for(r">>>>>>> yes\n")


def test_hex_datagrams() -> None:
    with udp_server(lambda octets: octets[::-1]) as server:
        done = netapp("udp", server.place, "--hex", typed="01ff\nnot hex\n51\n", lang="C")
    assert (done.returncode, done.stdout) == (1, "ff 01\n51\n")
    assert "not hex is no hex" in done.stderr


def test_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    with started("udp", "--listen", "[::1]:0", "--send", "ok") as server:
        port = server.wait_for(r"UDP \[::1\]:(\d+)")[1]
        assert netapp("udp", f"[::1]:{port}", "--send", "x").stdout == "ok\n"
        server.wait_for(r"\[::1\]:\d+ >>> x")


def test_packets_that_are_saved_have_both_ends_right(tmp_path: Path) -> None:
    def ends(path: Path) -> list[tuple[str, int, str, int, bytes]]:
        octets, found, at = path.read_bytes(), [], 24
        while at < len(octets):
            length = struct.unpack_from("<I", octets, at + 8)[0]
            packet = octets[at + 16 : at + 16 + length]
            source, target = (socket.inet_ntoa(packet[i : i + 4]) for i in (12, 16))
            from_port, to_port = struct.unpack_from("!HH", packet, 20)
            found.append((source, from_port, target, to_port, packet[28:]))
            at += 16 + length
        return found

    own = free_port()
    with udp_server(lambda octets: octets.upper()) as server:
        netapp("udp", server.place, "--from", own, "--send", "hi", "--save", tmp_path / "client.pcap")
        port = server.port
    there, here = ("127.0.0.1", port), ("127.0.0.1", own)
    assert ends(tmp_path / "client.pcap") == [(*here, *there, b"hi"), (*there, *here, b"HI")]
    save = ("--save", tmp_path / "server.pcap")
    with started("udp", "--listen", "127.0.0.1:0", "--send", "ok", *save) as running:
        port = listening(running)
        with udp_client() as client:
            assert ask(port, b"hello", client=client) == b"ok"
            own = client.getsockname()[1]
        running.wait_for("<<< ok")
        there, here = ("127.0.0.1", own), ("127.0.0.1", port)
        assert ends(tmp_path / "server.pcap") == [(*there, *here, b"hello"), (*here, *there, b"ok")]
