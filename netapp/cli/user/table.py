"""Lists: a table on a terminal, tab separated in a pipe, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import click

from netapp.cli import common
from netapp.core.cells import cells
from netapp.core.text import visible

T = TypeVar("T")
#: What stands where there is nothing.
NOTHING: Final = "-"


@dataclass(frozen=True)
class Column(Generic[T]):
    """:param plain: the cell in a pipe; on a terminal ``shown`` instead, where there is one.

    :param brief: the same where a terminal has not room for all.
    :param spare: from 1: what goes first where there is no room; 0 stays.
    :param whole: never goes on in a second line.
    """

    head: str
    plain: Callable[[T], str]
    shown: Callable[[T], str] | None = None
    brief: Callable[[T], str] | None = None
    spare: int = 0
    whole: bool = False


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
    widest = max(cells(name) for name, _ in pairs)
    for name, value in pairs:
        common.write(f"{name}{' ' * (widest - cells(name))}  {value}")


#: Columns of a terminal between two of a table.
_GAP: Final = 3


@dataclass(frozen=True)
class _Shown:
    """One column of a table, as it stands on a terminal."""

    head: str
    cells: Sequence[str]
    whole: bool

    @property
    def widest(self) -> int:
        return max(map(cells, (self.head, *self.cells)))

    @property
    def narrowest(self) -> int:
        """Without a break in a word."""
        return (
            self.widest
            if self.whole
            else max(cells(word) for text in (self.head, *self.cells) for word in text.split())
        )


def _fitting(rows: Sequence[T], columns: Sequence[Column[T]], room: int) -> list[_Shown]:
    """As much as a terminal has room for; a column that would be empty is left out."""
    for step in range(1 + max(column.spare for column in columns)):
        shown = []
        for number, column in enumerate(columns):
            cell = (column.brief if step else None) or column.shown or column.plain
            cells = [visible(cell(row)) for row in rows]
            if set(cells) != {NOTHING} and not 0 < column.spare <= step:
                shown.append(_Shown(column.head, cells, column.whole or number == 0))
        if _together(each.narrowest if step else each.widest for each in shown) <= room:
            break
    return shown


def _together(widths: Iterable[int]) -> int:
    return sum(each + _GAP for each in widths) - _GAP


def _widths(shown: Sequence[_Shown], room: int) -> list[int | None]:
    """Of each column, so that no word breaks; None where there is not room for all words."""
    left = room - _together(each.narrowest for each in shown)
    widths: list[int | None] = []
    for each in shown:
        more = min(left, each.widest - each.narrowest)
        widths.append(each.narrowest + more if more >= 0 else None)
        left -= more if more > 0 else 0
    return widths


def _table(rows: Sequence[T], columns: Sequence[Column[T]]) -> None:
    """A table as wide as the terminal at most."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    fitting = _fitting(rows, columns, console.width)
    for each, columns_wide in zip(fitting, _widths(fitting, console.width), strict=True):
        # What does not fit goes on below: an id that is cut short is of no use.
        table.add_column(each.head, overflow="fold", no_wrap=each.whole, width=columns_wide)
    for row in zip(*(each.cells for each in fitting), strict=True):
        table.add_row(*map(Text, row))  # text, not markup: a name may have brackets in it
    with common.output():
        console.print(table)


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
