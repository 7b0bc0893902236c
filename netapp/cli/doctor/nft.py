"""nftables: ``nft -j list ruleset`` read, and what it does to a port.  Source: libnftables-json(5)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from netapp.cli.doctor.rules import Chain, Fate, Match, Rule, fate

_HOOKS: Final = ("input",)
_FAMILIES: Final = ("inet", "ip", "ip6")
#: Statements of a rule that decide nothing.
_IDLE: Final = frozenset({"counter", "log", "comment", "notrack", "meter", "set", "mangle"})
_VERDICTS: Final = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return"}
_PROTOCOLS: Final = {6: "tcp", 17: "udp"}


@dataclass(frozen=True)
class Closed:
    """A chain that keeps a port shut, or lets some in.  :param by_rule: not by its policy alone."""

    fate: Fate
    family: str
    table: str
    chain: str
    by_rule: bool

    def cure(self, transport: str, port: int) -> str:
        """What opens the port: before the rules that shut it, if it is rules that do."""
        verb = "insert" if self.by_rule or self.fate == "depends" else "add"
        return f"nft {verb} rule {self.family} {self.table} {self.chain} {transport} dport {port} accept"


def parse(text: str) -> list[dict[str, Any]]:
    """The ruleset's objects.  :raises ValueError: not what nft writes."""
    data = json.loads(text)
    objects = data.get("nftables") if isinstance(data, dict) else None
    if not isinstance(objects, list):
        raise ValueError("no ruleset")
    return [each for each in objects if isinstance(each, dict)]


def closed(ruleset: list[dict[str, Any]], transport: str, port: int) -> list[Closed]:
    """The chains at which the first packet to a port ends, or may end.

    Tables that iptables keeps here are left out: :mod:`iptables` reads them better.
    """
    sets = _sets(ruleset)
    found = []
    for family, table in _tables(ruleset):
        chains: dict[str, Chain] = {}
        for chain in _of(ruleset, "chain", family, table):
            rules = tuple(
                _rule(each.get("expr", []), transport, port, family, sets.get((family, table), {}))
                for each in _of(ruleset, "rule", family, table)
                if each.get("chain") == chain["name"]
            )
            hooked = chain.get("hook") in _HOOKS and chain.get("type") == "filter"
            policy = str(chain.get("policy", "accept")) if hooked else ""
            chains[chain["name"]] = Chain(chain["name"], rules, policy)
        for each in chains.values():
            if each.policy:
                outcome, by_rule = fate(each, chains)
                if outcome != "open":
                    found.append(Closed(outcome, family, table, each.name, by_rule))
    return found


def _of(ruleset: list[dict[str, Any]], kind: str, family: str, table: str) -> Iterator[dict[str, Any]]:
    for each in ruleset:
        thing = each.get(kind)
        if isinstance(thing, dict) and (thing.get("family"), thing.get("table")) == (family, table):
            yield thing


