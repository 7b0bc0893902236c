"""Each of the tutorials' programs against one ``twistd -n netapp --tutorial``, in a network of its own."""

import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from netapp.hub.tutorial import rows
from tests import real
from tests.hub.tutorial import namespace, programs

pytestmark = pytest.mark.real

ROWS = {row.number: row for row in rows.ROWS}
#: The line that a client changes names the port that its responder has.
PORTS = {each.name: each.port for each in rows.RESPONDERS}
HEARD = "已收到"
GOODBYE = "您已断开连接!"
#: A public address (RFC 5737) that --allow lets in.
PUBLIC = "203.0.113.5"


@pytest.fixture(scope="module")
def network() -> Iterator[int]:
    with namespace.empty_network(PUBLIC) as handle:
        yield handle


@pytest.fixture(scope="module")
def tutorial(network: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Plugin]:
    state = tmp_path_factory.mktemp("state")
    with ExitStack() as stack:
        with namespace.inside(network):
            options = ("--tutorial", f"--allow={PUBLIC}/32")
            started = stack.enter_context(real.running("netapp", *options, state=state))
        yield started


@pytest.fixture(autouse=True)
def _in_the_network(network: int, tutorial: real.Plugin) -> Iterator[None]:
    with namespace.inside(network):
        yield


def port(number: int) -> int:
    return PORTS[ROWS[number].responder or ""]


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


# Programs that are servers: ours plays them -------------------------------------------------------


def test_t4_our_name_server() -> None:
    assert programs.udp_ask(port(4), ["www.sixstar.com", "nobody"]) == ["192.168.1.3", "i dont know"]


def test_t7_our_server_says_its_words_in_utf8_and_closes() -> None:
    with programs.tcp(port(7)) as client:
        client.send("随便".encode("gbk"))
        assert client.recv(1024).decode("utf-8") == "您好,已成功接受您的请求"
        assert client.recv(1024) == b""


def test_t8_t9_our_server_says_ok_for_every_chunk() -> None:
    assert programs.t27_lines(port(8), ["hello", "你好", "再见"]) == ["OK!", "OK!", "OK!"]
    assert port(9) == port(8)


def test_t14_our_chat_server_answers_by_itself() -> None:
    assert programs.t15_chat(port(14), ["你好", "q"])[-1] == GOODBYE


def test_t17_our_server_answers_in_gbk_and_closes() -> None:
    with programs.tcp(port(17)) as client:
        client.send("在吗".encode("gbk"))
        assert client.recv(1024).decode("gbk") == f"{HEARD}:在吗"
        assert client.recv(1024) == b""


def test_t19_our_file_server_sends_all_of_it_and_closes() -> None:
    with programs.tcp(port(19)) as client:
        client.send("5MB.bin".encode("gbk"))
        assert len(real.read_all(client)) == 5_000_000


def test_t23_our_server_puts_its_words_before() -> None:
    assert programs.udp_ask(port(23), ["你好", "hello"]) == ["来自服务器你好", "来自服务器hello"]


def test_t26_our_echo_server_serves_several_at_once() -> None:
    with programs.tcp(port(26)) as first, programs.tcp(port(26)) as second:
        second.send(b"second")
        assert second.recv(1024) == b"second"
        first.send("第一".encode())
        assert first.recv(1024).decode() == "第一"


def test_t29_our_datagram_echo() -> None:
    assert programs.udp_ask(port(29), ["a", "你好"]) == ["a", "你好"]


# Programs that are servers: a netapp command plays their client ----------------------------------


