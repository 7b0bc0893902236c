"""The tutorial pages: each program has one in both languages, and what they say about octets is so."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from netapp.hub.tutorial.rows import ROWS, Row
from tests.real import PROJECT

DOCS = PROJECT / "docs"
TEXTS = DOCS / "tutorial" / "texts"
EXAMPLES = sorted((DOCS / "tutorial" / "examples").glob("*.py"))
LINES = 40
#: A direction, octets in hexadecimal, and what they are.
SHOWN = re.compile(r"^(?:->|<-)\s+((?:[0-9a-f]{2} )+[0-9a-f]{2}) {2,}(\S.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_tutorial", DOCS / "generate_tutorial.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_complete(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= LINES
    compile(source, str(path), "exec")
    assert re.match(rf'"""T{int(path.stem[1:3])}\b', source), "it says which program it is"
    assert "netapp" not in source
    assert not re.search(r"\b(time\.sleep|socket\.socket)\(", source)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"t{row.number}")
def test_every_program_has_its_texts_with_the_same_headings(row: Row, generator: ModuleType) -> None:
    for language in generator.LANGUAGES:
        text = (TEXTS / f"t{row.number:02}{generator.ending_of(language)}").read_text("utf-8")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(generator.HEADINGS[language])
        assert not text.startswith("#"), "the introduction comes first"
        blocks = re.findall(r"^```(.*)$", text, re.MULTILINE)
        assert len(blocks) % 2 == 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"t{row.number}")
def test_both_languages_show_the_same_octets(row: Row, generator: ModuleType) -> None:
    shown = [
        [octets for octets, _ in SHOWN.findall((TEXTS / f"t{row.number:02}{ending}").read_text("utf-8"))]
        for ending in (".md", ".zh.md")
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("path", sorted(TEXTS.glob("t*.md")), ids=lambda path: path.name)
def test_the_octets_are_those_of_the_text_beside_them(path: Path) -> None:
    for octets, meaning in SHOWN.findall(path.read_text("utf-8")):
        if "…" in octets or "..." in octets or "JSON" in meaning:
            continue
        data = bytes.fromhex(octets)
        if data[1:4] == bytes(3):  # a frame
            assert data[0] == len(data) - 4
            data = data[4:]
        encoding = "gbk" if "GBK" in meaning else "utf-8"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text = data.decode("gbk")  # pages whose program speaks GBK alone do not say it in each line
        assert text.strip() in meaning, (path.name, octets, text)


def test_a_page_for_every_program_in_both_languages(generator: ModuleType) -> None:
    pages = {path.relative_to(DOCS).as_posix(): text for path, text in generator.pages(DOCS)}
    assert len(ROWS) == 32
    for name, text in pages.items():
        assert (DOCS / name).read_text("utf-8") == text, f"{name} is old: run python docs/generate.py"
    for ending in (".md", ".zh.md"):
        index = pages[f"tutorial/programs{ending}"]
        for row in ROWS:
            name = f"programs/t{row.number:02}{ending}"
            page = pages[f"tutorial/{name}"]
            assert f"({name})" in index
            assert f"# T{row.number} " in page
            assert '```python\n"""T' in page
            if row.kind != "local":
                assert "127.0.0.1" in page
    assert len(pages) == 66


def test_every_example_stands_on_a_page(generator: ModuleType) -> None:
    text = "".join(text for _, text in generator.pages(DOCS))
    for path in EXAMPLES:
        assert f"`docs/tutorial/examples/{path.name}`:\n\n```python\n{path.read_text('utf-8')}```\n" in text


def test_links_between_the_texts_lead_somewhere() -> None:
    for path in TEXTS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+\.md)", path.read_text("utf-8")):
            if re.fullmatch(r"t\d\d(\.zh)?\.md", link):
                assert (TEXTS / link).exists(), (path.name, link)
                assert link.endswith(".zh.md") == path.name.endswith(".zh.md")
            else:
                below = DOCS / "tutorial" / ("" if path.name.startswith("index") else "programs")
                assert (below / link).resolve().exists(), (path.name, link)


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.zh.md")), ids=lambda path: path.name)
def test_a_chinese_paragraph_is_one_line(path: Path) -> None:
    """A browser would show the line's end as a space between two characters."""
    prose = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for above, below in zip(prose.splitlines(), prose.splitlines()[1:], strict=False):
        assert not above or not below or below.startswith(("- ", "| ")), below
