"""``--help`` in lines that a terminal holds: click counts characters, and a Chinese one takes two cells."""

from collections.abc import Iterable, Iterator

import click

from netapp.core.cells import cells, wrapped


class Formatter(click.HelpFormatter):
    """Click's own, whose lines are broken by cells."""

    def write_text(self, text: str) -> None:
        margin = " " * self.current_indent
        paragraphs = _paragraphs(text, self.width - self.current_indent)
        self.write("\n\n".join("\n".join(margin + each for each in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        column = min(max(cells(name) for name, _ in rows), col_max) + col_spacing
        margin = " " * self.current_indent
        room = max(self.width - self.current_indent - column, 10)
        for name, text in rows:
            gap = column - cells(name)
            begin = margin + name + (" " * gap if gap >= col_spacing else f"\n{margin}{' ' * column}")
            lines = [each for paragraph in _paragraphs(text, room) for each in paragraph]
            self.write((begin + f"\n{margin}{' ' * column}".join(lines)).rstrip() + "\n")


class Context(click.Context):
    """A command's context."""

    formatter_class = Formatter


def in_cells(command: click.Command, context: type[click.Context] = Context) -> click.Command:
    """The command, and those below it, with this help."""
    command.context_class = context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            in_cells(below, context)
    return command


def _paragraphs(text: str, room: int) -> Iterator[list[str]]:
    """Each as its lines; those behind a ``\\b`` stay as they are."""
    for each in text.split("\n\n"):
        lines = each.splitlines()
        if lines and lines[0].strip() == "\b":
            yield lines[1:]
        else:
            yield wrapped(" ".join(map(str.strip, lines)), columns=room)
