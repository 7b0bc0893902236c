"""Everything that is looked at, side by side, each within its time."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from netapp.cli import common
from netapp.cli.doctor import (
    clock,
    databases,
    disk,
    firewall,
    machine,
    ports,
    questions,
    resolver,
    running,
    sockets,
    state,
)
from netapp.cli.doctor.finding import Finding
from netapp.cli.doctor.settings import Door, Plan, plan
from netapp.cli.service import unit
from netapp.core import limits, platform
from netapp.core.languages import Phrases
from netapp.core.state import default_state

PHRASES: Final = Phrases(
    {
        "settings": ("设置有问题:{reason}", "the settings cannot be taken: {reason}"),
        "late": ("{topic} 没来得及查完", "{topic} could not be looked at in time"),
        "failed": ("{topic} 查不了:{reason}", "{topic} cannot be looked at: {reason}"),
        "port": ("端口", "the ports"),
        "answer": ("回应", "who answers"),
        "firewall": ("防火墙", "the firewall"),
        "resolver": ("域名解析", "the resolver"),
        "clock": ("时钟", "the clock"),
        "disk": ("磁盘", "the disk"),
        "limits": ("限制", "the limits"),
        "state": ("状态目录", "the state directory"),
        "database": ("数据库", "the databases"),
        "versions": ("版本", "the versions"),
    }
)
say: Final = common.words(PHRASES)
Look = Callable[[], Sequence[Finding]]
T = TypeVar("T")


def findings(words: Sequence[str], folder: Path | None, *, given: bool) -> list[Finding]:
    """Everything that is looked at, in the order in which it is shown.

    :param words: a plugin and its options: what is to run.
    :param folder: the state directory; None for the plan's own.
    :param given: the user said what is to run, so running services do not say it.
    """
    found: list[Finding] = []
    try:
        wanted = plan(words)
    except Exception as error:  # a plugin that cannot be imported is one of ours that is broken
        config = next((word.partition("=")[2] for word in words if word.startswith("--config=")), "")
        editor = f"{os.environ.get('EDITOR') or 'nano'} {config}" if config else "twistd netapp --help"
        found.append(Finding("settings", "bad", say("settings", reason=error), editor))
        wanted = _defaults()
    where = folder or (wanted.state if given or os.path.exists(wanted.state) else _installed(wanted.state))
    users = running.believed(where, os.environ)
    active, names = running.plans(sockets.processes(), users, where)
    wanted = replace(wanted, state=where)
    if not given:
        wanted = running.merged(wanted, tuple(active.values()))
    if folder is not None:
        wanted = replace(wanted, state=folder)
    return found + together(_looks(wanted, active, names, users))


def _installed(default: Path) -> Path:
    """The state directory of ``netapp service install``, where there is one."""
    installed = unit.STATES / "netapp"
    return installed if os.access(installed, os.R_OK | os.X_OK) else default


def _defaults() -> Plan:
    try:
        return plan(["netapp"])
    except Exception:  # the same plugin, broken
        return Plan((), default_state(os.environ))


def _looks(
    wanted: Plan, active: Mapping[int, Plan], names: Sequence[str], users: Sequence[int]
) -> list[tuple[str, Look]]:
    own = questions.own_addresses()
    doors, where = wanted.doors, wanted.state
    return [
        ("versions", lambda: [machine.read_versions()]),
        ("state", lambda: state.judge(state.read(where), platform.user())),
        ("database", lambda: _databases(where)),
        ("disk", lambda: [each for one in disk.read(where, wanted.share) for each in disk.judge(one)]),
        ("clock", lambda: clock.judge(clock.read(where))),
        ("limits", machine.read_limits),
        ("resolver", lambda: resolver.judge(resolver.read(), doors, own)),
        ("firewall", lambda: firewall.judge(doors, firewall.read(names))),
        ("port", lambda: look_at_ports(wanted, active, own, users)),
    ]


def _databases(folder: Path) -> list[Finding]:
    facts = databases.read(folder)
    each = max((one.hash_memory for one in facts), default=databases.Facts.hash_memory)
    return [*(found for one in facts for found in databases.judge(one)), *machine.read_memory(each)]


def together(looks: Sequence[tuple[str, Look]], *, within: float = limits.DOCTOR) -> list[Finding]:
    """All looks at once; one that fails, or is late, is a finding itself.

    The threads are daemons: a disk that hangs holds nobody up.
    """
    results: dict[str, Sequence[Finding]] = {}

    def run(topic: str, look: Look) -> None:
        try:
            results[topic] = look()
        except Exception as error:  # whatever a strange system answers is no reason to stop
            text = say("failed", topic=say(topic), reason=f"{type(error).__name__}: {error}")
            results[topic] = [Finding(topic, "note", text)]

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in looks]
    for each in threads:
        each.start()
    ends = time.monotonic() + within
    for each in threads:
        each.join(max(0.0, ends - time.monotonic()))
    done = dict(results)
    late = {
        topic: [Finding(topic, "note", say("late", topic=say(topic)))]
        for topic, _ in looks
        if topic not in done
    }
    return [finding for topic, _ in looks for finding in (*done.get(topic, ()), *late.get(topic, ()))]


# Ports ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    look: ports.Look
    host: str


def look_at_ports(
    wanted: Plan, active: Mapping[int, Plan], own: Sequence[str], users: Sequence[int]
) -> list[Finding]:
    """Each port: free, or whose; and who answers there, where it is ours or cannot be known.

    :param users: whose processes are believed.
    """
    looks = _ports(wanted.doors, active, users)
    asked = [
        _Asked(look, host)
        for look in looks
        if look.bound == "taken" and (look.is_ours or look.holder is None) and _can_be_asked(look.door)
        for host in questions.addresses_for(look.door, own)
    ]
    answers = at_once([partial(questions.ask, one.look.door, one.host) for one in asked])
    found = []
    root = platform.user() == 0
    for look in looks:
        mine = [
            answer or questions.Answer(one.host, "silent")
            for one, answer in zip(asked, answers, strict=True)
            if one.look is look
        ]
        found += _told(look, mine, wanted, root=root)
    outside = questions.outsiders([each for each in answers if each], wanted.allow)
    return [*found, *outside, *questions.for_this_machine_alone(wanted.doors)]


def _told(
    look: ports.Look, answers: Sequence[questions.Answer], wanted: Plan, *, root: bool
) -> list[Finding]:
    user = state.user_name(look.sockets[0].uid) if look.sockets else "?"
    answered = questions.judge(
        look.door, answers, wanted.allow, process=str(look.holder.pid if look.holder else "PID")
    )
    hidden = look.bound == "taken" and look.holder is None
    if hidden and answered and all(each.verdict == "ok" for each in answered):
        return answered  # it speaks as our service does: that is what it is
    port = ports.judge(look, user=user, root=root)
    if look.is_ours and answered:
        return [replace(each, about={**port.about, **each.about}) for each in answered]
    return [port, *([] if hidden else answered)]


def _can_be_asked(door: Door) -> bool:
    return bool(door.question) and not door.proxied


def _ports(doors: Sequence[Door], active: Mapping[int, Plan], users: Sequence[int]) -> list[ports.Look]:
    table = sockets.read_sockets()
    bound = at_once([partial(ports.bind, door) for door in doors])
    ways = [ports.in_the_way(door, table or ()) for door in doors]
    inodes = {each.inode for way in ways for each in way}
    holders = sockets.holders(inodes)
    looks = []
    for door, outcome, way in zip(doors, bound, ways, strict=True):
        # A port at another address does not stand in the way of one that could be bound.
        met = way if outcome != "free" else ()
        look = ports.Look(door, outcome or "unknown", met, holders, users=users)
        serving = active.get(look.holder.pid) if look.holder is not None else None
        if serving is not None:
            look = replace(look, serves=_tables(serving, door))
        looks.append(look)
    return looks


def _tables(serving: Plan, door: Door) -> frozenset[str]:
    """The services that a running netapp has at a door's port."""
    return frozenset(
        each.table for each in serving.doors if (each.transport, each.port) == (door.transport, door.port)
    )


def at_once(jobs: Sequence[Callable[[], T]]) -> list[T | None]:
    """Run small jobs on a few threads; None for one that was late or failed."""
    results: list[T | None] = [None] * len(jobs)
    ahead = iter(enumerate(jobs))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                at, job = next(ahead, (-1, None))
            if job is None:
                return
            with suppress(Exception):
                results[at] = job()

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(len(jobs), limits.DOCTOR_THREADS))
    ]
    for each in threads:
        each.start()
    ends = time.monotonic() + 2 * limits.DOCTOR_ANSWER
    for each in threads:
        each.join(max(0.0, ends - time.monotonic()))
    return list(results)
