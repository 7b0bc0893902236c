"""A packet filter's rules, and what becomes of the first packet to a port: pure, for nft and iptables.

What a rule asks that we cannot know (the sender's address, a rate) may be so or not: a rule of that
kind that would decide leaves the matter to ``depends``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

#: What becomes of the packet.
Fate = Literal["open", "closed", "depends"]
#: Whether a rule is meant: None where that cannot be known.
Match = bool | None
_DEEPEST: Final = 16  # jumps from chain to chain, as many as nftables allows


@dataclass(frozen=True)
class Rule:
    """:param target: ``accept``, ``drop``, ``return``, ``jump NAME``, ``goto NAME``; empty to go on."""

    match: Match
    target: str = ""


@dataclass(frozen=True)
class Chain:
    """:param policy: what becomes of what reaches the end; empty for a chain that is jumped to."""

    name: str
    rules: tuple[Rule, ...] = ()
    policy: str = ""


def fate(start: Chain, chains: Mapping[str, Chain]) -> tuple[Fate, bool]:
    """What becomes of the packet.  :returns: and whether a rule said so, rather than the policy."""
    outcome, unsure = _through(start, chains, 0)
    decided = outcome or ("drop" if start.policy == "drop" else "accept")
    if any(each != decided for each in unsure):
        return "depends", outcome is not None
    return ("closed" if decided == "drop" else "open"), outcome is not None


def _through(chain: Chain, chains: Mapping[str, Chain], depth: int) -> tuple[str | None, set[str]]:
    """:returns: ``accept``, ``drop`` or None for its end, and what rules may decide that may be meant."""
    unsure: set[str] = set()
    for rule in chain.rules:
        verb, _, name = rule.target.partition(" ")
        if rule.match is False or not verb:
            continue
        if verb in ("jump", "goto"):
            if depth >= _DEEPEST or name not in chains:
                continue
            outcome, inner = _through(chains[name], chains, depth + 1)
            unsure |= inner
            ends = outcome is not None or verb == "goto"
        else:
            outcome, ends = (None if verb == "return" else verb), True
        if not ends:
            continue
        if rule.match:
            return outcome, unsure
        if outcome is not None:
            unsure.add(outcome)
    return None, unsure
