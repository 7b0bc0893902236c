"""The page that keeps the tables: words by hand around them, tables between two marks."""

import os
import platform
import re
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.goals import judged
from benchmarks.table import Results, behind, markdown

BEGIN = "<!-- tables: written by `python -m benchmarks --save` -->"
END = "<!-- end of the tables -->"
_FSYNCS = 50


def facts(versions: Mapping[str, str], rounds: int, seconds: float) -> list[str]:
    """When and on what it was measured, a line each."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    lines = [
        f"Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {rounds} rounds in {seconds / 60:.1f} minutes; "
        f"load average at the end {load}",
        f"Machine: {_processor()}, {os.cpu_count()} cores, {_memory()}; {platform.system()} "
        f"{platform.release()}; Python {platform.python_version()}",
    ]
    lines.append(f"Disk: 4 KiB written and forced to it (fsync) in {_fsync():.1f} ms, median of {_FSYNCS}")
    return lines + [f"{name}: {version}" for name, version in sorted(versions.items())]


def save(path: Path, lines: list[str], results: Results) -> None:
    """Put the tables between the marks of a page; a page without marks gets them at its end."""
    text = path.read_text() if path.exists() else "# Benchmarks\n"
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    gaps = behind(results) or ["nowhere in this run"]
    parts = [
        "## The run\n",
        *(f"- {line}" for line in lines),
        "\n## Goals\n",
        judged(results),
        "## Where netapp is behind\n",
        *(f"- {line}" for line in gaps),
        "\n## Tables\n",
        markdown(results),
    ]
    path.write_text(f"{head}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{tail}")


def _fsync() -> float:
    """Milliseconds: what a server that stores before it answers waits for."""
    waits = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(_FSYNCS):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            waits.append(time.perf_counter() - begun)
    return median(waits) * 1000


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", _text("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> str:
    found = re.search(r"^MemTotal:\s+(\d+) kB", _text("/proc/meminfo"), re.MULTILINE)
    return f"{int(found[1]) / 2**20:.0f} GiB" if found else "memory unknown"


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
