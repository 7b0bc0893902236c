"""``python -m benchmarks``: see docs/howto/benchmarks.md."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks import chat, dns, file, login, million, page, rest, start
from benchmarks.goals import judged
from benchmarks.peers import Run
from benchmarks.table import Results, behind, markdown

Number = TypeVar("Number", int, float)
AREAS: dict[str, Callable[[Run], None]] = {
    "dns": dns.measure,
    "million": million.measure,
    "file": file.measure,
    "chat": chat.measure,
    "start": start.measure,
    "login": login.measure,
    "rest": rest.measure,
}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    results = Results()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="netapp-benchmarks-") as folder:
        run = Run(results, options.seconds, Path(folder))
        finished = _rounds(run, options.rounds, options.only)
    print(markdown(results))
    print(judged(results))
    print("\n".join(["Behind:", *(f"- {line}" for line in behind(results))]))
    if not finished:
        return 128 + signal.SIGINT
    if options.save:
        page.save(
            options.save, page.facts(run.versions, options.rounds, time.perf_counter() - begun), results
        )
    return 0


def _rounds(run: Run, rounds: int, names: list[str]) -> bool:
    """:returns: whether it came to its end."""
    try:
        for number in range(1, rounds + 1):
            for area in names:
                print(f"round {number} of {rounds}: {area}", file=sys.stderr, flush=True)
                AREAS[area](run)
    except KeyboardInterrupt:
        print("interrupted: the tables show what was measured", file=sys.stderr)
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="netapp beside its peers, on loopback, in turn."
    )
    parser.add_argument(
        "--only", type=areas, default=list(AREAS), metavar="AREA,...", help=f"some of {', '.join(AREAS)}"
    )
    parser.add_argument(
        "--rounds", type=_between(1, 100, int), default=3, help="how often each is measured (3)"
    )
    parser.add_argument(
        "--seconds", type=_between(0.1, 60, float), default=2.0, help="how long each load lasts (2)"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="put the tables into this page")
    return parser


def areas(text: str) -> list[str]:
    """The areas of ``--only``."""
    names = text.split(",")
    if unknown := [name for name in names if name not in AREAS]:
        raise argparse.ArgumentTypeError(f"no area {unknown[0]!r}: there are {', '.join(AREAS)}")
    return names


def _between(least: float, most: float, kind: Callable[[str], Number]) -> Callable[[str], Number]:
    def number(text: str) -> Number:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    return number


def _interrupt(*_: object) -> None:
    """Stop now; a second signal must not keep us from ending what we have started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
