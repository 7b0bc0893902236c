"""Pages made from the code: each service's options, the limits, and the API.

``docs/conf.py`` calls it before every build; ``python docs/generate.py`` does it alone.  The tables
that tests are named by get a column with these tests while they are read.
"""

import ast
import importlib
import io
import pkgutil
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import generate_tutorial

import netapp
from netapp.cli.main import cli
from netapp.core import limits
from netapp.core.config import SharedOptions

SERVICES = ("dns", "login", "chat", "file", "udpchat", "echo", "netapp")
GENERATED = "<!-- Made from the code by docs/generate.py: change it there. -->\n\n"


def everything(docs: Path) -> None:
    """Write every page that is made from the code."""
    for service in SERVICES:
        if (options := options_of(service)) is not None:
            write(docs / "reference" / "options" / f"{service}.md", options_page(options))
    write(docs / "reference" / "options" / "netapp-command.md", commands_page())
    write(docs / "reference" / "limits.md", limits_page(Path(limits.__file__).read_text("utf-8")))
    rooms = dict(api_rooms())
    for room, modules in rooms.items():
        write(docs / "reference" / "api" / f"{room}.md", api_page(room, modules))
    write(docs / "reference" / "api.md", api_index(rooms))
    for path, text in generate_tutorial.pages(docs):
        write(path, text)


def write(path: Path, text: str) -> None:
    """Write a page, unless it stands there already: Sphinx reads again what is newer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


# Options -----------------------------------------------------------------------------------------


def options_of(service: str) -> Any:
    """A service's Options, or None where there is no such service yet."""
    module = "netapp.hub.tap" if service == "netapp" else f"netapp.{service}.tap"
    try:
        return importlib.import_module(module).Options()
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        return None


def options_page(options: Any) -> str:
    """Two tables: the service's own options, and those that every service has."""
    shared = SharedOptions().known_keys() | {"config", "listen"}
    named = sorted({name.removesuffix("=") for name in options.longOpt} - {"help", "version"})
    own = [name for name in named if name not in shared]
    text = ""
    if own:
        text += table(("Option", "Default", "Meaning"), (option_row(options, name) for name in own))
        text += "\nWhat every service understands:\n\n"
    common = (option_row(options, name) for name in named if name in shared)
    return text + table(("Option", "Default", "Meaning"), common)


def option_row(options: Any, name: str) -> tuple[str, str, str]:
    """One option as (how it is given, its default, what it means)."""
    takes = f"{name}=" in options.longOpt
    short = next((key for key, long in options.synonyms.items() if long == name and len(key) == 1), None)
    handler = getattr(type(options), "opt_" + name.replace("-", "_"), None)
    if handler is not None:
        short = next(
            (letter for letter in "abcdefghijklmnopqrstuvwxyz" if alias(options, letter, handler)), None
        )
    given = f"`--{name}{' VALUE' if takes else ''}`" + (f", `-{short}`" if short else "")
    default = options.defaults.get(name) if takes else None
    meaning = options.docs.get(name) or (handler.__doc__ if handler is not None else "") or ""
    return given, "" if default in (None, "") else f"`{default}`", meaning


def commands_page() -> str:
    """What ``netapp COMMAND --help`` prints, for every command and what is below it."""
    text = ""
    with click.Context(cli, info_name="netapp", terminal_width=90, **cli.context_settings) as context:
        for name in cli.list_commands(context):
            text += command_help(cli.get_command(context, name), name, context, "###")
    return text


def command_help(command: Any, name: str, above: click.Context, marks: str) -> str:
    with command.make_context(name, [], parent=above, resilient_parsing=True) as context:
        text = f"{marks} {context.command_path}\n\n```text\n{context.get_help()}\n```\n\n"
        for below in command.list_commands(context) if isinstance(command, click.Group) else ():
            text += command_help(command.get_command(context, below), below, context, marks + "#")
    return text


def alias(options: Any, letter: str, handler: object) -> bool:
    return getattr(type(options), f"opt_{letter}", None) is handler


# Tests -------------------------------------------------------------------------------------------

