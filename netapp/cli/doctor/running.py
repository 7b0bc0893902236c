"""The netapps that run here: what each was started with, and so where it listens."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from netapp.cli.doctor.settings import Plan, plan
from netapp.cli.doctor.sockets import Process
from netapp.core import limits

_PATHS: Final = ("--config", "-c", "--state", "--root")


def plans(processes: Iterable[Process]) -> tuple[dict[int, Plan], list[str]]:
    """What each running netapp means to listen on, by pid.  :returns: and names of all programs.

    One whose options cannot be read any more is passed over: its sockets show all the same.
    """
    found: dict[int, Plan] = {}
    names = []
    for each in processes:
        names.append(each.name)
        if not each.plugin or each.elsewhere or len(found) >= limits.DOCTOR_RUNNING:
            continue
        try:
            found[each.pid] = as_started(each)
        except Exception:  # noqa: S112  (whatever is wrong with it is its own log's to say)
            continue
    return found, names


def as_started(one: Process) -> Plan:
    """What a running netapp means to do, by its own environment as far as we may see it.

    :raises ConfigError: its options cannot be read any more.
    """
    words = absolute(one.plugin, one.folder)
    own = one.environ.get("NETAPP_INTERFACE")
    if own and not any(word.startswith(("--interface", "--config", "-c")) for word in words):
        words.append(f"--interface={own}")
    found = plan(words)
    if found.said or not one.environ:  # what another user's environment says is hidden
        return found
    home = Path(one.environ.get("HOME", "~")).expanduser()
    base = one.environ.get("XDG_STATE_HOME") or home / ".local" / "state"
    return replace(found, state=Path(one.environ.get("NETAPP_STATE") or Path(base, "netapp")))


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
