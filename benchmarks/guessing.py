"""Whether the time of a refusal tells which names there are: ``python -m benchmarks.guessing``.

Names that are an account's, names that are nobody's and names of disabled accounts (these with their
right password) are tried at every door, in random order, each by a wrong password that counts.  The
table has the medians, the middle half of all times, and the p value of a rank-sum test of each kind
against the names that are an account's: a small one says that the two can be told apart, and a few of
them in many tables are chance.  It is looked at, and nothing is asserted of it.

At the cost of real hashes a difference in anything else drowns; at next to no cost it shows.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet import defer, task

from benchmarks import doors
from benchmarks.peers import twistd
from benchmarks.process import LOOPBACK, Failed, accepts, free_port, started

KINDS = ("known", "unknown", "disabled")
RIGHT = "correct horse battery staple"
#: Wrong passwords by one name: the first two failures cost no time, and the same one again is not counted.
EACH = 2


@dataclass(frozen=True, slots=True)
class Try:
    kind: str
    name: str
    password: str


@dataclass
class Times:
    """Seconds of each refusal at one door."""

    door: str
    of: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def rows(self) -> Iterable[str]:
        for kind, times in self.of.items():
            quarters = statistics.quantiles(times, n=4)
            told = "" if kind == KINDS[0] else f"{rank_sum(self.of[KINDS[0]], times):.2f}"
            low, middle, high = (f"{each * 1000:.3f}" for each in quarters)
            yield f"| {self.door} | {kind} | {len(times)} | {middle} | {low}-{high} | {told} |"


def rank_sum(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The p value, two-sided, of both being drawn from one distribution.

    Source: Mann and Whitney 1947, by the normal approximation; equal values share their rank, which is
    good from some twenty values of each on.
    """
    both = sorted([(value, 0) for value in ours] + [(value, 1) for value in theirs])
    ranks, ties, first = 0.0, 0.0, 0
    while first < len(both):
        last = first
        while last + 1 < len(both) and both[last + 1][0] == both[first][0]:
            last += 1
        ranks += sum(group == 0 for _, group in both[first : last + 1]) * ((first + last) / 2 + 1)
        ties += (last - first + 1) ** 3 - (last - first + 1)
        first = last + 1
    n, m = len(ours), len(theirs)
    middle = n * m / 2
    spread = (n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))) ** 0.5
    if not spread:
        return 1.0
    distance = abs(ranks - n * (n + 1) / 2 - middle) / spread
    return 2 * (1 - statistics.NormalDist().cdf(distance))


def tries(door: str, count: int, chance: random.Random) -> list[Try]:
    """As many of each kind, in random order; names of one length, and none of another door's."""
    made = [Try("disabled", f"d{door}{number:05}", RIGHT) for number in range(count)]
    made += [
        Try(kind, f"{kind[0]}{door}{number:05}", f"wrong horse {again}")
        for kind in KINDS[:2]
        for number in range(-(-count // EACH))
        for again in range(EACH)
    ]
    chance.shuffle(made)
    return made


def prepare(state: Path, names: Iterable[tuple[str, str]], *, cheap: bool) -> None:
    """The accounts, all with one hash."""
    from netapp.people import admin, settings
    from netapp.people.model import Password
    from netapp.people.passwords import CHEAP, Cost, Hasher
    from netapp.people.store import rows

    state.mkdir(mode=0o700)
    cost = CHEAP if cheap else Cost()
    with rows(state) as everything:
        settings.put_cost(everything, cost)
        password = Password(Hasher(cost).hash(RIGHT.encode()))
        for name, kind in names:
            if kind != "unknown":
                account = admin.add(everything, name, password, time.time())
                if kind == "disabled":
                    admin.set_state(everything, account, "disabled")


async def measure(reactor: Any, options: argparse.Namespace) -> None:
    chance = random.Random(options.seed)
    todo = {door: tries(door, options.tries, chance) for door in doors.DOORS}
    ports = {option: free_port() for option in doors.OPTIONS}
    command = twistd("netapp-login", "--lang=en")
    command += [f"--{option}=tcp:{port}:interface={LOOPBACK}" for option, port in ports.items()]
    with tempfile.TemporaryDirectory(prefix="netapp-guessing-") as name:
        folder = Path(name)
        everybody = sorted({(each.name, each.kind) for some in todo.values() for each in some})
        prepare(folder / "state", everybody, cheap=options.cheap)
        command += [f"--state={folder / 'state'}"]
        with started(command, folder, lambda: all(map(accepts, ports.values()))) as server:
            print("| door | name | tries | median, ms | middle half, ms | p |\n|---|---|---|---|---|---|")
            for door, (option, refused) in doors.DOORS.items():
                times = await _at(door, refused, ports[option], todo[door])
                print("\n".join(times.rows()), flush=True)
            server.check()
            if "Traceback" in server.log.read_text():
                raise Failed("there is a traceback in the log")


async def _at(door: str, refused: "doors.Refused", port: int, todo: list[Try]) -> Times:
    times = Times(door)
    for number, each in enumerate(todo):
        took = await defer.maybeDeferred(refused, port, each.name, each.password)
        if number >= len(KINDS) * 2:  # what is made at the first use is made by now
            times.of[each.kind].append(took)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guessing", description=__doc__)
    parser.add_argument("--tries", type=int, default=200, help="tries of each kind at each door (200)")
    parser.add_argument("--cheap", action="store_true", help="hashes that cost next to nothing")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which they are made (1)")
    options = parser.parse_args(arguments)
    if options.tries < 10:
        parser.error("fewer than 10 tries say nothing")
    task.react(lambda reactor: defer.Deferred.fromCoroutine(measure(reactor, options)))


if __name__ == "__main__":
    main(sys.argv[1:])
