"""Data that comes with the package: text files beside this one, whose head tells source and licence."""

from collections.abc import Iterator
from pathlib import Path


def lines(file: str) -> Iterator[str]:
    """The lines of a file, without those that begin with ``#``."""
    text = Path(__file__).with_name(file).read_text("utf-8")
    return (line for line in text.splitlines() if not line.startswith("#"))
