"""``netapp login`` met by T11's server, ``netapp chat`` by a small line chat."""

import socket
import time

import pytest

from tests.cli.tools import Server, answering, netapp, tcp_server, terminal

pytestmark = pytest.mark.real


def t11(server: Server, connection: socket.socket) -> None:
    """Prompts and a verdict, none with a newline; bare words come back."""
    while True:
        connection.sendall("请输入用户名:".encode())
        name = connection.recv(1024)
        connection.sendall("请输入密码:".encode())
        password = connection.recv(1024)
        server.got += [name, password]
        if not name:
            return
        if (name, password) == (b"zhao", b"123"):
            connection.sendall("登录成功".encode())
            return
        connection.sendall("用户名或密码输入错误".encode())
        time.sleep(0.3)


def test_t11_words_from_a_pipe() -> None:
    with tcp_server(t11) as server:
        done = netapp("login", server.place, typed="zhao\n123\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "请输入用户名:\n请输入密码:\n登录成功\n"
    assert server.got == [b"zhao", b"123"]


def test_t11_prompts_that_end_in_a_chinese_colon() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        for prompt in ("用户名\uff1a", "密码\uff1a"):
            connection.sendall(prompt.encode("gbk"))
            server.got.append(connection.recv(1024))
        connection.sendall("登录成功".encode("gbk"))

    with tcp_server(handle) as server, terminal("login", server.place) as person:
        person.wait_for("用户名\uff1a")
        person.type("张三\n")
        person.wait_for("密码\uff1a")
        person.type("秘密\n")
        assert person.end() == 0
        assert "秘密" not in person.output
    assert server.got == ["张三".encode("gbk"), "秘密".encode("gbk")]


def test_t11_a_wrong_password_and_then_the_right_one() -> None:
    with tcp_server(t11) as server:
        done = netapp("login", server.place, "--user", "zhao", typed="124\nzhao\n123\n")
    assert done.returncode == 0
    assert "用户名或密码输入错误\n请输入用户名:" in done.stdout
    assert done.stdout.endswith("登录成功\n")


def test_t11_input_that_ends_before_the_login_is_exit_status_1() -> None:
    with tcp_server(t11) as server:
        done = netapp("login", server.place, typed="zhao\n124\n")
    assert (done.returncode, done.stderr) == (1, "netapp login: 输入已结束,没有登录\n")


def test_t11_a_password_is_not_shown_on_a_terminal() -> None:
    with tcp_server(t11) as server, terminal("login", server.place) as person:
        person.wait_for("请输入用户名:")
        person.type("zhao\n")
        person.wait_for("请输入密码:")
        person.type("123\n")
        person.wait_for("登录成功")
        assert person.end() == 0
        assert "123" not in person.output
    assert server.got == [b"zhao", b"123"]


def test_t11_in_english_and_with_telnet_octets() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        connection.sendall(b"\xff\xfd\x01User name: ")
        connection.recv(1024)
        connection.sendall(b"Password: ")
        connection.recv(1024)
        connection.sendall(b"Wrong user name or password\n")

    with tcp_server(handle) as server:
        done = netapp("login", server.place, typed="a\nb\n", lang="C")
    assert done.returncode == 1
    assert done.stdout == "User name: \nPassword: \nWrong user name or password\n"
    assert done.stderr == "netapp login: the server has closed the connection: not logged in\n"


def line_chat(server: Server, connection: socket.socket) -> None:
    connection.sendall("请输入昵称:".encode())
    reader = connection.makefile("rb")
    with reader:
        for line in reader:
            server.got.append(line)
            connection.sendall(b"hong: " + line)
            if line == b"/quit\n":
                return


def test_chat_from_a_pipe() -> None:
    with tcp_server(line_chat) as server:
        done = netapp("chat", server.place, "--wait", "1", typed="小明\n大家好\n")
        gone = netapp("chat", server.place, "--nick", "小明", typed="/quit\n")
    assert done.returncode == 0
    assert "hong: 大家好\n" in done.stdout
    assert gone.returncode == 0
    assert server.got == ["小明\n".encode(), "大家好\n".encode(), "小明\n".encode(), b"/quit\n"]


def test_chat_at_a_terminal() -> None:
    with tcp_server(line_chat) as server, terminal("chat", server.place, "--encoding", "gbk") as person:
        person.wait_for("请输入昵称:")
        person.type("小明\n")
        person.wait_for("hong: 小明")
        person.type("/quit\n")
        person.wait_for("服务器已断开连接")
        assert person.end() == 0
    assert server.got == ["小明\n".encode("gbk"), b"/quit\n"]


def test_chat_reads_a_prompt_in_utf8_and_a_welcome_in_gbk() -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        nick = connection.recv(1024)
        server.got.append(nick)
        connection.sendall("请输入昵称:".encode() + "欢迎 嘉\n嘉: 一\n".encode("gbk"))

    with tcp_server(handle) as server:
        done = netapp("chat", server.place, "--encoding", "gbk", "--nick", "嘉")
    assert (done.returncode, done.stdout) == (0, "请输入昵称:欢迎 嘉\n嘉: 一\n")
    assert server.got == ["嘉\n".encode("gbk")]


def test_chat_with_a_silent_server_is_exit_status_1() -> None:
    with tcp_server(answering(lambda _: None)) as server:
        done = netapp("chat", server.place, "--wait", "0.2", typed="x\n", lang="C")
    assert (done.returncode, done.stderr) == (1, "netapp chat: the server does not answer\n")
