"""The netapps that run here: what each was started with, and so where it listens.

Anybody can start a process whose words look like a netapp's.  Believed are root's, the looker's own and
those of whose state directory is looked at; for others their sockets speak.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from netapp.cli.doctor.settings import Plan, plan
from netapp.cli.doctor.sockets import Process
from netapp.core import limits, platform
from netapp.core.state import User, acting_as
from netapp.errors import ConfigError

_PATHS: Final = ("--config", "-c", "--state", "--root")
#: Options, and what getopt takes for them, that print something and serve nobody.
_PRINT: Final = ("--he", "--v")


def lookers(environ: Mapping[str, str]) -> list[int]:
    """The users who look: whom we act as, and, for root, who has said sudo."""
    me = platform.user()
    asked = environ.get("SUDO_UID", "") if me == 0 else ""
    return [me, *([int(asked)] if asked.isdecimal() else [])]


def believed(state: Path, environ: Mapping[str, str]) -> list[int]:
    """Whose processes are believed, the looker's own first.  :param state: the directory looked at."""
    users = [*lookers(environ), 0]
    with suppress(OSError):
        users.append(state.stat().st_uid)
    return list(dict.fromkeys(users))


def plans(
    processes: Iterable[Process], users: Sequence[int], state: Path
) -> tuple[dict[int, Plan], list[str]]:
    """What each running netapp means to listen on, by pid.  :returns: and names of all programs.

    One whose options cannot be read any more is passed over: its sockets show all the same.

    :param users: who is believed; those of the first come first.
    :param state: the directory looked at; who is believed for its sake does not name another.
    """
    seen = list(processes)
    ours = [each for each in seen if each.plugin and not each.elsewhere and is_believed(each, users)]
    own = {0, *lookers(os.environ)}
    found: dict[int, Plan] = {}
    for each in sorted(ours, key=lambda one: users.index(one.uid))[: limits.DOCTOR_RUNNING]:
        try:
            wanted = as_started(each)
        except (Exception, SystemExit):  # noqa: S112  (whatever is wrong with it is its own log's to say)
            continue
        found[each.pid] = wanted if each.uid in own else replace(wanted, state=state)
    return found, [each.name for each in seen]


def is_believed(one: Process, users: Collection[int]) -> bool:
    """Its user is; and it is no program of root's that others start with words of their own."""
    is_python = not one.program or Path(one.program).name.startswith(("python", "pypy"))
    return one.uid in users and is_python


def as_started(one: Process) -> Plan:
    """What a running netapp means to do, by its own environment as far as we may see it.

    :raises ConfigError: its options cannot be read any more.
    """
    words = absolute(one.plugin, one.folder)
    if any(word.startswith(_PRINT) for word in words):
        raise ConfigError("it prints something")
    own = one.environ.get("NETAPP_INTERFACE")
    if own and not any(word.startswith(("--interface", "--config", "-c")) for word in words):
        words.append(f"--interface={own}")
    with suppress(ConfigError):
        plan(words[:1])  # so that all is imported before we are somebody who may not read it
    with acting_as(_rights(one.uid)):  # which files its words name is another user's choice
        found = plan(words)
    if found.said or not one.environ:  # what another user's environment says is hidden
        return found
    home = Path(one.environ.get("HOME", "~")).expanduser()
    base = one.environ.get("XDG_STATE_HOME") or home / ".local" / "state"
    return replace(found, state=Path(one.environ.get("NETAPP_STATE") or Path(base, "netapp")))


def _rights(uid: int) -> User:
    """Of root's rights, no more than the process has."""
    if platform.user() != 0 or uid <= 0:
        return None
    try:
        return uid, platform.pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid, uid


def absolute(words: Sequence[str], folder: str) -> list[str]:
    """A command line whose paths are as they were for the process in its own folder."""
    found: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if found and found[-1] in _PATHS and folder:
            word = str(Path(folder, word))
        elif equals and name in _PATHS and folder:
            word = f"{name}={Path(folder, value)}"
        found.append(word)
    return found


def merged(settings: Plan, running: Sequence[Plan]) -> Plan:
    """What is to be looked at: where the running services listen, and the settings' for those that do not.

    A hub runs what it was told to, so nothing is missing beside it.
    """
    if not running:
        return settings
    tables = {door.table for each in running for door in each.doors}
    doors = [door for each in running for door in each.doors]
    if not any(each.whole for each in running):
        doors += [door for door in settings.doors if door.table not in tables]
    share = next((each.share for each in running if each.share is not None), settings.share)
    allow = tuple({*settings.allow, *(network for each in running for network in each.allow)})
    return Plan(tuple(dict.fromkeys(doors)), running[0].state, share, allow)
