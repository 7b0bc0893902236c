"""The datagram chat as a process, met by the tutorials' programs."""

import re
import socket
import sqlite3
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from netapp.udpchat.ipmsg.wire import Command, Packet, Wish, build_packet, parse_packet, parse_receipt
from tests import real
from tests.hostile import throw_at

pytestmark = pytest.mark.real
PLAIN = "--listen=udp:0:interface=127.0.0.1"
IPMSG = "--ipmsg=udp:0:interface=127.0.0.1"
ACK = "已收到"
GOODBYE = "您已断开连接!"
Start = Callable[..., real.Plugin]


def ports(chat: real.Plugin) -> tuple[int, int]:
    """The ports of plain datagrams and of IP Messenger."""
    plain, ipmsg = chat.ports("udp", "netapp-udpchat")
    return plain, ipmsg


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Plugin]:
    """One process for all tests that need no options of their own."""
    with real.running("netapp-udpchat", PLAIN, IPMSG, state=tmp_path_factory.mktemp("state")) as plugin:
        yield plugin


def silent(client: socket.socket, seconds: float = 0.7) -> bool:
    client.settimeout(seconds)
    try:
        client.recvfrom(65535)
    except TimeoutError:
        client.settimeout(10.0)
        return True
    return False


def message(text: str, number: int = 100, *, version: bytes = b"1", wish: int = Wish.SENDCHECKOPT) -> bytes:
    body = text.encode("gbk") + b"\0"
    return build_packet(Packet(version, number, b"lajos", b"windows", Command.SENDMSG, wish, body))


def receive(client: socket.socket, command: int) -> Packet:
    """The next packet of one kind."""
    while True:
        packet = parse_packet(client.recvfrom(65535)[0])
        if packet.command == command:
            return packet


def test_t15_a_lock_step_client_talks_and_leaves(chat: real.Plugin) -> None:
    with real.udp_client() as client:
        client.connect(("127.0.0.1", chat.udp()))
        for text in ("你好", "在吗"):
            client.send(text.encode())
            assert client.recv(1024).decode() == ACK
        client.send(b"Q")
        assert client.recv(1024).decode() == GOODBYE
        client.send(GOODBYE.encode())
        assert silent(client)


def test_t1_t3_two_gbk_clients_talk_to_each_other(start: Start) -> None:
    chat = start("netapp-udpchat", PLAIN, "--ipmsg=none", "--encoding=gbk")
    with real.udp_client() as xiao, real.udp_client() as ming:
        assert real.ask(chat.udp(), "我是小明\n".encode(), client=ming).decode("gbk") == ACK
        assert real.ask(chat.udp(), "你好\n".encode(), client=xiao).decode("gbk") == ACK
        assert real.ask(chat.udp(), "在吗\n".encode(), client=ming).decode("gbk") == "[127.0.0.1_2] 你好"
        assert real.ask(chat.udp(), b"\n", client=xiao).decode("gbk") == "[127.0.0.1] 在吗"
        assert real.ask(chat.udp(), b"quit", client=xiao).decode("gbk") == GOODBYE


def test_t30_every_datagram_has_exactly_one_answer_even_an_empty_one(chat: real.Plugin) -> None:
    with real.udp_client() as client:
        for text in (b"hello", b"", b"", "再见".encode()):
            assert real.ask(chat.udp(), text, client=client).decode() == ACK
        assert silent(client)


def test_t2_t22_a_one_shot_sender_is_heard(chat: real.Plugin) -> None:
    with real.udp_client() as reader:
        assert real.ask(chat.udp(), b"I listen", client=reader).decode() == ACK
        with real.udp_client() as sender:
            sender.sendto("只说一次".encode(), ("127.0.0.1", chat.udp()))
            assert sender.recv(1024).decode() == ACK
        assert real.ask(chat.udp(), b"", client=reader).decode().endswith("] 只说一次")


def test_t14_t20_an_operator_answers_one_reply_a_datagram(start: Start) -> None:
    chat = start(
        "netapp-udpchat", PLAIN, "--ipmsg=none", "--operator", "--encoding=gbk", stdin=subprocess.PIPE
    )
    typed = chat.process.stdin
    assert typed is not None
    with real.udp_client() as client:
        client.sendto("在吗".encode("gbk"), ("127.0.0.1", chat.udp()))
        chat.wait_for(r"127\.0\.0\.1:\d+ >>> 在吗")
        typed.write("在的\n多余\n".encode())
        typed.flush()
        assert client.recvfrom(1024)[0].decode("gbk") == "在的"
        chat.wait_for("现在没有人可以回复")
        assert silent(client)
        assert real.ask(chat.udp(), b"q", client=client).decode("gbk") == GOODBYE


def test_t28_the_feiq_greeter_is_heard_each_time_and_not_answered(chat: real.Plugin) -> None:
    plain, ipmsg = ports(chat)
    with real.udp_client() as reader, real.udp_client() as greeter:
        assert real.ask(plain, b"I listen", client=reader).decode() == ACK
        for _ in range(2):
            greeter.sendto("99:12345:lajos:windows:32:您好，欢迎进入飞秋".encode("gbk"), ("127.0.0.1", ipmsg))
            answer = ACK
            while not answer.startswith("[lajos"):
                answer = real.ask(plain, b"", client=reader).decode()
            assert answer.endswith("] 您好，欢迎进入飞秋")
        assert silent(greeter)


