"""What is known of the terminal, and of the files that a person may name, before anything is edited."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def files(start: str) -> list[str]:
    """Names of files that begin so, a folder's with its slash."""
    folder, _, name = start.rpartition("/")
    above = f"{folder}/" if "/" in start else ""
    try:
        entries = sorted(Path(above or ".").expanduser().iterdir())
    except OSError:
        return []
    return [
        f"{above}{each.name}{'/' * each.is_dir()}"
        for each in entries
        if each.name.startswith(name) and each.name.isprintable() and (name or not each.name.startswith("."))
    ][:100]


def usable(environ: Mapping[str, str]) -> bool:
    """Whether somebody sits at a terminal that can be edited on, and that is ours now."""
    streams: tuple[Any, ...] = (sys.__stdin__, sys.__stdout__)
    if not hasattr(os, "tcgetpgrp"):  # Windows
        return False
    try:
        if not all(stream is not None and stream.isatty() for stream in streams):
            return False
        if [stream.fileno() for stream in streams] != [0, 1]:
            return False
        return environ.get("TERM", "dumb") not in ("", "dumb", "unknown") and os.tcgetpgrp(0) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # Windows has no foreground
        return False


def encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
