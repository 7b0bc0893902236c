"""The tutorials' clients, each against ``--tutorial``; and the bounds of the login that they use."""

import re
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from netapp.hub.tutorial import rows
from tests import real
from tests.hub.tutorial import programs
from tests.hub.tutorial.programs import GOODBYE, HEARD, PORTS, PUBLIC, port

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("in_the_network")]


def heard_in_the_lobby(reader: socket.socket, text: str) -> str:
    """What others say waits for one's next datagram."""
    seen = ""
    while text not in seen:
        reader.sendto(b"", (programs.HOST, port(15)))
        seen = reader.recvfrom(1024)[0].decode()
    return seen


# Programs that are clients -----------------------------------------------------------------------


def test_t1_sends_utf8_reads_gbk_and_waits_for_each_answer() -> None:
    answers = programs.udp_ask(port(1), ["你好", "在吗"], own=7890, read="gbk", end="\n")
    assert answers == [HEARD, HEARD]


def test_t2_sends_once_and_expects_nothing() -> None:
    with programs.udp() as reader:
        reader.sendto("我在".encode(), (programs.HOST, port(15)))
        reader.recvfrom(1024)
        with programs.udp() as client:
            client.sendto("只发一次".encode(), (programs.HOST, port(2)))
        assert "只发一次" in heard_in_the_lobby(reader, "只发一次")


def test_t3_one_datagram_each_way() -> None:
    assert programs.udp_ask(port(3), ["你好"], own=6789, read="gbk") == [HEARD]


def test_t5_asks_for_names_until_it_has_enough() -> None:
    known = list(rows.NAMES)
    assert programs.udp_ask(port(5), [*known, "www.qq.com"]) == [*rows.NAMES.values(), "i dont know"]


def test_t6_sends_utf8_and_reads_gbk() -> None:
    assert programs.tcp_ask(port(6), "你好", "utf-8", "gbk") == f"{HEARD}:你好"


@pytest.mark.parametrize(("name", "size"), [("1.txt", 10), ("1000.txt", 1000), ("60000.bin", 1024)])
def test_t10_takes_one_receive(name: str, size: int) -> None:
    assert len(programs.t10_download(port(10), name)) == size


def test_t10_a_chinese_name() -> None:
    assert "套接字" in programs.t10_download(port(10), "中文.txt").decode("utf-8", "ignore")


def test_t11_reads_each_text_with_one_receive() -> None:
    shown = programs.t11_login(port(11), ["zhao", "124", "zhao", "123"])
    prompts = ["请输入用户名:", "请输入密码:"]
    assert shown == [*prompts, "用户名或密码输入错误", *prompts, "登录成功"]


def test_t11_the_server_closes_after_the_verdict() -> None:
    with programs.tcp(port(11)) as client:
        for word in (b"zhao", b"123"):
            client.recv(1024)
            client.send(word)
        assert client.recv(1024).decode() == "登录成功"
        assert client.recv(1024) == b""


def test_t12_a_frame_out_and_one_back() -> None:
    assert programs.t12_frame(port(12), "你好,粘包") == "你好,粘包"


def test_t13_a_framed_dictionary_and_the_data() -> None:
    size, octets = programs.t13_file(port(13), "60000.bin")
    assert size == len(octets) == 60_000
    assert octets[-4:] == (14_999).to_bytes(4, "big")


def test_t15_talks_in_lock_step_and_leaves_with_q() -> None:
    shown = programs.t15_chat(port(15), ["你好", "Q", "never sent"])
    assert shown[1:] == [GOODBYE]
    assert shown[0]


def test_t16_gbk_both_ways_and_the_close() -> None:
    assert programs.tcp_ask(port(16), "你好", "gbk", "gbk") == f"{HEARD}:你好"


@pytest.mark.parametrize(("name", "size"), [("1.txt", 10), ("1000.txt", 1000), ("中文.txt", None)])
def test_t18_takes_one_large_receive(name: str, size: int | None) -> None:
    data = programs.t18_download(port(18), name)
    assert isinstance(data, bytes)
    assert size is None or len(data) == size


def test_t18_a_missing_file_is_a_failed_download() -> None:
    assert programs.t18_download(port(18), "没有.txt") == "下载失败"


def test_t20_prints_the_octets_as_they_are() -> None:
    with programs.udp() as client:
        client.sendto("你好".encode("gbk"), (programs.HOST, port(20)))
        received = client.recvfrom(1024)
    assert received == (f"{HEARD}:你好".encode("gbk"), (programs.HOST, port(20)))


def test_t21_t24_send_by_menu_and_receive_from_the_same_socket() -> None:
    for number in (21, 24):
        answer = programs.udp_ask(port(number), ["菜单里的 1"])
        assert answer[0]


def test_t22_gets_its_text_back() -> None:
    assert programs.udp_ask(port(22), ["你好"]) == ["你好"]


def test_t25_status_line_headers_and_the_page() -> None:
    header, body = programs.t25_http(port(25))
    assert header.startswith("HTTP/1.1 200 OK\r\n")
    assert "1000.txt" in body


def test_t27_each_line_is_answered() -> None:
    assert programs.t27_lines(port(27), ["hello", "你好"]) == ["hello", "你好"]


def test_t28_the_greeting_is_shown_in_the_lobby_and_not_answered() -> None:
    with programs.udp() as greeter, programs.udp() as reader:
        reader.sendto("我在".encode(), (programs.HOST, port(15)))
        reader.recvfrom(1024)
        for last in (254, 1):  # .1 to .254 in turn: nobody else is there
            text = "99:12345:lajos:windows:32:您好，欢迎进入飞秋"
            greeter.sendto(text.encode("gbk"), (f"127.0.0.{last}", port(28)))
        assert "lajos" in heard_in_the_lobby(reader, "欢迎进入飞秋")
        greeter.settimeout(0.2)
        with pytest.raises(TimeoutError):
            greeter.recvfrom(1024)


def test_t30_an_empty_line_is_answered_too() -> None:
    assert programs.udp_ask(port(30), ["hello", "", "你好"]) == ["hello", "", "你好"]


# The login endpoint's bounds ---------------------------------------------------------------------


def public(number: int) -> socket.socket:
    """A connection whose source is a public address."""
    client = socket.socket()
    client.settimeout(programs.PATIENCE)
    client.bind((PUBLIC, 0))
    client.connect((programs.HOST, port(number)))
    return client


def test_t11_a_public_address_is_refused_whatever_allow_says() -> None:
    with public(8) as client:  # which --allow lets in
        client.send(b"hello")
        assert client.recv(1024) == b"OK!"
    with public(11) as client, suppress(ConnectionResetError):
        assert client.recv(1024) == b""


def test_t11_the_account_opens_no_other_door(tutorial: real.Plugin, tmp_path: Path) -> None:
    found = re.search(r"(/\S+/tutorial)/share", tutorial.log)
    assert found is not None
    assert (Path(found[1]) / "people.db").exists()  # where the other services of this process look
    with real.running("netapp-login", "--listen=tcp:0:interface=127.0.0.1", state=Path(found[1])) as login:
        shown = programs.t11_login(login.tcp(), ["zhao", "123"])
    assert shown[-1] == "用户名或密码输入错误"


# What is shown -----------------------------------------------------------------------------------


def test_the_table_names_every_program_its_line_and_its_port(tutorial: real.Plugin) -> None:
    shown = tutorial.log[: tutorial.log.index("netapp: ready")]
    for row in rows.ROWS:
        assert re.search(
            rf"^T{row.number} .*{re.escape(row.line_at(programs.HOST, PORTS))}", shown, re.MULTILINE
        )
    assert "zhao" in shown
