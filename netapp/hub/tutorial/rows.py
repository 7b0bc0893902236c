"""The tutorials' programs (docs/reference/tutorial-wire.md), and what answers each of them here.

Pure data: the hub starts the responders, prints the rows as a table, and the documentation has a
page for each.  Several programs want one port, so some responders stand on one of their own; a
server program of the student's takes :attr:`Row.own`, since its number is taken by ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Plugin = Literal["dns", "echo", "file", "login", "udpchat"]
Transport = Literal["tcp", "udp"]
#: What the tutorial's program is: who speaks first, who waits, each in turn, or nobody's peer.
Kind = Literal["client", "server", "both", "local"]


@dataclass(frozen=True, slots=True)
class Responder:
    """One service with one listener: ``twistd -n netapp-PLUGIN OPTION TRANSPORT:PORT ARGUMENTS``."""

    name: str
    plugin: Plugin
    transport: Transport
    port: int  # the wanted one
    arguments: tuple[str, ...] = ()
    operator: bool = False  # with --operator, a person answers
    option: Literal["--listen", "--ipmsg"] = "--listen"
    otherwise: int = 0  # where to look when the port cannot be had; 0: from the next one on

    @property
    def transports(self) -> tuple[Transport, ...]:
        """Those of which it takes the port: IP Messenger has TCP beside its datagrams."""
        return ("udp", "tcp") if self.option == "--ipmsg" else (self.transport,)


@dataclass(frozen=True, slots=True)
class Row:
    """One of the tutorials' programs."""

    number: int
    title: tuple[str, str]  # Chinese, English
    kind: Kind
    #: Plays the other side; where the program is a server, plays the program.  None for what has no peer.
    responder: str | None
    #: The line of the program that changes, with ``{host}`` and ``{port}``; see :meth:`line_at`.
    line: str
    #: What plays the client of a server program of the student's, with ``{host}`` and ``{port}``.
    command: str | None = None
    #: The port of the student's own program: the one it has (T1, T3), or a server's beside ours.
    own: int = 0

    def line_at(self, host: str, ports: Mapping[str, int]) -> str:
        """The line to write: a server's own port, else that of the responder.

        :param ports: responders' names to the ports that they have.
        """
        port = self.own if self.kind == "server" else ports.get(self.responder or "", 0)
        return self.line.format(host=host, port=port)

    def bind_at(self, host: str) -> str | None:
        """The line of a program's serving half; None where it has none."""
        return BIND.format(host=host, port=self.own) if self.own and self.command else None

    def command_at(self, host: str, ports: Mapping[str, int]) -> str | None:
        """What to type in another window to talk with the student's own program."""
        port = self.own or ports.get(self.responder or "", 0)
        url_host = f"[{host}]" if ":" in host else host
        return None if self.command is None else self.command.format(host=url_host, port=port)


#: The lines of a program that name a place.
CONNECT: Final = 'connect(("{host}", {port}))'
SENDTO: Final = 'sendto(data, ("{host}", {port}))'
BIND: Final = 'bind(("{host}", {port}))'
ASKED: Final = "input(): {host}, {port}"

#: The name server's table: T4.
NAMES: Final = {
    "www.baidu.com": "192.168.1.2",
    "www.sixstar.com": "192.168.1.3",
    "www.google.com": "192.168.1.4",
}
#: The one account of the login endpoint, and of no other door: T11.
ACCOUNT: Final = ("zhao", "123")

_RECORDS: Final = tuple(f"--record={name}={address}" for name, address in NAMES.items())
#: An echo of ASCII would not show in which encoding it is.
HEARD: Final = "--reply=已收到:{data}"
_CHINESE: Final = "--lang=zh"  # whatever --lang says: the programs look for these very words

RESPONDERS: Final = (
    Responder("names", "dns", "udp", 8080, _RECORDS),
    Responder("chat-gbk", "udpchat", "udp", 8081, ("--ipmsg=none", "--encoding=gbk"), operator=True),
    Responder("text-udp", "echo", "udp", 8082, ("--encoding=gbk", HEARD), operator=True),
    Responder("echo-udp", "echo", "udp", 8888),
    Responder("prefix", "echo", "udp", 8889, ("--encoding=utf-8", "--reply=来自服务器{data}")),
    Responder("chat", "udpchat", "udp", 9999, ("--ipmsg=none",), operator=True),
    Responder("feiq", "udpchat", "udp", 2425, ("--listen=none",), option="--ipmsg"),
    Responder("http", "file", "tcp", 80, otherwise=8000),
    Responder(
        "greeting", "echo", "tcp", 5678, ("--once", "--encoding=utf-8", "--reply=您好,已成功接受您的请求")
    ),
    Responder("text-tcp", "echo", "tcp", 6789, ("--encoding=gbk", HEARD)),
    Responder("ok", "echo", "tcp", 7777, ("--reply=OK!",)),
    Responder("files", "file", "tcp", 7878),
    Responder("once", "echo", "tcp", 8080, ("--once", "--encoding=gbk", HEARD), operator=True),
    Responder("files-gbk", "file", "tcp", 8081, ("--encoding=gbk",)),
    Responder("echo-tcp", "echo", "tcp", 8888),
    Responder("login", "login", "tcp", 9999, (_CHINESE,)),
)

