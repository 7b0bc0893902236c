"""Faults that come again."""

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError
from twisted.internet import task
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.faults import Faults


def told(*steps: tuple[float, str, Exception]) -> list[str]:
    """What is logged when each fault comes so many seconds after the one before."""
    events: list[Any] = []
    clock = task.Clock()
    faults = Faults(clock, Logger("test", observer=events.append))  # type: ignore[arg-type]
    for later, what, error in steps:
        clock.advance(later)
        faults.tell(what, Failure(error))
    return [event["log_format"].format(**event) for event in events]


def test_the_same_fault_is_told_once_and_then_counted() -> None:
    full = ValueError("odd")
    again = [(0.0, "a login failed", full)] * 99
    assert told((0.0, "a login failed", full), *again) == ["a login failed"]
    assert told((0.0, "a login failed", full), *again, (limits.FAULT_AGAIN, "a login failed", full)) == [
        "a login failed",
        "a login failed; 99 times more since that was told last",
    ]


def test_another_fault_is_told_at_once() -> None:
    first = (0.0, "a login failed", OSError("no space left"))
    assert len(told(first, (0.0, "a login failed", ValueError("odd")))) == 2
    assert len(told(first, (0.0, "a key could not be looked at", OSError("no space left")))) == 2


def test_a_disks_own_words_are_enough() -> None:
    full = DBAPIError("INSERT ...", {}, sqlite3.OperationalError("database or disk is full"))
    again = [(0.0, "a login failed", full)] * 4
    assert told((0.0, "a login failed", full), *again, (limits.FAULT_AGAIN, "a login failed", full)) == [
        "a login failed: database or disk is full",
        "a login failed; 4 times more since that was told last: database or disk is full",
    ]
