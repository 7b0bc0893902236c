"""``netapp udp --menu``: the tutorials' menu, 1 to send, 2 to receive (T21, T24)."""

import socket
from typing import Final

import click

from netapp.cli import common
from netapp.cli.assistant import datagrams
from netapp.cli.assistant.plan import Plan
from netapp.cli.console import Console, Form, NotHex
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import Tongue

PHRASES: Final = Phrases(
    {
        "menu": ("1. 发送消息\n2. 接收消息\n其他. 退出", "1. send\n2. receive\nelse: quit"),
        "choice": ("请输入功能编号: ", "number: "),
        "address": ("请输入对方的地址{default}: ", "address{default}: "),
        "port": ("请输入对方的端口{default}: ", "port{default}: "),
        "text": ("请输入要发送的内容: ", "text: "),
        "sent": ("已发送给 {where}", "sent to {where}"),
        "waiting": (
            "等待消息,本机 UDP 端口 {port}(按 Ctrl-C 返回)...",
            "waiting at UDP port {port} (Ctrl-C returns) ...",
        ),
        "nothing": ("{wait:g} 秒内没有收到消息", "nothing came within {wait:g} s"),
        "end": ("您输入的数据有误!程序结束", "That is none of the numbers: the end"),
    }
)
say: Final = common.words(PHRASES)


def run(peer: common.HostPort | None, own: common.HostPort, plan: Plan) -> None:
    """The menu, until another number is given or the input ends.

    :param peer: offered when address and port are asked for.
    :param own: where we receive, and send from.
    """
    with datagrams.bound(own) as sock:
        menu = Menu(sock, peer, plan)
        try:
            while menu.choose():
                pass
        except (EOFError, KeyboardInterrupt):
            common.write("")


class Menu:
    """One socket that sends and receives by turns."""

    def __init__(self, sock: socket.socket, peer: common.HostPort | None, plan: Plan) -> None:
        self._socket, self._peer, self._plan = sock, peer, plan
        self._form: Form = plan.form
        self._tongue = Tongue(plan.form.encoding)
        self._console = Console()

    def choose(self) -> bool:
        """One turn.  :returns: whether there is another.  :raises EOFError: the input has ended."""
        common.write(say("menu"), keep="\n")
        number = self._ask(say("choice")).strip()
        if number == "1":
            self._send()
        elif number == "2":
            self._receive()
        else:
            common.write(say("end"))
            return False
        return True

    def _send(self) -> None:
        host = self._ask(say("address", default=self._default(0))).strip() or (self._peer or ("", 0))[0]
        port = self._ask(say("port", default=self._default(1))).strip() or str((self._peer or ("", ""))[1])
        typed = self._ask(say("text"))
        try:
            place = common.Place().convert(
                f"[{host}]:{port}" if ":" in host else f"{host}:{port}", None, None
            )
            octets = self._form.octets(typed, self._tongue)
            family = self._socket.family
            flags = socket.AI_V4MAPPED if family == socket.AF_INET6 else 0
            found = socket.getaddrinfo(*place, family=family, type=socket.SOCK_DGRAM, flags=flags)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._socket.sendto(datagrams.packed(octets, self._form), found[0][4])
        except (click.BadParameter, NotHex) as error:
            common.complain(error.message if isinstance(error, click.BadParameter) else str(error))
        except (OSError, UnicodeError) as error:
            common.complain(common.trouble(common.as_system(error), f"{host}:{port}"))
        else:
            self._peer = place
            common.write(say("sent", where=common.shown(place)))

    def _receive(self) -> None:
        try:
            common.write(say("waiting", port=self._socket.getsockname()[1]))
            self._socket.settimeout(self._plan.wait)
            datagram, address = self._socket.recvfrom(limits.DATAGRAM)
        except TimeoutError:
            common.complain(say("nothing", wait=self._plan.wait))
        except KeyboardInterrupt:
            if not self._console.interactive:
                raise
            common.write("")
        else:
            host = common.shown(address[:2]).rpartition(":")[0].strip("[]")
            octets = datagrams.unpacked(datagram, self._form, common.shown(address[:2]))
            if octets is not None:
                shown = self._form.text(octets, self._tongue)
                common.write(f"{(host, address[1])} >>>>>>> {shown}", keep="\t")

    def _ask(self, prompt: str) -> str:
        common.write(prompt, newline=False)
        line = self._console.line()
        if line is None:
            raise EOFError
        if not self._console.interactive:
            common.write("")  # nobody has typed the end of this line
        return line

    def _default(self, which: int) -> str:
        return f" [{self._peer[which]}]" if self._peer else ""
