"""The login service as a process, met by the tutorials' programs."""

import json
import os
import pty
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from netapp.people import admin, store
from netapp.people.model import Password
from netapp.people.passwords import CHEAP, Hasher
from tests import real

pytestmark = pytest.mark.real
LOCAL = "--listen=tcp:0:interface=127.0.0.1"
Start = Callable[..., real.Plugin]


@pytest.fixture
def user(tmp_path: Path) -> Callable[..., str]:
    """``user("add", "zhao", "--password-stdin", typed="123")``, as from a shell."""

    def run(*arguments: str, typed: str = "") -> str:
        (tmp_path / "state").mkdir(exist_ok=True)
        done = subprocess.run(
            [Path(sys.executable).with_name("netapp"), "user", *arguments],
            env=real.environment(tmp_path / "state"),
            input=typed,
            capture_output=True,
            text=True,
            timeout=real.PATIENCE,
            check=True,
        )
        return done.stdout

    return run


def account(state: Path, name: str, password: str) -> None:
    """A new account in a state directory."""
    state.mkdir(exist_ok=True)
    with store.rows(state) as rows:
        admin.add(rows, name, Password(Hasher(CHEAP).hash(password.encode())), time.time())


@pytest.fixture
def login(start: Start, tmp_path: Path) -> real.Plugin:
    """The service with the tutorials' account."""
    account(tmp_path / "state", "zhao", "123")
    return start("netapp-login", LOCAL)


def tutorial(client: socket.socket, name: bytes, password: bytes) -> str:
    """The tutorials' client, once: one ``recv`` is one text.  :returns: the verdict."""
    assert client.recv(1024).decode() == "请输入用户名:"
    client.sendall(name)
    assert client.recv(1024).decode() == "请输入密码:"
    client.sendall(password)
    return client.recv(1024).decode()


def test_t11_the_tutorials_client_logs_in(login: real.Plugin) -> None:
    with real.tcp_client(login.tcp()) as client:
        assert tutorial(client, b"zhao", b"124") == "用户名或密码输入错误"
        assert tutorial(client, b"li", b"123") == "用户名或密码输入错误"
        assert tutorial(client, b"zhao", b"123") == "登录成功"
        assert client.recv(1024).decode().startswith("\n您好,zhao!")


def test_t11_our_client_logs_in_at_the_tutorials_server() -> None:
    pytest.importorskip("netapp.cli.login", reason="the command is not there yet")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = threading.Thread(target=tutorial_server, args=(listening,), daemon=True)
        served.start()
        done = subprocess.run(
            [
                Path(sys.executable).with_name("netapp"),
                "login",
                f"127.0.0.1:{listening.getsockname()[1]}",
            ],
            input="zhao\n124\nzhao\n123\n",
            capture_output=True,
            text=True,
            timeout=real.PATIENCE,
            check=False,
        )
        served.join(real.PATIENCE)
    assert "用户名或密码输入错误" in done.stdout
    assert "登录成功" in done.stdout
    assert done.returncode == 0


def tutorial_server(listening: socket.socket) -> None:
    """The tutorials' server: one client, one ``recv`` is one word, in clear and in a table."""
    peer, _ = listening.accept()
    with peer:
        while True:
            peer.sendall("请输入用户名:".encode())
            name = peer.recv(1024).decode()
            peer.sendall("请输入密码:".encode())
            if {"zhao": "123"}.get(name) == peer.recv(1024).decode():
                peer.sendall("登录成功".encode())
                return
            peer.sendall("用户名或密码输入错误".encode())
            time.sleep(0.3)  # the original loses the next prompt's beginning here


def test_l14_a_gbk_terminal_logs_in_and_is_answered_in_gbk(start: Start, tmp_path: Path) -> None:
    account(tmp_path / "state", "小明", "密码密码密码密码")
    login = start("netapp-login", LOCAL)
    with real.tcp_client(login.tcp()) as client:
        client.recv(1024)
        client.sendall("小明".encode("gbk"))
        assert client.recv(1024).decode("gbk") == "请输入密码:"
        client.sendall("密码密码密码密码".encode("gbk"))
        assert client.recv(1024).decode("gbk") == "登录成功"


def test_t11_l25_who_has_sent_all_and_wants_no_more_gets_every_verdict(login: real.Plugin) -> None:
    with real.tcp_client(login.tcp()) as client:
        client.sendall(b"zhao\n124\nzhao\n123\n")
        client.shutdown(socket.SHUT_WR)
        assert real.read_all(client).decode() == (
            "请输入用户名:请输入密码:用户名或密码输入错误请输入用户名:请输入密码:登录成功"
        )


