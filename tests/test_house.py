"""The rules of the house: which room may know which, held to by reading the tree."""

import ast
import importlib
import re
import string
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from netapp.core.languages import Phrases
from tests.real import PROJECT

NOUNS = {"people", "names", "talk", "share"}
SERVICES = {"dns", "login", "chat", "file", "udpchat", "echo", "web"}
ROOFS = {"hub", "cli"}
#: Beside core, netapp.errors and themselves: what a room on each floor may import.
MAY: dict[str, set[str]] = {
    "core": set(),
    "errors": set(),
    "testing": {"core"},
    **{key: {"core"} for key in NOUNS},
    "talk": {"core", "people"},
    "share": {"core", "people"},
    **{key: {"core", *NOUNS} for key in SERVICES},
    **{key: {"core", *NOUNS, *SERVICES} for key in ROOFS},
}
#: What a wire and a session, and all that they import, must not know.  (time tells how to write a time;
#: that nobody asks it for the time has its own test.)
IO = {"twisted", "zope", "socket", "select", "threading", "asyncio", "sqlalchemy", "subprocess"}
TREE = PROJECT / "netapp"
FILES = sorted(TREE.rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
}
PURE = sorted(name for name in MODULES if name.rpartition(".")[2] in ("wire", "session"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def imports(module: str, *, at_once: bool = False) -> frozenset[str]:
    """Modules that a module imports, but for its types alone.

    :param at_once: only what is imported with the module, not by a function when it is called.
    """
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in _nodes(parsed(path), at_once):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (up, node.module)))
            # "from netapp.core import text" is netapp.core.text, "from netapp.errors import X" is not
            found.update(
                name if (name := f"{base}.{alias.name}") in MODULES else base for alias in node.names
            )
    return frozenset(found)


def _nodes(tree: ast.AST, at_once: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if at_once and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        yield from _nodes(node, at_once)


def room(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_room_knows_only_what_stands_below_it(module: str) -> None:
    here = room(module)
    if not here:
        return
    assert here in MAY, f"on which floor is {here}?"
    known = {room(each) for each in imports(module) if each.startswith("netapp.")} - {here, "errors", ""}
    assert known <= MAY[here], f"{module} must not import {sorted(known - MAY[here])}"


@pytest.mark.parametrize("module", PURE)
def test_a_wire_and_a_session_know_no_input_and_no_output(module: str) -> None:
    ways: dict[str, list[str]] = {module: [module]}
    ahead = [module]
    while ahead:
        current = ahead.pop()
        for each in imports(current, at_once=current != module):
            top = each.partition(".")[0]
            assert top not in IO, " -> ".join([*ways[current], each])
            if each in MODULES and each not in ways:
                ways[each] = [*ways[current], each]
                ahead.append(each)


def test_wires_and_sessions_are_found() -> None:
    assert {"netapp.echo.session"} <= set(PURE)


def test_one_place_names_the_global_reactor() -> None:
    named = set()
    for module, path in MODULES.items():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "twisted.internet":
                named |= {module for alias in node.names if alias.name == "reactor"}
            elif isinstance(node, ast.Import):
                named |= {module for alias in node.names if alias.name == "twisted.internet.reactor"}
    assert named == {"netapp.core.running"}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) not in ROOFS))
def test_the_time_of_day_is_handed_in(module: str) -> None:
    """Only what builds a service may ask for it."""
    if module.rpartition(".")[2] in ("service", "tap"):
        return
    for node in ast.walk(parsed(MODULES[module])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = ast.unparse(node.func)
            assert asked not in ("time.time", "time.monotonic", "time.time_ns", "time.sleep"), (
                f"{module}:{node.lineno} calls {asked}"
            )
            assert not re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|utcnow|today)", asked), (
                f"{module}:{node.lineno} calls {asked}"
            )


def test_a_tap_is_the_command_line_and_nothing_else() -> None:
    for module in MODULES:
        if module.endswith(".tap") and room(module) in SERVICES:
            names = {
                node.name
                for node in parsed(MODULES[module]).body
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
            }
            assert {"Options", "config_from", "part", "makeService"} <= names, module


# The plugins' folder -------------------------------------------------------------------------------


def test_the_plugins_folder_is_no_package() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "twisted"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    files = listed.stdout.split() or [str(path) for path in (PROJECT / "twisted").rglob("*.py")]
    assert not [name for name in files if name.endswith(("__init__.py", "dropin.cache"))]
    assert any(name.endswith("netapp_hub.py") for name in files)


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "twisted" / "plugins").glob("*.py")), ids=lambda path: path.stem
)
def test_a_plugin_imports_service_maker_and_nothing_else(path: Path) -> None:
    tree = parsed(path)
    imported = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imported == ["from twisted.application.service import ServiceMaker"]
    (maker,) = (node.value for node in tree.body if isinstance(node, ast.Assign))
    assert isinstance(maker, ast.Call)
    module, plugin = maker.args[1], maker.args[3]
    assert isinstance(module, ast.Constant)
    assert isinstance(plugin, ast.Constant)
    assert path.stem.replace("_hub", "").replace("_", "-") == plugin.value


# Words -------------------------------------------------------------------------------------------


def phrase_tables() -> Iterator[tuple[str, str, Phrases]]:
    for module in MODULES:
        if "languages" not in imports(module) and "netapp.core.languages" not in imports(module):
            continue
        loaded: ModuleType = importlib.import_module(module)
        for name, thing in vars(loaded).items():
            if isinstance(thing, Phrases):
                yield module, name, thing


def test_every_phrase_stands_in_both_languages_with_the_same_fields() -> None:
    tables = list(phrase_tables())
    assert tables
    for module, name, table in tables:
        for key, (chinese, english) in table.phrases.items():
            where = f"{module}.{name}[{key!r}]"
            assert fields(chinese) == fields(english), where
            assert chinese.isspace() == english.isspace(), where
            assert bool(chinese) == bool(english), where
            assert not has_hanzi(english) or has_hanzi(chinese), where


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


def has_hanzi(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


# The tables that tests are named by --------------------------------------------------------------


@pytest.mark.parametrize(("page", "rows"), [("tutorial-wire", "T"), ("hostile-inputs", "FLD")])
def test_every_row_that_a_test_is_named_by_stands_in_its_table(page: str, rows: str) -> None:
    text = (PROJECT / "docs" / "reference" / f"{page}.md").read_text("utf-8")
    listed = set(re.findall(r"^\| ([TFLD]\d+) \|", text, re.MULTILINE))
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                named = re.match(r"test_((?:[tfld]\d+_)+)", node.name)
                for row in named[1].strip("_").upper().split("_") if named else ():
                    assert row[0] not in rows or row in listed, f"{path}: {node.name}"
