"""Does this machine's resolver ask us?  It need not: a note, with what makes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.cli.doctor.settings import Door
from netapp.core import platform
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "ours": ("解析器 {server} 就是 netapp-dns", "the resolver {server} is netapp-dns"),
        "others": (
            "本机的域名由 {servers} 解析,不经过 netapp-dns",
            "names of this machine are resolved by {servers}, not by netapp-dns",
        ),
        "stub": (
            "本机的域名由 systemd-resolved 解析(127.0.0.53),不经过 netapp-dns",
            "names of this machine are resolved by systemd-resolved (127.0.0.53), not by netapp-dns",
        ),
        "none": ("{path} 里没有写域名服务器", "{path} names no name server"),
        "no dns": (
            "{path} 的 hosts 行没有 dns:程序不查域名服务器",
            "hosts in {path} has no dns: programs ask no name server",
        ),
        "cure port": (
            "twistd -n netapp-dns --listen udp:53 --listen tcp:53  (解析器只问 53 端口)",
            "twistd -n netapp-dns --listen udp:53 --listen tcp:53  (resolvers ask at port 53 alone)",
        ),
        "and": ("{first},然后 {second}", "{first}, then {second}"),
    }
)
say: Final = common.words(PHRASES)


@dataclass(frozen=True)
class Facts:
    """:param resolv: the text of resolv.conf; ``nsswitch`` likewise, empty where there is none."""

    resolv: str
    nsswitch: str = ""
    path: str = "/etc/resolv.conf"


def judge(facts: Facts, doors: Sequence[Door], own: Sequence[str]) -> list[Finding]:
    """:param own: this machine's addresses."""
    ours = [door for door in doors if door.table == "dns"]
    if not ours:
        return []
    servers = re.findall(r"^\s*nameserver\s+(\S+)", facts.resolv, re.MULTILINE)
    listens = any(door.port == 53 and door.transport == "udp" for door in ours)
    found = []
    if not servers:
        cure = _sudo(f"sh -c 'echo nameserver 127.0.0.1 >> {facts.path}'")
        found.append(Finding("resolver", "note", say("none", path=facts.path), _then(listens, cure)))
    elif listens and servers[0] in own:
        found.append(Finding("resolver", "ok", say("ours", server=servers[0])))
    elif "127.0.0.53" in servers:
        cure = (
            "sudo mkdir -p /etc/systemd/resolved.conf.d && "
            "printf '[Resolve]\\nDNS=127.0.0.1\\nDomains=~.\\n' | "
            "sudo tee /etc/systemd/resolved.conf.d/netapp.conf && sudo systemctl restart systemd-resolved"
        )
        found.append(Finding("resolver", "note", say("stub"), _then(listens, cure)))
    else:
        cure = _sudo(f"sed -i '1i nameserver 127.0.0.1' {facts.path}")
        text = say("others", servers=", ".join(servers))
        found.append(Finding("resolver", "note", text, _then(listens, cure)))
    if (hosts := re.search(r"^hosts:(.*)$", facts.nsswitch, re.MULTILINE)) and not re.search(
        r"\b(dns|resolve)\b", hosts[1]
    ):
        cure = _sudo("sed -i 's/^hosts:.*/& dns/' /etc/nsswitch.conf")
        found.append(Finding("resolver", "note", say("no dns", path="/etc/nsswitch.conf"), cure))
    return found


def _then(listens: bool, cure: str) -> str:
    return cure if listens else say("and", first=say("cure port"), second=cure)


def _sudo(command: str) -> str:
    return command if platform.user() == 0 else f"sudo {command}"


def read(resolv: Path = Path("/etc/resolv.conf"), nsswitch: Path = Path("/etc/nsswitch.conf")) -> Facts:
    return Facts(_text(resolv), _text(nsswitch), str(resolv))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