#: Pages whose rows tests are named by.
TABLES = ("reference/tutorial-wire", "reference/hostile-inputs")
_ROWS = re.compile(r"test_(dns(?:_\d+|_to(?=_\d))+|(?:[tfld]\d+(?:_|$))+)")
_ROW = re.compile(r"\| ([TFLD]\d+) \|")


def with_tests(page: str, tests: Mapping[str, Sequence[str]]) -> str:
    """A page with one column more in the tables of rows: the tests that are named by each."""
    lines = page.split("\n")
    for at, line in enumerate(lines):
        if re.match(r"\| (T|F|L|D) \|", line):
            lines[at] += " Tests |"
            lines[at + 1] += " --- |"
        elif found := _ROW.match(line):
            lines[at] += (
                " " + ("<br>".join(f"`{name}`" for name in tests.get(found[1], ())) or "not yet") + " |"
            )
    return "\n".join(lines)


def tests_by_row(tests: Path) -> dict[str, list[str]]:
    """Rows, as ``T11``, ``F5`` or ``D45``, to the tests that their names say cover them."""
    found: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for row in rows_of(node.name):
                    found.setdefault(row, []).append(f"{path.relative_to(tests)}::{node.name}")
    return found


def rows_of(test: str) -> list[str]:
    """``test_f1_f3_dots`` to F1 and F3, ``test_dns_1_to_3_alive`` to D1, D2 and D3."""
    match = _ROWS.match(test)
    if match is None:
        return []
    words = match[1].strip("_").split("_")
    if words[0] != "dns":
        return [word.upper() for word in words]
    if "to" in words:
        return [f"D{row}" for row in range(int(words[1]), int(words[-1]) + 1)]
    return [f"D{row}" for row in words[1:]]


# Limits ------------------------------------------------------------------------------------------


def limits_page(source: str) -> str:
    """A table for each section of ``netapp/core/limits.py``."""
    text = GENERATED + "# Limits\n\n" + (ast.get_docstring(ast.parse(source)) or "").partition("  The ref")[0]
    text += "  They stand in `netapp/core/limits.py`.\n"
    for title, rows in limit_sections(source):
        text += f"\n## {title}\n\n" + table(("Limit", "Value", "What it bounds"), rows)
    return text


def limit_sections(source: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Each ``# --- Section ---`` with its constants as (name, value, comment above it)."""
    comments = dict(comment_lines(source))
    values = {
        node.lineno: node.target.id
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    title, rows, above = "", list[tuple[str, str, str]](), list[str]()
    for line in sorted(comments.keys() | values.keys()):
        comment = comments.get(line, "")
        if comment.startswith("# ---"):
            if rows:
                yield title, rows
            title, rows, above = comment.strip("# -"), [], []
        elif comment.startswith("#:"):
            above.append(comment[2:].strip())
        if line in values:
            rows.append((f"`{values[line]}`", shown(getattr(limits, values[line])), " ".join(above)))
            above = []
    yield title, rows


def comment_lines(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def shown(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each:,}" for key, each in value.items())
    if isinstance(value, frozenset | tuple | list):
        return ", ".join(map(str, sorted(value)))
    return str(value)


# The API -----------------------------------------------------------------------------------------


def api_rooms() -> Iterator[tuple[str, list[str]]]:
    """Each top folder of netapp with the names of its modules."""
    for found in pkgutil.iter_modules(netapp.__path__):
        name = f"netapp.{found.name}"
        if found.ispkg:
            package = importlib.import_module(name)
            inside = pkgutil.walk_packages(package.__path__, name + ".")
            yield found.name, [name, *(each.name for each in inside if not is_data(each.name))]
        else:
            yield found.name, [name]


def is_data(module: str) -> bool:
    """Migrations are rows of a history, nothing to call; ``__main__`` runs when imported."""
    return ".migrations" in module or module.endswith("__main__")


def api_page(room: str, modules: Iterable[str]) -> str:
    text = f"{GENERATED}# netapp.{room}\n"
    for module in modules:
        title = "" if module == f"netapp.{room}" else f"\n## {module}\n"
        text += f"{title}\n```{{eval-rst}}\n.. automodule:: {module}\n```\n"
    return text


def api_index(rooms: Iterable[str]) -> str:
    listed = "\n".join(f"api/{room}" for room in rooms)
    return f"{GENERATED}# The modules\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    everything(Path(__file__).parent)
