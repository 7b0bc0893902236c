"""iptables, of either kind, and ufw: what they say of themselves, and what that does to a port."""

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from netapp.cli.doctor.rules import Chain, Fate, Match, Rule, fate

_TARGETS: Final = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}
_IDLE: Final = frozenset({"LOG", "NFLOG", "MARK", "TRACE", "AUDIT", "CONNMARK", "ULOG"})
_UNKNOWN: Final = frozenset({"-s", "-d", "-o", "--limit", "--src-type", "--match-set", "--tcp-flags"})
_UFW_LINE: Final = re.compile(r"^(\S.*?)\s{2,}(ALLOW|DENY|REJECT|LIMIT)(?: IN)?\s{2,}(.*)$")


def input_fate(listing: str, transport: str, port: int) -> Fate:
    """What becomes of a first packet.  :param listing: ``iptables -S``, of one family."""
    policies: dict[str, str] = {}
    rules: dict[str, list[Rule]] = {}
    for line in listing.splitlines():
        words = _split(line)
        if words[:1] == ["-P"] and len(words) == 3:
            policies[words[1]] = _TARGETS.get(words[2], "accept")
        elif words[:1] == ["-A"] and len(words) > 2:
            rules.setdefault(words[1], []).append(_rule(words[2:], transport, port))
    chains = {name: Chain(name, tuple(found)) for name, found in rules.items()}
    start = Chain("INPUT", tuple(rules.get("INPUT", ())), policies.get("INPUT", "accept"))
    return fate(start, chains)[0]


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _rule(words: Sequence[str], transport: str, port: int) -> Rule:
    match: Match = True
    target = ""
    negated = False
    ahead = iter(words)
    for word in ahead:
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            name = next(ahead, "")
            verb = "jump" if word == "-j" else "goto"
            target = _TARGETS.get(name, "" if name in _IDLE else f"{verb} {name}")
        elif (found := _asked(word, ahead, transport, port)) is not True or negated:
            found = found if found is None or not negated else not found
            match = False if found is False or match is False else None if found is None else match
        negated = False
    return Rule(match, target)


def _asked(word: str, ahead: Iterable[str], transport: str, port: int) -> Match:
    """What an option asks of the packet."""
    value = iter(ahead)
    match word:
        case "-p":
            return next(value, "") in (transport, "all", "6" if transport == "tcp" else "17")
        case "--dport" | "--dports" | "--destination-ports" | "--destination-port":
            return _ports_hold(next(value, ""), port)
        case "-i":
            return False if next(value, "") == "lo" else None
        case "--ctstate" | "--state":
            return "NEW" in next(value, "").split(",")
        case _ if word in _UNKNOWN:
            next(value, "")
            return None
        case _:
            return True  # what an extension asks beside these: its name, a comment, how to refuse


def _ports_hold(text: str, port: int) -> bool:
    for each in text.split(","):
        first, colon, last = each.partition(":")
        sound = first.isdecimal() and (last.isdecimal() or not colon)
        if sound and int(first) <= port <= int(last or first):
            return True
    return False


# ufw -----------------------------------------------------------------------------------------


def ufw_is_on(config: str) -> bool:
    """:param config: the text of /etc/ufw/ufw.conf."""
    return bool(re.search(r"^ENABLED=[\"']?yes", config, re.MULTILINE | re.IGNORECASE))


def ufw_fate(status: str, transport: str, port: int) -> Fate | None:
    """:param status: what ``ufw status verbose`` says, in English.  :returns: None if it is off."""
    if not re.search(r"^Status: active", status, re.MULTILINE):
        return None
    default = re.search(r"^Default: (\w+) \(incoming\)", status, re.MULTILINE)
    some = False
    for line in status.splitlines():
        if (rule := _UFW_LINE.match(line.rstrip())) is None or not _ufw_means(rule[1], transport, port):
            continue
        allows, everybody = rule[2] in ("ALLOW", "LIMIT"), rule[3].startswith("Anywhere")
        if everybody and not _ufw_narrow(rule[1]):
            return "open" if allows else "depends" if some else "closed"
        some = some or allows
    if default is not None and default[1] == "allow":
        return "open"
    return "depends" if some else "closed"


def _ufw_narrow(to: str) -> bool:
    """For one address or one interface of this machine alone."""
    return " on " in to or bool(re.match(r"\d+\.\d+\.\d+\.\d+ ", to)) or "(v6)" in to


def _ufw_means(to: str, transport: str, port: int) -> bool:
    to = to.partition(" (")[0].partition(" on ")[0].strip()
    to = to.rpartition(" ")[2]
    if to == "Anywhere":
        return True
    numbers, slash, protocol = to.partition("/")
    return (not slash or protocol == transport) and _ports_hold(numbers, port)