def test_l25_a_pipe_into_nc_gets_every_answer(login: real.Plugin) -> None:
    done = subprocess.run(
        [real.tool("nc", "netcat-openbsd"), "-N", "127.0.0.1", str(login.tcp())],
        input=b"zhao\n123\nwhoami\nsessions\n",
        capture_output=True,
        timeout=real.PATIENCE,
        check=True,
    )
    shown = done.stdout.decode()
    assert "\xff" not in done.stdout.decode("latin-1")
    assert shown.startswith("请输入用户名:请输入密码:登录成功\n您好,zhao!")
    assert "zhao,成员" in shown
    assert "← 当前" in shown


def test_l29_curl_gets_one_line(login: real.Plugin) -> None:
    with real.tcp_client(login.tcp()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl\r\nAccept: */*\r\n\r\n")
        answer = real.read_all(client).decode()
    assert answer.startswith("HTTP/1.1 421 ")
    assert "telnet" in answer


def test_what_the_command_changes_is_true_at_once(login: real.Plugin, user: Callable[..., str]) -> None:
    def verdict(password: bytes) -> str:
        with real.tcp_client(login.tcp()) as client:
            return tutorial(client, b"zhao", password)

    assert verdict(b"123") == "登录成功"
    user("passwd", "zhao", "--password-stdin", typed="correct horse\n")
    assert verdict(b"123") == "用户名或密码输入错误"
    assert verdict(b"correct horse") == "登录成功"
    user("disable", "zhao")
    assert verdict(b"correct horse") == "用户名或密码输入错误"
    user("enable", "zhao")
    assert verdict(b"correct horse") == "登录成功"
    assert json.loads(user("list", "--json"))[0]["seen"] > time.time() - 60
    user("remove", "zhao")
    assert verdict(b"correct horse") == "用户名或密码输入错误"


def test_the_first_start_says_how_to_add_an_account(start: Start) -> None:
    login = start("netapp-login", LOCAL)
    login.wait_for("there is no account yet: netapp user add zhao --admin$")
    assert login.log.count("passwords travel in clear") == 1
    login.wait_for("in clear here: .*; for others --ssh tcp:2022, or --listen ssl:9999:")
    login.wait_for(r"try  telnet 127\.0\.0\.1 \d+$")


@pytest.fixture
def telnet(login: real.Plugin) -> Iterator["Terminal"]:
    with Terminal(real.tool("telnet", "telnet"), "127.0.0.1", str(login.tcp())) as terminal:
        yield terminal


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *command: str) -> None:
        self._own, theirs = pty.openpty()
        self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(real.PATIENCE)
        os.close(self._own)

    def expect(self, text: str) -> str:
        """Wait until this is shown.  :returns: what was, since the last call."""
        octets, deadline = b"", time.monotonic() + real.PATIENCE
        while text not in octets.decode("utf-8", "replace"):
            assert time.monotonic() < deadline, octets
            if select.select([self._own], [], [], 0.2)[0]:
                octets += os.read(self._own, 4096)
        self.shown = octets.decode("utf-8", "replace")
        return self.shown

    def type(self, line: str) -> None:
        os.write(self._own, line.encode() + b"\r")


def test_a_real_telnet_hides_the_password_and_shows_all_else(telnet: Terminal) -> None:
    telnet.expect("请输入用户名:")
    telnet.type("zhao")
    assert "zhao\r\n" in telnet.expect("请输入密码:")
    telnet.type("123")
    assert telnet.expect("登录成功") == "\r\n登录成功"
    telnet.expect("zhao> ")
    telnet.type("我是谁")
    assert telnet.expect("zhao> ").startswith("我是谁\r\nzhao,成员")
    telnet.type("会话")  # whose 0x9D is a telnet's escape key, but for one that sends binary
    assert "  login  127.0.0.1  " in telnet.expect("zhao> ")
    telnet.type("passwd")
    telnet.expect("当前密码:")
    telnet.type("123")
    assert telnet.expect("新密码:") == "\r\n新密码:"
    telnet.type("correct horse")
    telnet.expect("再输入一次新密码:")
    telnet.type("correct horse")
    assert telnet.expect("zhao> ").startswith("\r\n密码已更改")
    telnet.type("退出")
    telnet.expect("再见!")


def test_what_another_process_changes_ends_a_session_within_a_second(
    login: real.Plugin, tmp_path: Path
) -> None:
    with real.tcp_client(login.tcp()) as client:
        assert tutorial(client, b"zhao", b"123") == "登录成功"
        client.recv(1024)
        with store.rows(tmp_path / "state") as rows:
            admin.set_state(rows, admin.find(rows, "zhao"), "disabled")
        began = time.monotonic()
        assert real.read_all(client).decode() == "\n这个账号已停用,再见!\n"
    assert time.monotonic() - began < 5.0  # a hang, not a speed


def test_behind_a_proxy_the_client_is_who_is_held_back(start: Start, tmp_path: Path) -> None:
    account(tmp_path / "state", "zhao", "123")
    login = start("netapp-login", "--listen=haproxy:tcp:0:interface=127.0.0.1")

    def verdicts(address: str, *passwords: bytes) -> tuple[list[str], float]:
        with real.tcp_client(login.tcp()) as client:
            client.sendall(f"PROXY TCP4 {address} 127.0.0.1 40000 9999\r\n".encode())
            began = time.monotonic()
            return [tutorial(client, b"zhao\n", each) for each in passwords], time.monotonic() - began

    wrong, took = verdicts("192.168.1.66", b"1\n", b"2\n", b"3\n", b"4\n")
    assert set(wrong) == {"用户名或密码输入错误"}
    assert took > 1.0  # the fourth waits for what the third has cost
    right, took = verdicts("192.168.1.5", b"123\n")
    assert right == ["登录成功"]
    assert took < 2.0
    audit = (tmp_path / "state" / "audit.jsonl").read_text("utf-8")
    assert '"192.168.1.66"' in audit
    assert '"192.168.1.5"' in audit
    login.wait_for("authentication failure rhost=192.168.1.66")


def test_over_tls_openssl_comes_to_the_shell(start: Start, tmp_path: Path) -> None:
    account(tmp_path / "state", "zhao", "123")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "tls.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    login = start("netapp-login", f"--listen=ssl:0:interface=127.0.0.1:privateKey={tmp_path}/tls.pem")
    process = subprocess.Popen(
        [
            *(real.tool("openssl", "openssl"), "s_client", "-quiet", "-verify_return_error"),
            *("-verify_hostname", "localhost", "-CAfile", str(tmp_path / "ca.pem")),
            *("-connect", f"127.0.0.1:{login.tcp()}"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    shown, _ = process.communicate(b"zhao\n123\nwhoami\nquit\n", timeout=real.PATIENCE)
    assert shown.decode().startswith("请输入用户名:请输入密码:登录成功\n您好,zhao!")
    assert "zhao,成员" in shown.decode()
    assert shown.decode().endswith("再见!\n")


def test_over_tls_the_prompts_are_the_same(start: Start, tmp_path: Path) -> None:
    account(tmp_path / "state", "zhao", "correct horse")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "tls.pem")
    files = f"privateKey={tmp_path}/tls.pem:certKey={tmp_path}/tls.pem"
    login = start("netapp-login", f"--listen=ssl:0:interface=127.0.0.1:{files}")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        real.tcp_client(login.tcp()) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        assert tutorial(client, b"zhao", b"correct horse") == "登录成功"
    login.wait_for("try  openssl s_client -quiet -connect ")
    assert "in clear" not in login.log


def test_l8_many_tries_at_once_leave_others_served(login: real.Plugin) -> None:
    with busy_clients(login.tcp(), 20) as wrong:
        with real.tcp_client(login.tcp()) as client:
            began = time.monotonic()
            assert client.recv(1024).decode() == "请输入用户名:"
            client.sendall(b"zhao\n")
            assert client.recv(1024).decode() == "请输入密码:"
            prompted = time.monotonic() - began
        answers = {real.read_all(each).decode() for each in wrong}
    assert all("用户名或密码输入错误" in answer or "服务器正忙" in answer for answer in answers)
    assert prompted < 5.0  # a hang, not a speed


@contextmanager
def busy_clients(port: int, count: int) -> Iterator[list[socket.socket]]:
    clients = [socket.create_connection(("127.0.0.1", port), 20.0) for _ in range(count)]
    try:
        for number, client in enumerate(clients):
            client.sendall(f"u{number}\nwrong\n".encode())
            client.shutdown(socket.SHUT_WR)
        yield clients
    finally:
        for client in clients:
            client.close()


def test_random_octets_leave_the_service_standing(login: real.Plugin) -> None:
    for number in range(40):
        with real.tcp_client(login.tcp()) as client:
            client.sendall(os.urandom(1 + number * 25))
    with real.tcp_client(login.tcp()) as client:
        assert tutorial(client, b"zhao", b"123") == "登录成功"


def test_two_services_start_at_once_on_one_new_state_directory(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    threads = []
    ready: list[bool] = []

    def run() -> None:
        with real.running("netapp-login", LOCAL, state=state) as plugin:
            ready.append(plugin.tcp() > 0)

    for _ in range(2):
        threads.append(threading.Thread(target=run))
        threads[-1].start()
    for thread in threads:
        thread.join(real.PATIENCE)
    assert ready == [True, True]


def test_a_start_that_cannot_work_ends_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "people.db").write_bytes(b"no database at all" * 1000)
    refused = real.run_once("netapp-login", LOCAL, state=state)
    assert refused.returncode == 1
    assert "people.db cannot be used" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr + refused.stdout