def test_an_ipmsg_client_and_a_plain_one_talk_both_ways(chat: real.Plugin) -> None:
    plain, ipmsg = ports(chat)
    there = ("127.0.0.1", ipmsg)
    with real.udp_client() as feiq, real.udp_client() as reader:
        entry = Packet(
            b"1", 1, b"lajos", b"windows", Command.BR_ENTRY, 0, "拉约什\0办公室里的人们\0".encode("gbk")
        )
        feiq.sendto(build_packet(entry), there)
        answer = receive(feiq, Command.ANSENTRY)
        assert answer.body.decode("gbk") == "大厅"
        assert b"netapp" in answer.version
        assert real.ask(plain, b"I listen", client=reader).decode() == ACK
        for _ in range(2):  # a copy is receipted, and not shown again
            feiq.sendto(message("大家好,我来了", 7), there)
            assert parse_receipt(receive(feiq, Command.RECVMSG)) == 7
        assert real.ask(plain, "你好".encode(), client=reader).decode().endswith("] 大家好,我来了")
        said = receive(feiq, Command.SENDMSG)
        assert said.body.decode("gbk").endswith("] 你好")
        copy = receive(feiq, Command.SENDMSG)  # no receipt so far
        assert copy == said
        receipt = Packet(b"1", 8, b"lajos", b"windows", Command.RECVMSG, 0, b"%d" % said.number)
        feiq.sendto(build_packet(receipt), there)
        assert silent(feiq, 2.5)
        with socket.create_connection(there, 10.0) as files:
            files.sendall(b"1:1700000005:anna:pc2:96:6553f101:1:0:")
            assert real.read_all(files) == b""


def test_random_octets(chat: real.Plugin) -> None:
    throw_at(
        chat, connections=500, like=[message("hello"), b"1:1:u:h:1:nick\0group\0", b"/nick x\n/who\nquit"]
    )
    with real.udp_client() as client:
        time.sleep(1.0)  # this address has had its share of this second
        assert real.ask(chat.udp(), b"still there?", client=client) != b""


def test_numbers_rise_over_a_restart(start: Start) -> None:
    numbers = []
    for _ in range(2):
        chat = start("netapp-udpchat", PLAIN, IPMSG)
        with real.udp_client() as client:
            client.sendto(message("收到请回执好吗"), ("127.0.0.1", ports(chat)[1]))
            numbers.append(receive(client, Command.RECVMSG).number)
        chat.kill()
    assert numbers[1] > numbers[0]


def test_what_was_acknowledged_survives_kill_9(start: Start, tmp_path: Path) -> None:
    chat = start("netapp-udpchat", PLAIN, IPMSG)
    plain, ipmsg = ports(chat)
    with real.udp_client() as client:
        assert real.ask(plain, "存好了吗".encode(), client=client).decode() == ACK
        client.sendto(message("这一句也要存好"), ("127.0.0.1", ipmsg))
        receive(client, Command.RECVMSG)
    chat.kill()
    with closing(sqlite3.connect(tmp_path / "state" / "talk.db")) as rows:
        texts = {text for (text,) in rows.execute("SELECT text FROM messages")}
    assert {"存好了吗", "这一句也要存好"} <= texts


def test_two_udpchats_set_upon_each_other_fall_silent(tmp_path: Path) -> None:
    """A forged datagram makes each take the other for a client; soon nothing goes to and fro."""
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("forging a source takes the rights of root")
    with raw, ExitStack() as stack:
        both = []
        for name in ("ours", "theirs"):
            (tmp_path / name).mkdir()
            running = real.running("netapp-udpchat", PLAIN, IPMSG, "--metrics=tcp:0", state=tmp_path / name)
            both.append(stack.enter_context(running))
        (plain, ipmsg), (their_plain, their_ipmsg) = map(ports, both)
        for source, to, payload in (
            (their_plain, plain, b"hello"),
            (their_ipmsg, ipmsg, message("hello there, everybody")),
        ):
            header = struct.pack("!HHHH", source, to, 8 + len(payload), 0)
            raw.sendto(header + payload, ("127.0.0.1", 0))
        time.sleep(1.5)
        counts = [_datagrams(each) for each in both]
        assert all(2 <= count <= 10 for count in counts)
        time.sleep(1.5)
        assert [_datagrams(each) for each in both] == counts


def _datagrams(chat: real.Plugin) -> float:
    """How many datagrams of both kinds have come, as the metrics have it."""
    with real.tcp_client(chat.ports("tcp", "netapp-udpchat")[1]) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        page = real.read_all(client).decode()
    counted = re.findall(r"^netapp_(?:udpchat|ipmsg)_datagrams_total (\S+)", page, re.MULTILINE)
    assert len(counted) == 2
    return sum(map(float, counted))


def test_a_port_that_is_taken_is_named_and_nothing_is_served(tmp_path: Path) -> None:
    with real.udp_client() as taken:
        port = taken.getsockname()[1]
        refused = real.run_once(
            "netapp-udpchat", PLAIN, f"--ipmsg=udp:{port}:interface=127.0.0.1", state=tmp_path
        )
    assert refused.returncode == 1
    (line,) = (line for line in (refused.stderr + refused.stdout).splitlines() if "cannot listen" in line)
    assert "--ipmsg" in line
    assert "Traceback" not in refused.stderr + refused.stdout


def test_a_broken_number_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ipmsg-numbers").write_text("hello")
    refused = real.run_once("netapp-udpchat", PLAIN, IPMSG, state=tmp_path)
    assert refused.returncode == 1
    assert "ipmsg-numbers holds no number" in refused.stderr + refused.stdout