_TCP: Final = "netapp tcp {host}:{port} --send 你好"
_UDP: Final = "netapp udp {host}:{port} --send 你好"
_GET: Final = "netapp get {host}:{port} 1.txt --plain"
_NAME: Final = "netapp dns www.baidu.com --plain --server {host}:{port}"
_LOGIN: Final = "netapp login {host}:{port} --user zhao"
_GBK: Final = " --encoding gbk"
_UNANSWERED: Final = " --wait 0"

ROWS: Final = (
    Row(1, ("UDP 聊天,一人一句", "UDP chat, in turns"), "client", "chat-gbk", SENDTO, own=7890),
    Row(2, ("UDP 只发一次", "UDP, sends once"), "client", "chat-gbk", SENDTO),
    Row(3, ("UDP 发送和接收", "UDP, both ways"), "client", "chat-gbk", SENDTO, own=6789),
    Row(4, ("域名服务器", "Name server"), "server", "names", BIND, _NAME, 18080),
    Row(5, ("域名客户端", "Name client"), "client", "names", SENDTO),
    Row(6, ("TCP 客户端", "TCP client"), "client", "text-tcp", CONNECT),
    Row(7, ("TCP 服务器,只应答一次", "TCP server for one"), "server", "greeting", BIND, _TCP + _GBK, 15678),
    Row(8, ("TCP 服务器,应答 OK!", "TCP server, says OK!"), "server", "ok", BIND, _TCP + _GBK, 17777),
    Row(9, ("TCP 服务器(函数版)", "TCP server, tidied"), "server", "ok", BIND, _TCP, 17778),
    Row(10, ("文件下载", "File download"), "both", "files", CONNECT, _GET, 17878),
    Row(11, ("登录", "Login"), "both", "login", CONNECT, _LOGIN, 19999),
    Row(
        12,
        ("粘包:长度加数据", "Frame: length, data"),
        "both",
        "echo-tcp",
        CONNECT,
        _TCP + " --frame",
        17879,
    ),
    Row(13, ("粘包:长度加字典", "Frame: length, header"), "client", "files", CONNECT),
    Row(14, ("UDP 聊天服务器", "UDP chat server"), "server", "chat", BIND, _UDP, 19999),
    Row(15, ("UDP 聊天客户端", "UDP chat client"), "client", "chat", ASKED),
    Row(16, ("TCP 客户端(GBK)", "TCP client, GBK"), "client", "once", CONNECT),
    Row(17, ("TCP 服务器(GBK)", "TCP server, GBK"), "server", "once", BIND, _TCP + _GBK, 18080),
    Row(18, ("文件下载客户端", "File client, GBK"), "client", "files-gbk", ASKED),
    Row(19, ("文件下载服务器", "File server, GBK"), "server", "files-gbk", BIND, _GET + _GBK, 18081),
    Row(20, ("UDP 收发(GBK)", "UDP both ways, GBK"), "both", "text-udp", SENDTO, _UDP + _GBK, 18082),
    Row(21, ("UDP 菜单小工具", "UDP menu tool"), "both", "chat", ASKED, _UDP + _UNANSWERED, 18083),
    Row(22, ("UDP 客户端", "UDP client"), "client", "echo-udp", SENDTO),
    Row(23, ("UDP 服务器,加前缀", "UDP server, prefixes"), "server", "prefix", BIND, _UDP, 18889),
    Row(24, ("UDP 菜单聊天", "UDP menu chat"), "both", "chat", SENDTO, _UDP + _UNANSWERED, 18890),
    Row(25, ("手写 HTTP 请求", "HTTP by hand"), "client", "http", CONNECT),
    Row(26, ("TCP 回显服务器", "TCP echo server"), "server", "echo-tcp", BIND, _TCP, 18888),
    Row(27, ("TCP 回显客户端", "TCP echo client"), "client", "echo-tcp", CONNECT),
    Row(28, ("飞秋消息", "FeiQ greeting"), "client", "feiq", SENDTO),
    Row(29, ("UDP 回显服务器", "UDP echo server"), "server", "echo-udp", BIND, _UDP, 18888),
    Row(30, ("UDP 回显客户端", "UDP echo client"), "client", "echo-udp", SENDTO),
    Row(31, ("主机名和地址", "Names and addresses"), "local", None, "gethostbyname(name)", "netapp dns"),
    Row(
        32,
        ("编码和解码", "Encode and decode"),
        "local",
        "echo-udp",
        'text.encode("gbk")',
        "netapp udp {host}:{port} --hex --send c4e3bac3" + _GBK,
    ),
)
