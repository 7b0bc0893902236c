"""The sheet: where the services are reached, for people to read in 80 columns; no line is longer.

The hub prints it at its first start, ``netapp status`` at any time; both from what processes tell of
themselves, see :mod:`netapp.core.status.readings`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from netapp.core.cells import COLUMNS, cells, padded, wrapped
from netapp.core.languages import Lang, Phrases
from netapp.core.text import visible

_INDENT: Final = "  "
_NAME: Final = 10
_PORTS: Final = 24
_NOW: Final = 6
_DATAGRAMS: Final = 11

PHRASES: Final = Phrases(
    {
        "reach": ("其他机器可以这样访问:", "Other machines reach this one at"),
        "only here": (
            "只有本机能访问:所有服务都绑定在回环地址上。要让其他机器访问,启动时加 --interface {address}",
            "Only this machine reaches the services: they are bound to loopback. "
            "For others start with --interface {address}",
        ),
        "no network": (
            "只有本机能访问:这台机器还没有网络地址。接好网线后运行 netapp status 再看。",
            "Only this machine reaches the services: it has no address on a network. "
            "Plug in a cable, and look again with netapp status.",
        ),
        "service": ("服务", "service"),
        "now": ("连接", "now"),
        "datagrams": ("数据报", "datagrams"),
        "ports": ("端口", "ports, and how to try it"),
        "here": ("仅本机", "this machine only"),
        "at": ("在 {addresses}", "at {addresses}"),
        "begin": ("从这里开始(用手机扫码,或在浏览器里打开):", "Begin here, in a browser or by the code:"),
        "first": (
            "还没有人有账号。第一个管理员这样建账号:登录时,在问用户名的地方输入这个邀请码",
            "Nobody has an account yet. The first administrator's is made at the login: "
            "type this code where it asks for the user name",
        ),
        "until": ("只能用一次,有效到 {until}。", "Good once, until {until}."),
        "new": ("上一个邀请码已经过期,这是新的。", "The code before is over; this is a new one."),
        "hidden": (
            "还没有人有账号。在本机的终端里运行 netapp status,可以看到建第一个管理员账号的邀请码。",
            "Nobody has an account yet. In a terminal of this machine, netapp status shows the code for "
            "the first administrator's.",
        ),
        "or add": ("也可以在本机运行:", "Or, on this machine:"),
        "no account": (
            "还没有人有账号。在本机运行这条命令,添加第一个管理员:",
            "Nobody has an account yet. On this machine, this adds the first administrator:",
        ),
        "settings": ("设置写在:", "The settings are in"),
        "settings free": (
            "没有设置文件。启动时会读 {path}(如果有),或 --config 指定的文件。",
            "There is no file of settings: a start reads {path} if it is there, or what --config names.",
        ),
        "again": ("随时运行 {command},可以再看这些内容。", "To see this again: {command}"),
    }
)


class Sheet:
    """:param told: what each process tells of itself."""

    def __init__(self, told: Sequence[Mapping[str, Any]], lang: Lang) -> None:
        self.told = told
        self.say = PHRASES.speaker(lang)
        self.listeners: list[Mapping[str, Any]] = [each for one in told for each in one.get("listeners", ())]

    @property
    def begin(self) -> str | None:
        """The address with which somebody at another machine begins."""
        return next((str(one["begin"]) for one in self.told if one.get("begin")), None)

    def addresses(self) -> list[str]:
        """Where other machines reach a service."""
        return list(dict.fromkeys(str(each) for one in self.listeners for each in one.get("reach", ())))

    def head(self) -> list[str]:
        if found := self.addresses():
            return [self.say("reach"), *wrapped("  ".join(found), _INDENT)]
        own = [str(each) for one in self.told for each in one.get("addresses", ())]
        return wrapped(self.say("only here", address=own[0]) if own else self.say("no network"))

    def services(self, *, clients: bool = False) -> list[str]:
        """A line or two for each service.  :param clients: with how many there are."""
        lines = []
        for owner in dict.fromkeys(str(each.get("owner")) for each in self.listeners):
            own = [each for each in self.listeners if each.get("owner") == owner]
            first = padded(_INDENT + owner.removeprefix("netapp-"), _NAME) + " "
            if clients:
                first += _clients(own)
            lines += self._service(first, own)
        return lines

    def services_head(self) -> str:
        """Above :meth:`services` with clients."""
        counts = _right(self.say("now"), _NOW) + _right(self.say("datagrams"), _DATAGRAMS)
        return f"{padded(_INDENT + self.say('service'), _NAME)} {counts}  {self.say('ports')}"

    def _service(self, first: str, own: Sequence[Mapping[str, Any]]) -> list[str]:
        ports = ", ".join(
            dict.fromkeys(f"{each.get('transport')} {each.get('port') or ''}".rstrip() for each in own)
        )
        there = list(dict.fromkeys(str(where) for each in own for where in each.get("reach", ())))
        everywhere = self.addresses()
        if not there and everywhere:
            ports += f" ({self.say('here')})"
        elif there != everywhere:
            ports += f" ({self.say('at', addresses=', '.join(there))})"
        hint = visible(next((str(each["hint"]) for each in own if each.get("hint")), ""))
        line = f"{padded(first + ports, cells(first) + _PORTS)} {hint}".rstrip()
        if cells(line) <= COLUMNS and (cells(ports) <= _PORTS or not hint):
            return [line]
        indent = " " * (_NAME + 1)
        lines = wrapped(ports, " " * cells(first))
        lines[0] = first + lines[0].lstrip()
        return [*lines, *([indent + hint] if hint and cells(indent + hint) <= COLUMNS else [])]

    def qr(self, drawn: str) -> list[str]:
        """:param drawn: the code, which is as wide as it is; "" where none can be shown."""
        if self.begin is None:
            return []
        return ["", self.say("begin"), *wrapped(self.begin, _INDENT), *drawn.splitlines()]

    def first_admin(self, code: str, until: float, *, new: bool = False) -> list[str]:
        """How the first administrator's account is made, once each way."""
        login = next((each for each in self.listeners if each.get("owner") == "netapp-login"), {})
        hint = str(login.get("hint") or "")
        notes = ([self.say("new")] if new else []) + [self.say("until", until=moment(until))]
        return [
            "",
            *wrapped(self.say("first")),
            *([f"{_INDENT}{hint}"] if hint and cells(hint) <= COLUMNS - 2 else []),
            f"{_INDENT}{code}",
            *wrapped(" ".join(notes)),
        ]

    def hidden(self) -> list[str]:
        """How to see that, where others would read it too."""
        return wrapped(self.say("hidden"))

    def add_admin(self, command: str, *, alone: bool) -> list[str]:
        """:param alone: there is no other way."""
        says = ["", *wrapped(self.say("no account"))] if alone else wrapped(self.say("or add"))
        return [*says, *wrapped(command, _INDENT)]

    def settings(self, path: str | None, state: str = "STATE") -> list[str]:
        """:param path: the file that was read; None for none.  :param state: the state directory."""
        if path is None:
            return ["", *wrapped(self.say("settings free", path=f"{state}/netapp.toml"))]
        line = f"{self.say('settings')} {path}"
        return ["", *([line] if cells(line) <= COLUMNS else [self.say("settings"), *wrapped(path, _INDENT)])]

    def again(self, command: str) -> list[str]:
        return wrapped(self.say("again", command=command))


def moment(when: float) -> str:
    """A time as people read it, on this machine's clock."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))


def _clients(own: Sequence[Mapping[str, Any]]) -> str:
    """Connections now and datagrams so far, where there are listeners for them."""

    def total(key: str) -> str:
        counts = [int(each[key]) for each in own if key in each]
        return str(sum(counts)) if counts else "-"

    return f"{_right(total('connections'), _NOW)}{_right(total('received'), _DATAGRAMS)}  "


def _right(text: str, width: int) -> str:
    return " " * max(0, width - cells(text)) + text
