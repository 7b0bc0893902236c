"""The files of a service: written whole, known again by their first line, removed."""

import re
import secrets
from contextlib import suppress
from pathlib import Path

from netapp.cli import common
from netapp.cli.service import unit
from netapp.cli.service.words import say


def below(root: Path | None, path: Path) -> Path:
    return path if root is None else root / path.relative_to("/")


def write(files: dict[Path, str]) -> None:
    """Write them all, or none if one of them is somebody else's."""
    for path in files:
        if path.exists() and not ours(path):
            common.fail(say("foreign", path=path))
    for path, text in files.items():
        draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with open(draft, "x", encoding="utf-8") as file:  # which follows no link
                file.write(text)
            draft.chmod(0o644)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            common.fail(say("cannot write", path=path, reason=error.strerror or error))


def ours(path: Path) -> bool:
    try:
        return path.read_text("utf-8", "replace").startswith(unit.MARK.partition(";")[0])
    except OSError as error:
        common.fail(common.trouble(error, path))


def installed(plugin: str, root: Path | None) -> list[Path]:
    """The files of a plugin's service that we wrote: its unit, and the sockets that it names."""
    units = below(root, unit.UNITS)
    service = units / f"{plugin}.service"
    if not service.exists() or not ours(service):
        return []
    names = re.findall(r"^Sockets=(.*)$", service.read_text("utf-8"), re.MULTILINE)
    sockets = [units / name for line in names for name in line.split()]
    return [service, *(path for path in sockets if path.exists() and ours(path))]


def show(files: dict[Path, str]) -> None:
    for path, text in files.items():
        common.write(f"# {path}\n{text}", keep="\n")
