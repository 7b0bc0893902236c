"""The whole house in one process: every door is open, and what is said at one is heard at all."""

import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import real

pytestmark = pytest.mark.real

CONFIG = """
interface = "127.0.0.1"
[dns]
listen = ["udp:0:interface=127.0.0.1", "tcp:0:interface=127.0.0.1"]
record = ["www.baidu.com=192.168.1.2"]
[login]
listen = ["tcp:0:interface=127.0.0.1"]
[chat]
listen = ["tcp:0:interface=127.0.0.1"]
irc = "tcp:0:interface=127.0.0.1"
[file]
listen = ["tcp:0:interface=127.0.0.1"]
[udpchat]
listen = ["udp:0:interface=127.0.0.1"]
ipmsg = "udp:{ipmsg}:interface=127.0.0.1"
[echo]
listen = ["tcp:0:interface=127.0.0.1", "udp:0:interface=127.0.0.1"]
"""


def free_port() -> int:
    """A port that nobody has, as TCP and as UDP."""
    with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        return port


PROXIED = """
proxy = ["192.0.2.1"]
[dns]
listen = ["haproxy:tcp:0:interface=127.0.0.1"]
[login]
listen = ["haproxy:tcp:0:interface=127.0.0.1"]
[chat]
listen = ["haproxy:tcp:0:interface=127.0.0.1"]
irc = "haproxy:tcp:0:interface=127.0.0.1"
[file]
listen = ["haproxy:tcp:0:interface=127.0.0.1"]
[echo]
listen = ["haproxy:tcp:0:interface=127.0.0.1"]
"""


@pytest.fixture
def house(start: Callable[..., real.Plugin], tmp_path: Path) -> real.Plugin:
    file = tmp_path / "netapp.toml"
    file.write_text(CONFIG.format(ipmsg=free_port()), encoding="utf-8")
    return start("netapp", f"--config={file}")


