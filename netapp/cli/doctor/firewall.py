"""Is a firewall in the way of other machines, which one, and what opens the port."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor import iptables, nft
from netapp.cli.doctor.finding import Finding, by_root
from netapp.cli.doctor.rules import Fate
from netapp.cli.doctor.settings import Door
from netapp.core import access, limits, platform
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "open": ("没有防火墙拦着 {ports}", "no firewall is in the way of {ports}"),
        "closed": ("{name} 不让别的机器访问 {port}", "{name} lets no other machine reach {port}"),
        "depends": (
            "{name} 只让一部分机器访问 {port},或视情况而定",
            "{name} lets some machines reach {port}, or not always",
        ),
        "until": (
            "{text}(下面的规则重启后失效,还要写进 {file})",
            "{text} (the rule below lasts until a reboot: write it into {file} too)",
        ),
        "unread": (
            "可能有防火墙({name}):只有 root 能查看规则",
            "a firewall may be in the way ({name}): only root can read its rules",
        ),
        "unknown": ("{name} 的规则看不懂", "the rules of {name} cannot be understood"),
        "nothing": (
            "没有对外监听的端口,不查防火墙",
            "no port is meant for other machines: no firewall matters",
        ),
    }
)
say: Final = common.words(PHRASES)
#: Debian's files of rules: of its packages nftables and iptables-persistent.
_KEPT: Final = {
    "nft": "/etc/nftables.conf",
    "ipt": "/etc/iptables/rules.v4",
    "ip6": "/etc/iptables/rules.v6",
}
_UFW_CONFIG: Final = Path("/etc/ufw/ufw.conf")


@dataclass(frozen=True)
class Facts:
    """What the firewalls of this machine say; None where there is none of that kind, or it is hidden.

    :param hidden: names of those that only root can read.
    """

    ruleset: str | None = None  # nft -j list ruleset
    listings: tuple[tuple[str, str], ...] = ()  # (iptables or ip6tables, its -S)
    ufw: str | None = None  # ufw status verbose
    ufw_is_on: bool = False
    firewalld: str | None = None  # firewall-cmd --list-ports
    hidden: tuple[str, ...] = ()


def judge(doors: Sequence[Door], facts: Facts) -> list[Finding]:
    """One finding for each port that is shut, or one for all."""
    ports = sorted({(door.port, door.transport) for door in doors if _is_for_others(door)})
    if not ports:
        return [Finding("firewall", "ok", say("nothing"))]
    found = [each for port, transport in ports for each in _port(transport, port, facts)]
    names = ", ".join(f"{port}/{transport}" for port, transport in ports)
    if facts.hidden:
        name = ", ".join(facts.hidden)
        found.append(Finding("firewall", "note", say("unread", name=name), by_root("doctor")))
    if facts.ruleset is not None and _parsed(facts) is None:
        found.append(Finding("firewall", "note", say("unknown", name="nftables"), "nft list ruleset"))
    return found or [Finding("firewall", "ok", say("open", ports=names))]


def _is_for_others(door: Door) -> bool:
    return door.transport in ("tcp", "udp") and not access.is_loopback(door.host or "::")


def _port(transport: str, port: int, facts: Facts) -> list[Finding]:
    found = []
    ufw = iptables.ufw_fate(facts.ufw, transport, port) if facts.ufw is not None else None
    if ufw is not None:
        found.append(_told("ufw", ufw, transport, port, f"ufw allow {port}/{transport}"))
    elif facts.firewalld is not None:
        ranges = [each.rpartition("/") for each in facts.firewalld.split()]
        is_open = any(proto == transport and _within(numbers, port) for numbers, _, proto in ranges)
        cure = f"firewall-cmd --permanent --add-port={port}/{transport} && firewall-cmd --reload"
        found.append(_told("firewalld", "open" if is_open else "closed", transport, port, cure))
    else:
        for command, listing in facts.listings:
            cure = f"{command} -I INPUT -p {transport} --dport {port} -j ACCEPT"
            fate = iptables.input_fate(listing, transport, port)
            found.append(_told(command, fate, transport, port, cure, _KEPT[command[:3]]))
    for each in nft.closed(_parsed(facts) or [], transport, port):
        if facts.firewalld is None or each.table != "firewalld":
            cure = each.cure(transport, port)
            found.append(_told("nftables", each.fate, transport, port, cure, _KEPT["nft"]))
    return [each for each in found if each is not None]


def _within(numbers: str, port: int) -> bool:
    first, _, last = numbers.partition("-")
    return first.isdecimal() and int(first) <= port <= int(last or first)


def _told(name: str, fate: Fate, transport: str, port: int, cure: str, kept: str = "") -> Finding | None:
    """:param kept: where a rule must stand too to be there after a reboot."""
    if fate == "open":
        return None
    about: dict[str, object] = {"firewall": name, "port": port, "transport": transport, "is": fate}
    text = say(fate, name=name, port=f"{port}/{transport}")
    text = say("until", text=text, file=kept) if kept else text
    sudo = "sudo " if platform.user() else ""
    return Finding("firewall", "bad" if fate == "closed" else "note", text, sudo + cure, about)


def _parsed(facts: Facts) -> list[dict[str, object]] | None:
    try:
        return nft.parse(facts.ruleset) if facts.ruleset is not None else None
    except ValueError:
        return None


# Reading -------------------------------------------------------------------------------------


def read(programs: Sequence[str], proc: Path = Path("/proc")) -> Facts:
    """:param programs: names of running programs: firewalld is known by its own."""
    root = platform.user() == 0
    ufw_is_on = iptables.ufw_is_on(_text(_UFW_CONFIG))
    firewalld_is_on = "firewalld" in programs
    if not root:
        named = [name for name, on in (("ufw", ufw_is_on), ("firewalld", firewalld_is_on)) if on]
        hidden = named or (["nftables"] if _tool("nft") else ["iptables"] if _tool("iptables") else [])
        return Facts(ufw_is_on=ufw_is_on, hidden=tuple(hidden))
    ruleset = _said("nft", "-j", "list", "ruleset")
    firewalld = _said("firewall-cmd", "--list-ports") if firewalld_is_on else None
    ufw = _said("ufw", "status", "verbose") if ufw_is_on else None
    return Facts(ruleset, tuple(_listings(ruleset, proc)), ufw, ufw_is_on, firewalld)


def _listings(ruleset: str | None, proc: Path) -> list[tuple[str, str]]:
    """What iptables has.  It is asked only where it has something: to ask it may load it."""
    found = []
    for command, family, legacy in (
        ("iptables", "ip", "ip_tables_names"),
        ("ip6tables", "ip6", "ip6_tables_names"),
    ):
        in_nft = ruleset is None or f'"family": "{family}", "name": "filter"' in ruleset
        asked = [command] if in_nft else []
        if _text(proc / "net" / legacy).strip():
            asked = [f"{command}-legacy" if _tool(f"{command}-legacy") else command]
        found += [(name, said) for name in asked if (said := _said(name, "-S")) is not None]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _tool(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _said(name: str, *arguments: str) -> str | None:
    """What a program says, in English, within its time; None if it is not there or fails."""
    path = _tool(name)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  (a firewall's own tool, with arguments of ours)
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
            timeout=limits.DOCTOR_COMMAND,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