def netapp(command: str, *, typed: str | None = None, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What a student types into another window."""
    program, *words = shlex.split(command)
    assert program == "netapp"
    return subprocess.run(
        [str(Path(sys.executable).with_name("netapp")), *words],
        cwd=folder,
        env=real.environment(folder) | {"LANG": "zh_CN.UTF-8", "LC_ALL": ""},
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )


@contextmanager
def student(serve: programs.Server, number: int) -> Iterator[list[str]]:
    """The student's own server runs at the row's second port; the list has what it printed."""
    row, shown, faults = ROWS[number], list[str](), list[BaseException]()

    def run() -> None:
        try:
            serve(row.own, shown)
        except BaseException as error:  # told by the test's own thread
            faults.append(error)

    server = threading.Thread(target=run, daemon=True)
    server.start()
    kind = socket.SOCK_DGRAM if "netapp udp" in (row.command or "") else socket.SOCK_STREAM
    _wait_until_taken(row.own, socket.SOCK_DGRAM if number == 4 else kind)
    yield shown
    server.join(programs.PATIENCE)
    assert not server.is_alive()
    assert not faults, faults


def _wait_until_taken(number: int, kind: int) -> None:
    table = "udp" if kind == socket.SOCK_DGRAM else "tcp"
    pattern = re.compile(rf"0100007F:{number:04X} ")
    for _ in range(500):
        if pattern.search(Path(f"/proc/thread-self/net/{table}").read_text("ascii")):
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"nobody listens on {table} {number}")


def echo(data: bytes) -> bytes:
    return data


def nothing(_: bytes) -> None:
    return None


#: Row, its server, what the server prints, what the command's user sees.
SERVERS: dict[int, tuple[programs.Server, list[str], str]] = {
    4: (programs.udp_server(programs.t4_answer), ["www.baidu.com"], "192.168.1.2"),
    7: (programs.t7_once, ["你好"], "您好,已成功接受您的请求"),
    8: (programs.t8_ok, ["你好"], "OK!"),
    9: (programs.t8_ok, ["你好"], "OK!"),
    12: (programs.t12_server, ["你好"], "你好"),
    14: (programs.udp_server(lambda _: "我在".encode()), ["你好"], "我在"),
    17: (programs.t17_operator, ["你好"], "我在"),
    20: (programs.udp_server(lambda _: "我在".encode("gbk"), "gbk"), ["你好"], "我在"),
    21: (programs.udp_server(nothing), ["你好"], ""),
    23: (programs.udp_server(lambda data: "来自服务器".encode() + data), ["你好"], "来自服务器你好"),
    24: (programs.udp_server(nothing), ["你好"], ""),
    26: (programs.t26_echo, ["你好"], "你好"),
    29: (programs.udp_server(echo), ["你好"], "你好"),
}


@pytest.mark.parametrize("number", SERVERS, ids=lambda number: f"T{number}")
def test_the_rows_command_talks_with_a_server_of_the_students(number: int, tmp_path: Path) -> None:
    serve, printed, seen = SERVERS[number]
    command = ROWS[number].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(serve, number) as shown:
        done = netapp(command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert seen in done.stdout
    assert shown == printed


@pytest.mark.parametrize("number", [10, 19], ids=lambda number: f"T{number}")
def test_t10_t19_the_rows_command_fetches_from_a_server_of_the_students(number: int, tmp_path: Path) -> None:
    command = ROWS[number].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(programs.t10_files, number) as shown:
        done = netapp(command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert shown == ["1.txt"]
    assert [path.read_bytes() for path in tmp_path.glob("*1.txt")] == [b"0123456789"]


def test_t11_the_rows_command_logs_in_at_a_server_of_the_students(tmp_path: Path) -> None:
    command = ROWS[11].command_at(programs.HOST, PORTS)
    assert command is not None
    with student(programs.t11_server, 11) as shown:
        done = netapp(command, typed="123\n", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "登录成功" in done.stdout
    assert shown == ["zhao 123"]


# Programs without another side -------------------------------------------------------------------


def test_t31_this_hosts_names_and_addresses(tmp_path: Path) -> None:
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert (2, 1, 6, "", ("127.0.0.1", 8888)) in socket.getaddrinfo("localhost", 8888, socket.AF_INET)
    command = ROWS[31].command_at(programs.HOST, PORTS)
    assert command is not None
    done = netapp(command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert socket.gethostname() in done.stdout


def test_t32_octets_of_a_text(tmp_path: Path) -> None:
    assert "你好".encode("gbk").hex() == "c4e3bac3"
    command = ROWS[32].command_at(programs.HOST, PORTS)
    assert command is not None
    done = netapp(command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "c4 e3 ba c3" in done.stdout.lower()


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
