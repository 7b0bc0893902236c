"""The netapps that run here: what each was started with, and so where it listens."""

from collections.abc import Iterable, Sequence
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
            found[each.pid] = plan(absolute(each.plugin, each.folder))
        except Exception:  # noqa: S112  (whatever is wrong with it is its own log's to say)
            continue
    return found, names


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
    """What is to be looked at: where the running services listen, the settings' for those that do not."""
    if not running:
        return settings
    tables = {door.table for each in running for door in each.doors}
    doors = [door for each in running for door in each.doors]
    doors += [door for door in settings.doors if door.table not in tables]
    share = next((each.share for each in running if each.share is not None), settings.share)
    allow = tuple({*settings.allow, *(network for each in running for network in each.allow)})
    return Plan(tuple(dict.fromkeys(doors)), running[0].state, share, allow)
