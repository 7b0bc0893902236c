"""The page has every finding, in its own words, and an example of the mistake and of the cure."""

import re

import pytest

from netapp.core.explain.findings import FINDINGS
from tests.real import PROJECT

PAGES = (("explain.zh.md", 0), ("explain.md", 1))


@pytest.mark.parametrize(("page", "column"), PAGES)
def test_every_finding_stands_on_the_page_word_by_word(page: str, column: int) -> None:
    text = (PROJECT / "docs" / "howto" / page).read_text("utf-8")
    said = re.findall(r"^### .+\n\n```text\n(.+)\n```$", text, re.MULTILINE)
    assert said == [phrases[column] for phrases in FINDINGS.phrases.values()]


@pytest.mark.parametrize(("page", "column"), PAGES)
def test_every_finding_has_what_was_seen_and_two_pieces_of_code(page: str, column: int) -> None:
    text = (PROJECT / "docs" / "howto" / page).read_text("utf-8")
    for section in text.split("\n### ")[1:]:
        assert re.match(
            r".+\n\n```text\n.+\n```\n\n[^\n`].+\n\n.+\n\n```(python|c|sh)\n(.+\n)+?```\n\n.+\n\n```(python|c|sh)\n(.+\n)+?```\n",
            section,
        ), section


@pytest.mark.parametrize(("page", "column"), PAGES)
def test_the_pages_python_is_python(page: str, column: int) -> None:
    text = (PROJECT / "docs" / "howto" / page).read_text("utf-8")
    pieces = re.findall(r"^```python\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(pieces) > 2 * 25
    for piece in pieces:
        compile(piece, page, "exec")
