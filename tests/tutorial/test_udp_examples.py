"""Each UDP example beside a peer of the tutorials' shape: one ``recvfrom`` is one message."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests import real
from tests.tutorial.conftest import Play

pytestmark = pytest.mark.real
HOST = "127.0.0.1"
BYE = "您已断开连接!".encode()


@contextmanager
def peer() -> Iterator[tuple[socket.socket, int]]:
    with real.udp_client() as client:
        yield client, client.getsockname()[1]


def test_t1_a_chat_peer_sends_and_shows_in_any_order_and_says_quit(play: Play) -> None:
    with peer() as (friend, port), peer() as (spare, own):
        spare.close()
        chat = play("t01_udp_chat_peer", HOST, port, own)
        chat.type("你好", "在吗?")  # two in a row: nobody waits for a turn
        text, where = friend.recvfrom(1024)
        assert text.decode() == "你好"
        assert friend.recvfrom(1024)[0].decode() == "在吗?"
        friend.sendto("我在".encode("gbk"), where)
        friend.sendto("UTF-8 也行".encode(), where)
        chat.wait_for(rf"{HOST}:{port}: 我在")
        chat.wait_for("UTF-8 也行")
        chat.type("quit")
        assert friend.recvfrom(1024)[0] == b"quit"
        assert chat.status() == 0


def test_t2_one_datagram_and_a_refusal_that_is_told(play: Play) -> None:
    with peer() as (friend, port):
        sent = play("t02_udp_one_shot", HOST, port, "你好")
        assert friend.recvfrom(1024)[0].decode() == "你好"
        assert sent.status() == 0
    refused = play("t02_udp_one_shot", HOST, port, "你好")
    assert refused.status() == 1
    assert "nobody listens there" in refused.log


def test_t3_an_answer_in_gbk_to_a_question_in_utf_8(play: Play) -> None:
    with peer() as (friend, port), peer() as (stranger, own):
        stranger.close()
        ask = play("t03_udp_ask", HOST, port, "你好", own)
        text, where = friend.recvfrom(1024)
        assert (text.decode(), where) == ("你好", (HOST, own))
        friend.sendto("不客气".encode("gbk"), where)
        assert ask.status() == 0
        assert ask.log == "不客气\n"


def test_t4_each_datagram_gets_one_answer_but_i_dont_know(play: Play) -> None:
    port = play("t04_name_server", HOST, 0).port
    with peer() as (client, _):
        assert real.ask(port, b"www.baidu.com", client=client) == b"192.168.1.2"
        assert real.ask(port, b"WWW.Google.com.\n", client=client) == b"192.168.1.4"
        assert real.ask(port, b"\xff", client=client) == b"i dont know"
        assert real.ask(port, b"", client=client) == b"i dont know"
        client.sendto(b"i dont know", (HOST, port))
        assert real.ask(port, b"www.sixstar.com", client=client) == b"192.168.1.3"


def test_t5_a_lost_answer_is_asked_for_again(play: Play) -> None:
    with peer() as (server, port):
        names = play("t05_name_client", HOST, port)
        names.type("www.baidu.com", "www.nowhere.com", "")
        assert server.recvfrom(1024)[0] == b"www.baidu.com"  # and this one is lost
        text, where = server.recvfrom(1024)
        assert text == b"www.baidu.com"
        server.sendto(b"192.168.1.2", where)
        assert server.recvfrom(1024)[0] == b"www.nowhere.com"
        server.sendto(b"i dont know", where)
        assert names.status() == 0
        assert names.log.replace("name: ", "").split("\n")[:-1] == [
            "no answer within 1 s",
            "192.168.1.2",
            "i dont know",
        ]


def test_t14_the_operator_answers_who_spoke_last_and_q_ends_it(play: Play) -> None:
    server = play("t14_udp_chat_server", HOST, 0)
    with peer() as (one, _), peer() as (two, _):
        one.sendto("甲".encode(), (HOST, server.port))
        server.wait_for(": 甲")
        two.sendto("乙".encode(), (HOST, server.port))
        server.wait_for(": 乙")
        server.type("你好,乙")
        assert two.recvfrom(1024)[0].decode() == "你好,乙"
        assert real.ask(server.port, b"Q", client=one) == BYE
        two.sendto(BYE, (HOST, server.port))
        assert real.ask(server.port, b"q", client=two) == BYE  # and nothing before it


def test_t15_a_chat_client_answers_q_and_goes(play: Play) -> None:
    with peer() as (server, port):
        chat = play("t15_udp_chat_client", HOST, port)
        chat.type("在吗?", "喂?")
        assert server.recvfrom(1024)[0].decode() == "在吗?"
        text, where = server.recvfrom(1024)
        assert text.decode() == "喂?"
        server.sendto("来了".encode(), where)
        chat.wait_for("来了")
        server.sendto(b"Q", where)
        assert server.recvfrom(1024)[0] == BYE
        assert chat.status() == 0


def test_t20_gbk_both_ways(play: Play) -> None:
    server = play("t20_udp_gbk_server", HOST, 0)
    client = play("t20_udp_gbk_client", HOST, server.port, "你好")
    server.wait_for(": 你好")
    server.type("再见😀")
    assert client.status() == 0
    assert str("再见?".encode("gbk")) in client.log
    assert client.log.endswith("\n再见?\n")


def test_t21_the_menu_receives_while_it_waits(play: Play) -> None:
    tool = play("t21_udp_menu", HOST, 0)
    with peer() as (friend, port):
        friend.sendto("早".encode(), (HOST, tool.port))
        tool.type("1", HOST, str(port), "你好")
        assert friend.recvfrom(1024)[0].decode() == "你好"
        tool.type("1", "no address", "99999", "x")
        tool.wait_for("not sent")
        tool.type("2", "0")
        assert tool.status() == 0
        assert f"('{HOST}', {port}) >>>>>>> 早" in tool.log


def test_t22_asks_again_after_a_loss(play: Play) -> None:
    with peer() as (server, port):
        client = play("t22_udp_client", HOST, port, "你好")
        assert server.recvfrom(1024)[0].decode() == "你好"  # lost
        text, where = server.recvfrom(1024)
        server.sendto(text + text, where)
        assert client.status() == 0
        assert client.log == "你好你好\n"


def test_t23_a_prefix_for_every_datagram_cut_at_a_character(play: Play) -> None:
    port = play("t23_udp_prefix", HOST, 0).port
    with peer() as (client, _):
        assert real.ask(port, "你好".encode(), client=client).decode() == "来自服务器你好"
        long = real.ask(port, ("中" * 1000).encode(), client=client, size=65536)
        assert long.decode() == "来自服务器" + "中" * 336  # 15 + 1008 octets, the 1024th would be a third
        client.sendto("来自服务器x".encode(), (HOST, port))
        assert real.ask(port, b"", client=client).decode() == "来自服务器"


def test_t24_a_wrong_choice_is_asked_again(play: Play) -> None:
    with peer() as (friend, port):
        chat = play("t24_udp_menu_chat", HOST, port, 0)
        chat.type("7", "1", "你好")
        text, where = friend.recvfrom(1024)
        assert text.decode() == "你好"
        chat.wait_for("您输入的数据有误!")
        friend.sendto("收到".encode(), (HOST, where[1]))
        chat.type("2", "")
        assert chat.status() == 0
        assert f"{HOST}:{port}: 收到" in chat.log


def test_t28_each_packet_has_its_own_number(play: Play) -> None:
    with peer() as (feiq, port):
        greeter = play("t28_feiq_greeter", "127.0.0.1/32", port, "您好，欢迎进入飞秋")
        version, number, user, host, command, text = feiq.recvfrom(1024)[0].decode("gbk").split(":")
        assert (version, user, host, command) == ("1", "lajos", "twisted", "32")
        assert number.isdigit()
        assert text == "您好，欢迎进入飞秋"
        assert greeter.status() == 0
        assert greeter.log == "1 greeted\n"


def test_t29_echoes_what_comes_but_no_flood(play: Play) -> None:
    port = play("t29_udp_echo_server", HOST, 0).port
    with peer() as (client, _):
        assert real.ask(port, "你好".encode(), client=client).decode() == "你好"
        assert real.ask(port, b"", client=client) == b""
        client.settimeout(0.5)
        back = 0
        for _ in range(300):
            client.sendto(b"x", (HOST, port))
        with suppress(TimeoutError):
            while client.recvfrom(1024):
                back += 1
        assert 98 <= back <= 200  # a second may have begun meanwhile


def test_t30_an_empty_line_is_a_datagram_and_a_loss_is_said(play: Play) -> None:
    with peer() as (server, port):
        client = play("t30_udp_interactive", HOST, port)
        client.type("你好", "", "喂")
        text, where = server.recvfrom(1024)
        server.sendto(text, where)
        assert server.recvfrom(1024)[0] == b""
        server.sendto(b"", where)
        assert server.recvfrom(1024)[0].decode() == "喂"  # and no answer to this one
        client.end_of_input()
        assert client.status() == 0
        assert client.log.startswith("6 octets: 你好\n0 octets: \n")
        assert client.log.count("an answer is missing") == 1