def _tables(ruleset: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for each in ruleset:
        table = each.get("table")
        if not isinstance(table, dict) or table.get("family") not in _FAMILIES:
            continue
        family, name = table["family"], table["name"]
        expressions = [part for rule in _of(ruleset, "rule", family, name) for part in rule.get("expr", [])]
        if family != "inet" and name == "filter" and _is_iptables(ruleset, family, name, expressions):
            continue
        yield family, name


def _is_iptables(ruleset: list[dict[str, Any]], family: str, table: str, expressions: list[Any]) -> bool:
    names = {chain["name"] for chain in _of(ruleset, "chain", family, table)}
    return bool(names & {"INPUT", "FORWARD", "OUTPUT"}) or any("xt" in each for each in expressions)


def _sets(ruleset: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in ruleset:
        if isinstance(each.get("set"), dict):
            one = each["set"]
            found.setdefault((one["family"], one["table"]), {})[one["name"]] = one.get("elem", [])
    return found


def _rule(expressions: Any, transport: str, port: int, family: str, sets: Mapping[str, Any]) -> Rule:
    """A rule as this packet meets it."""
    match: Match = True
    target = ""
    for each in expressions if isinstance(expressions, list) else []:
        kind = next(iter(each), "") if isinstance(each, dict) else ""
        body = each.get(kind) if kind else None
        if kind in _VERDICTS:
            target = _VERDICTS[kind]
        elif kind in ("jump", "goto") and isinstance(body, dict):
            target = f"{kind} {body.get('target')}"
        elif kind == "match" and isinstance(body, dict):
            match = _both(match, _match(body, transport, port, sets))
        elif kind == "vmap" and isinstance(body, dict):
            found, target = _vmap(body, transport, port)
            match = _both(match, found)
        elif kind not in _IDLE:
            match = _both(match, None)  # a limit, a set that is not ours to know, another's extension
    return Rule(match, target)


def _both(one: Match, other: Match) -> Match:
    if one is False or other is False:
        return False
    return True if one and other else None


def _match(body: dict[str, Any], transport: str, port: int, sets: Mapping[str, Any]) -> Match:
    is_so = _is_so(body.get("left"), transport, port, sets)
    if is_so is None:
        return None
    found = is_so(body.get("right"))
    return found if found is None or body.get("op") in ("==", "in") else (not found)


def _is_so(left: Any, transport: str, port: int, sets: Mapping[str, Any]) -> Callable[[Any], Match] | None:
    """What a rule asks of the packet: the first of a connection, from another machine."""
    if not isinstance(left, dict):
        return None
    if isinstance(payload := left.get("payload"), dict):
        protocol, field = payload.get("protocol"), payload.get("field")
        if protocol in ("tcp", "udp", "th") and field == "dport":
            return lambda right: protocol in (transport, "th") and _holds(right, port, sets)
        if protocol in ("tcp", "udp", "icmp", "icmpv6", "igmp", "sctp", "esp", "ah"):
            return lambda right: None if protocol == transport else False
        if protocol in ("ip", "ip6") and field in ("protocol", "nexthdr"):
            return lambda right: _holds(right, transport, sets)
        return None
    key = left["meta"].get("key") if isinstance(left.get("meta"), dict) else None
    if key == "l4proto":
        return lambda right: _holds(right, transport, sets)
    if key in ("iif", "iifname"):
        return lambda right: False if _holds(right, "lo", sets) else None
    if isinstance(left.get("ct"), dict) and left["ct"].get("key") == "state":
        return lambda right: _holds(right, "new", sets)
    return None


def _holds(right: Any, value: int | str, sets: Mapping[str, Any]) -> bool:
    """Whether a value is what stands on the right: itself, a list, a set, a range."""
    if isinstance(right, str) and right.startswith("@"):
        return _holds(sets.get(right[1:], []), value, sets)
    if isinstance(right, list):
        return any(_holds(each, value, sets) for each in right)
    if isinstance(right, dict):
        if isinstance(elements := right.get("set"), list | str | int):
            return _holds(elements, value, sets)
        if isinstance(bounds := right.get("range"), list) and len(bounds) == 2:
            return isinstance(value, int) and _number(bounds[0]) <= value <= _number(bounds[1])
        if isinstance(elem := right.get("elem"), dict):
            return _holds(elem.get("val"), value, sets)
        return False
    return right == value or (isinstance(right, int) and _PROTOCOLS.get(right) == value)


def _number(bound: Any) -> int:
    return bound if isinstance(bound, int) else -1


def _vmap(body: dict[str, Any], transport: str, port: int) -> tuple[Match, str]:
    """``tcp dport vmap { 22 : accept }``: the verdict that this packet gets there."""
    is_so = _is_so(body.get("key"), transport, port, {})
    elements = body["data"].get("set") if isinstance(body.get("data"), dict) else None
    if is_so is None or not isinstance(elements, list):
        return None, ""
    for pair in elements:
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict) and is_so(pair[0]):
            verdict = next(iter(pair[1]), "")
            if verdict in ("jump", "goto"):
                return True, f"{verdict} {pair[1][verdict].get('target')}"
            return True, _VERDICTS.get(verdict, "")
    return False, ""
