"""The tutorials' programs, in their own shape: blocking, one receive for one message, no time limits.

They are what docs/reference/tutorial-wire.md says of them, row by row; what they show or save is given back.
Each takes the port to write into its line.
"""

import json
import os
import socket
import struct
from collections.abc import Callable

from netapp.hub.tutorial import rows
from tests import real

HOST = "127.0.0.1"
#: An address of loopback that nobody else uses: the tutorials' ports are free there.
ELSEWHERE = f"127.{83 + os.getpid() % 100}.{os.getpid() // 100 % 250}.7"
#: A public address (RFC 5737) that --allow lets in.
PUBLIC = "203.0.113.5"
ROWS = {row.number: row for row in rows.ROWS}
#: The line that a client changes names the port that its responder has.
PORTS = {each.name: each.port for each in rows.RESPONDERS}
#: What our side says of a text.
HEARD, GOODBYE = "已收到", "您已断开连接!"
#: So that a missing answer fails the test; the programs themselves would wait for ever.
PATIENCE = 10.0


def port(number: int) -> int:
    """The responder's, of a row."""
    return PORTS[ROWS[number].responder or ""]


def udp(own: int = 0) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(PATIENCE)
    client.bind(("", own))
    return client


def tcp(port: int) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.settimeout(PATIENCE)
    client.connect((HOST, port))
    return client


def listening(port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.settimeout(PATIENCE)
    server.bind((HOST, port))
    server.listen(5)
    return server


# Clients -----------------------------------------------------------------------------------------


def udp_ask(
    port: int, texts: list[str], own: int = 0, sent: str = "utf-8", read: str = "utf-8", end: str = ""
) -> list[str]:
    """T1, T3, T5, T20, T22, T30: send one, wait for one."""
    answers = []
    with udp(own) as client:
        for text in texts:
            client.sendto((text + end).encode(sent), (HOST, port))
            answers.append(client.recvfrom(1024)[0].decode(read))
    return answers


def tcp_ask(port: int, text: str, sent: str, read: str) -> str:
    """T6, T16: one text, one receive."""
    with tcp(port) as client:
        client.send(text.encode(sent))
        return client.recv(1024).decode(read)


def t10_download(port: int, name: str) -> bytes:
    with tcp(port) as client:
        client.send(name.encode("utf-8"))
        return client.recv(1024)


def t11_login(port: int, words: list[str]) -> list[str]:
    """Each of the server's texts is one receive; the client ends at 登录成功."""
    shown = []
    with tcp(port) as client:
        for word in words:
            shown.append(client.recv(1024).decode("utf-8"))
            client.send(word.encode("utf-8"))
            if len(shown) % 3 == 2:
                shown.append(client.recv(1024).decode("utf-8"))
    return shown


def t12_frame(port: int, text: str) -> str:
    with tcp(port) as client:
        octets = text.encode("utf-8")
        client.send(struct.pack("i", len(octets)))
        client.send(octets)
        (length,) = struct.unpack("I", client.recv(4))
        return real.read_exactly(client, length).decode("utf-8")


def t13_file(port: int, name: str) -> tuple[int, bytes]:
    with tcp(port) as client:
        header = json.dumps({"filename": name}).encode("utf-8")
        client.send(struct.pack("i", len(header)) + header)
        (length,) = struct.unpack("i", client.recv(4))
        answer = json.loads(real.read_exactly(client, length))
        return answer["filesize"], real.read_exactly(client, answer["filesize"])


def t15_chat(port: int, texts: list[str]) -> list[str]:
    """A connected datagram socket, lock-step, until the other side says goodbye."""
    shown = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect((HOST, port))
        for text in texts:
            client.send(text.encode("utf-8"))
            shown.append(client.recv(1024).decode("utf-8"))
            if shown[-1] in ("Q", "q", "您已断开连接!"):
                break
    return shown


def t18_download(port: int, name: str) -> bytes | str:
    with tcp(port) as client:
        client.send(name.encode("gbk"))
        data = client.recv(100000)
        return data or "下载失败"


def t25_http(port: int) -> tuple[str, str]:
    with tcp(port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: www.itcats.cn\r\nConnection: close\r\n\r\n")
        page = b"".join(iter(lambda: client.recv(1024), b"")).decode("utf-8")
    header, _, body = page.partition("\r\n\r\n")
    return header, body


def t27_lines(port: int, lines: list[str]) -> list[str]:
    shown = []
    with tcp(port) as client:
        for line in lines:
            client.send(line.encode("utf-8"))
            shown.append(client.recv(1024).decode("utf-8"))
    return shown


# Servers -----------------------------------------------------------------------------------------
# Each serves one client and ends; a list takes what the program would print.

Server = Callable[[int, list[str]], None]


def udp_server(answer: Callable[[bytes], bytes | None], codec: str = "utf-8") -> Server:
    """T4, T14, T20, T23, T29; T21's and T24's receiving half, whose answer is none."""

    def serve(port: int, shown: list[str]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(PATIENCE)
            server.bind((HOST, port))
            data, peer = server.recvfrom(1024)
            shown.append(data.decode(codec))
            if (octets := answer(data)) is not None:
                server.sendto(octets, peer)

    return serve


NAMES = {"www.baidu.com": "192.168.1.2"}


def t4_answer(data: bytes) -> bytes:
    return NAMES.get(data.decode("utf-8"), "i dont know").encode("utf-8")


def t7_once(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        shown.append(client.recv(1024).decode("gbk"))
        client.send("您好,已成功接受您的请求".encode())


def ok_server(first: str, second: str) -> Server:
    """T8 tries GBK and then UTF-8, T9 the other way round."""

    def serve(port: int, shown: list[str]) -> None:
        with listening(port) as server, server.accept()[0] as client:
            while data := client.recv(1024):
                try:
                    shown.append(data.decode(first))
                except UnicodeDecodeError:
                    shown.append(data.decode(second))
                client.send(b"OK!")

    return serve


def t10_files(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        shown.append(client.recv(1024).decode("utf-8"))
        client.send(b"0123456789")


def t11_server(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        while True:
            client.send("请输入用户名:".encode())
            name = client.recv(1024).decode()
            client.send("请输入密码:".encode())
            password = client.recv(1024).decode()
            shown.append(f"{name} {password}")
            if (name, password) == ("zhao", "123"):
                client.send("登录成功".encode())
                return
            client.send("用户名或密码输入错误".encode())


def t12_server(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        (length,) = struct.unpack("I", client.recv(4))
        text = real.read_exactly(client, length)
        shown.append(text.decode("utf-8"))
        client.send(struct.pack("i", length) + text)


def t17_operator(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        shown.append(client.recv(1024).decode("gbk"))
        client.send("我在".encode("gbk"))


def t26_echo(port: int, shown: list[str]) -> None:
    with listening(port) as server, server.accept()[0] as client:
        while data := client.recv(1024):
            shown.append(data.decode())
            client.send(data)
