"""Lists: a table on a terminal, tab separated in a pipe, JSON for programs."""

import json
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import click

from netapp.cli import common
from netapp.core.text import visible

T = TypeVar("T")
#: What stands where there is nothing.
NOTHING: Final = "-"


@dataclass(frozen=True)
class Column(Generic[T]):
    """:param plain: the cell in a pipe; on a terminal ``shown`` instead, where there is one."""

    head: str
    plain: Callable[[T], str]
    shown: Callable[[T], str] | None = None


def show(rows: Sequence[T], columns: Sequence[Column[T]], *, empty: str) -> None:
    """The rows, as fits where they go.  :param empty: said on a terminal where there is none."""
    if not sys.stdout.isatty():
        for row in rows:
            common.write("\t".join(visible(column.plain(row)) for column in columns))
    elif rows:
        _table(rows, columns)
    else:
        common.note(empty)


def show_json(value: Any) -> None:
    """A value as JSON that people can read too."""
    with common.output():
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def show_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values under each other; wide characters stand in line."""
    widest = max(width(name) for name, _ in pairs)
    for name, value in pairs:
        common.write(f"{name}{' ' * (widest - width(name))}  {value}")


def width(text: str) -> int:
    """Columns on a terminal."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _table(rows: Sequence[T], columns: Sequence[Column[T]]) -> None:
    """A table as wide as the terminal at most; a column that would be empty is left out."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[visible((column.shown or column.plain)(row)) for row in rows] for column in columns]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    kept = [number for number, column in enumerate(cells) if set(column) != {NOTHING}]
    for number in kept:
        # What does not fit goes on below: an id that is cut short is of no use.
        table.add_column(columns[number].head, overflow="fold", no_wrap=number == 0)
    for row in zip(*(cells[number] for number in kept), strict=True):
        table.add_row(*map(Text, row))  # text, not markup: a name may have brackets in it
    with common.output():
        Console().print(table)


def iso(seconds: float | None) -> str:
    """Local time as ISO 8601, to the second; "-" for never."""
    return (
        NOTHING if seconds is None else datetime.fromtimestamp(seconds).astimezone().isoformat("T", "seconds")
    )


def day(seconds: float) -> str:
    """Local date."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d")


def moment(seconds: float | None) -> str:
    """Local time for people, to the minute."""
    return NOTHING if seconds is None else datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
