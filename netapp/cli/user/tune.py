"""``tune``: what a password's hash may cost on this machine."""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.base import Transaction, at
from netapp.core import limits
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.people.passwords import Cost, Measured

PHRASES: Final = Phrases(
    {
        "measuring": ("测量中", "measuring"),
        "memory": ("内存", "memory"),
        "rounds": ("轮数", "rounds"),
        "time": ("一次用时", "one hash"),
        "verdict": ("结论", "verdict"),
        "proposed": ("建议", "proposed"),
        "now": ("现用", "in use"),
        "too slow": ("超出目标", "beyond the target"),
        "no memory": ("内存不够", "no memory for it"),
        "save": (
            "要采用建议的参数,加 --save。已有的密码在各人下次登录时更新",
            "to take what is proposed, add --save; hashes that there are change with the next login of each",
        ),
        "saved": (
            "已采用 {mib:g} MiB、{rounds} 轮,正在运行的服务随即生效;已有的密码在各人下次登录时更新",
            "from now on {mib:g} MiB and {rounds} rounds, also for services that run; hashes that there are "
            "change with the next login of each",
        ),
        "threads": (
            "最多 {threads} 个登录同时计算,共占 {mib:g} MiB",
            "up to {threads} logins hash at once, in {mib:g} MiB together",
        ),
        "unreached": (
            "这台机器 {target:g} 毫秒内做不到最低要求,建议的是其中最快的",
            "this machine makes not even the least in {target:g} ms; the fastest is proposed",
        ),
    }
)
say: Final = common.words(PHRASES)


@click.command(epilog="Example:  netapp user tune --target-ms 250 --save")
@click.option(
    "--target-ms",
    type=click.FloatRange(10, 10_000),
    default=250.0,
    help="Milliseconds that one hash may take (250).",
)
@click.option("--save", is_flag=True, help="Use what is proposed from now on.")
@state_option
def tune(target_ms: float, save: bool, state: Path | None) -> None:
    """Measure what a password's hash may cost on this machine.

    It takes ten seconds or more, best while little else runs. More memory is worth more than more rounds.
    """
    from netapp.people import passwords, settings

    used = at(state, lambda transaction: settings.read(transaction.rows)).cost
    with _progress() as watched:
        tuning = passwords.tune(watched(passwords.stopwatch(time.perf_counter)), target=target_ms / 1000)
    _show(list(tuning.measured), tuning.proposed, used())
    if not any(each.seconds * 1000 <= target_ms for each in tuning.measured):
        common.note(say("unreached", target=target_ms))
    threads = min(os.cpu_count() or 1, limits.HASH_THREADS)
    common.note(say("threads", threads=threads, mib=threads * tuning.proposed.memory / 1024))
    if not save:
        common.note(say("save"))
        return
    at(state, lambda transaction: _store(transaction, tuning.proposed))
    common.write(say("saved", mib=tuning.proposed.memory / 1024, rounds=tuning.proposed.rounds))


def _store(transaction: Transaction, cost: "Cost") -> None:
    from netapp.people import settings

    settings.put_cost(transaction.rows, cost)
    transaction.note("hash cost", memory=cost.memory, rounds=cost.rounds, lanes=cost.lanes)


Measure = Callable[["Cost"], float]


@contextmanager
def _progress() -> Iterator[Callable[[Measure], Measure]]:
    """Shows, on a terminal, what is measured at the moment."""
    if not sys.stderr.isatty():
        yield lambda measure: measure
        return
    from rich.console import Console

    with Console(stderr=True).status(say("measuring")) as status:

        def watched(measure: Measure) -> Measure:
            def told(cost: "Cost") -> float:
                status.update(f"{say('measuring')} {cost.memory / 1024:g} MiB x {cost.rounds}")
                return measure(cost)

            return told

        yield watched


def _show(measured: "list[Measured]", proposed: "Cost", used: "Cost") -> None:
    column = table.Column["Measured"]
    columns = [
        column(say("memory"), lambda each: f"{each.cost.memory / 1024:g} MiB"),
        column(say("rounds"), lambda each: str(each.cost.rounds)),
        column(say("time"), lambda each: _milliseconds(each.seconds)),
        column(say("verdict"), lambda each: _verdict(each, proposed, used)),
    ]
    table.show(measured, columns, empty="")


def _milliseconds(seconds: float) -> str:
    return say("no memory") if math.isinf(seconds) else f"{seconds * 1000:.0f} ms"


def _verdict(each: "Measured", proposed: "Cost", used: "Cost") -> str:
    if each.cost == proposed:
        return say("proposed")
    return say("now") if each.cost == used else ""