class Talker:
    """A person at a stream: reads until something is there."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._heard = b""

    def say(self, line: str) -> None:
        self._client.sendall(line.encode() + b"\r\n")

    def hear(self, text: str) -> str:
        """What came up to and with ``text``.  :raises TimeoutError: it does not come."""
        while text.encode() not in self._heard:
            octets = self._client.recv(65536)
            assert octets, f"closed before {text!r}: {self._heard.decode(errors='replace')}"
            self._heard += octets
        before, _, self._heard = self._heard.partition(text.encode())
        return before.decode(errors="replace") + text


@contextmanager
def in_line_chat(house: real.Plugin, name: str) -> Iterator[Talker]:
    with real.tcp_client(house.ports("tcp", "netapp-chat")[0]) as client:
        person = Talker(client)
        person.hear("昵称")
        person.say(name)
        person.hear(name)
        yield person


@contextmanager
def in_irc(house: real.Plugin, name: str) -> Iterator[Talker]:
    with real.tcp_client(house.ports("tcp", "netapp-chat")[1]) as client:
        person = Talker(client)
        person.say(f"NICK {name}")
        person.say(f"USER {name} 0 * :{name}")
        person.hear(" 001 ")
        person.say("JOIN #lobby")
        person.hear(" 366 ")
        yield person


def test_every_service_answers(house: real.Plugin) -> None:
    assert real.ask(house.udp("netapp-dns"), b"www.baidu.com") == b"192.168.1.2"
    assert real.ask(house.udp("netapp-udpchat"), b"hello") == "已收到".encode()
    assert real.ask(house.udp("netapp-echo"), b"hello") == b"hello"
    with real.tcp_client(house.tcp("netapp-login")) as client:
        assert client.recv(1024) == "请输入用户名:".encode()
    with real.tcp_client(house.tcp("netapp-file")) as client:
        client.sendall(b"welcome.txt")
        assert b"netapp" in real.read_all(client)


def test_what_is_said_at_one_door_is_heard_at_all(house: real.Plugin) -> None:
    ipmsg = house.ports("udp", "netapp-udpchat")[1]
    with (
        in_line_chat(house, "小明") as lines,
        in_irc(house, "alice") as irc,
        real.udp_client() as plain,
        real.udp_client() as feiq,
    ):
        plain.sendto(b"I am here", ("127.0.0.1", house.udp("netapp-udpchat")))
        plain.recvfrom(1024)
        feiq.sendto("1:1:laoli:pc1:1:老李\0组\0".encode("gbk"), ("127.0.0.1", ipmsg))
        assert int(feiq.recvfrom(2048)[0].split(b":")[4]) & 0xFF == 3, "no answer to an entry"
        irc.hear("I am here")
        lines.hear("I am here")
        feiq.sendto("1:2:laoli:pc1:288:我也在\0".encode("gbk"), ("127.0.0.1", ipmsg))
        lines.hear("我也在")
        irc.hear("我也在")

        lines.say("大家好")
        assert "小明" in irc.hear("大家好")
        said = hear_message(feiq, ipmsg)
        assert "小明" in said
        assert "大家好" in said

        irc.say("PRIVMSG #lobby :hello everyone")
        assert "alice" in lines.hear("hello everyone")
        assert "hello everyone" in hear_message(feiq, ipmsg)

        plain.sendto("还有人吗".encode("gbk"), ("127.0.0.1", house.udp("netapp-udpchat")))
        assert "大家好" in plain.recvfrom(1024)[0].decode("gbk")
        lines.hear("还有人吗")


def hear_message(feiq: socket.socket, ipmsg: int) -> str:
    """The next SENDMSG (32), receipted; an entry (1) before it is answered, as every client does."""
    while True:
        packet = feiq.recvfrom(65536)[0]
        _, number, _, _, command, extra = packet.split(b":", 5)
        if int(command) & 0xFF == 0x01:
            feiq.sendto("1:9:laoli:pc1:3:老李\0组\0".encode("gbk"), ("127.0.0.1", ipmsg))
        if int(command) & 0xFF == 0x20:
            feiq.sendto(b"1:%d:laoli:pc1:33:%s\0" % (int(number) & 0x7FFF, number), ("127.0.0.1", ipmsg))
            return extra.decode("gb18030", "replace")


def test_a_browser_at_the_wrong_door_is_told_where_the_page_is(house: real.Plugin) -> None:
    page = f"http://127.0.0.1:{house.tcp('netapp-file')}/"
    for port in (*house.ports("tcp", "netapp-chat"), house.tcp("netapp-login"), house.tcp("netapp-dns")):
        with real.tcp_client(port) as browser:
            browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert page in real.read_all(browser).decode()
    with real.tcp_client(house.tcp("netapp-file")) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"welcome.txt" in real.read_all(browser)


def test_a_second_house_on_taken_ports_says_so_and_serves_nothing(house: real.Plugin, tmp_path: Path) -> None:
    port = house.tcp("netapp-login")
    file = tmp_path / "second.toml"
    file.write_text(
        f'[netapp]\nonly = ["login"]\n[login]\nlisten = ["tcp:{port}:interface=127.0.0.1"]\n',
        encoding="utf-8",
    )
    state = tmp_path / "second"
    state.mkdir()
    refused = real.run_once("netapp", f"--config={file}", state=state)
    assert refused.returncode == 1
    complaint = (refused.stdout + refused.stderr).strip().splitlines()[-1]
    assert re.search(rf"netapp-login: cannot listen on tcp:{port}.*Address already in use", complaint)
    assert "Traceback" not in refused.stdout + refused.stderr


def test_people_made_while_the_house_runs_can_log_in(house: real.Plugin, tmp_path: Path) -> None:
    command = [str(Path(real.sys.executable).with_name("netapp")), "user", "add", "zhao", "--password-stdin"]
    subprocess.run(
        [*command, "--allow-weak"],
        input=b"123\n",
        env=real.environment(tmp_path / "state"),
        check=True,
        capture_output=True,
    )
    with real.tcp_client(house.tcp("netapp-login")) as client:
        for prompt, answer in (("请输入用户名:", b"zhao"), ("请输入密码:", b"123")):
            assert client.recv(1024) == prompt.encode()
            client.sendall(answer)
        assert client.recv(1024) == "登录成功".encode()


def test_no_service_believes_who_is_none_of_the_proxies(
    start: Callable[..., real.Plugin], tmp_path: Path
) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text(PROXIED, encoding="utf-8")
    house = start("netapp", f"--config={file}", "--without=udpchat")
    ports = house.ports("tcp")
    assert len(ports) == 6
    for port in ports:
        with real.tcp_client(port) as client:
            assert client.recv(1) == b""
    for owner in ("dns", "login", "chat", "file", "echo"):
        house.wait_for(f"netapp-{owner}: 127.0.0.1 is no proxy that is believed .*--proxy 127.0.0.1")
