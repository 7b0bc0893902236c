"""How Sphinx builds these pages: ``sphinx-build -W docs docs/_build/html`` does everything."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import netapp

project = "netapp"
author = "The netapp authors"
copyright = "The netapp authors"  # noqa: A001  (Sphinx's own name)
version = release = netapp.__version__
language = "en"  # of what Sphinx itself says; a page whose name ends in .zh.md is Chinese

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "reference/options", "tutorial/texts"]
suppress_warnings = ["ref.python"]  # a name such as Names stands in several rooms, and any may be meant

myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource", "show-inheritance": True}
autodoc_inherit_docstrings = False  # Twisted's are in another markup
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"

html_theme = "furo"
html_title = f"netapp {release}"
html_copy_source = False


def setup(app: Any) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    import generate

    app.connect("builder-inited", lambda _: generate.everything(Path(__file__).parent))
    app.connect("autodoc-process-docstring", tidied)
    tests = generate.tests_by_row(Path(__file__).parent.parent / "tests")

    def add_tests(_: Any, page: str, source: list[str]) -> None:
        if page in generate.TABLES:
            source[0] = generate.with_tests(source[0], tests)

    app.connect("source-read", add_tests)


def tidied(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Give docutils the blank line that it wants after fields; people read the source without.

    A dataclass without a docstring is given its signature for one, which is no text.
    """
    if what == "class" and dataclasses.is_dataclass(thing) and lines[0].startswith(f"{thing.__name__}("):
        lines.clear()
    for above in range(len(lines) - 2, -1, -1):
        if lines[above].startswith(":") and lines[above + 1][:1] not in ("", ":", " "):
            lines.insert(above + 1, "")
