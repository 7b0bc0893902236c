"""Which files in a folder of ``--zones`` are zones.

A zone's file is named after its origin, with a dot in its name: an origin of one label, such as ``lan``,
has its zone in ``lan.zone``.  So what editors, tools and packages leave in a folder is no zone of a name
that nobody has: ``4913``, ``sedXy12Ab``, ``core``, ``Makefile``.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.core import text
from netapp.errors import ConfigError
from netapp.names.files.origins import origin_of

#: Of these nobody takes one for a zone: hidden files, and what editors leave beside each that they save.
_UNSEEN: Final = re.compile(r"[.#].*|.*~", re.DOTALL)
#: What ends so is a zone, whatever it begins with.
_ZONE: Final = (".zone", ".zone.signed")
#: Files with a dot in their names that are no zones: drafts and older versions, also with a number or
#: behind a zone's ending, parts of zones that others include, journals of other servers, keys and what
#: signing tools leave, and other files that no origin is named like.
_PASSED_OVER: Final = re.compile(
    r".*\.(?:bak|swp|swo|swx|tmp|temp|part|partial|orig|rej|old|new|save|sav|backup|copy|kate-swp|rpmorig)\d*"
    r"|.*\.(?:rpmsave|rpmnew|inc|include|jnl|jbk|out|log|txt|diff|patch|gz|bz2|xz|zst|tgz|tar|conf|cfg|ini|json"
    r"|ya?ml|toml|lock|pid|html)|.*\.(?:dpkg|ucf)-[a-z]+|.*\.\d+|.*\.zone\.(?!signed$).*|.*\.signed\..*|.*,v"
    r"|.*___jb_[a-z]+___|README.*|K.*\.(?:key|private|state)|(?:ds|key)set-.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """What is in a folder.

    :ivar zones: files, and the origins that they are named after.
    :ivar misnamed: what seems to be a zone, and is named after no origin.
    :ivar passed_over: what is no zone, but for what is hidden.
    """

    zones: tuple[tuple[str, bytes], ...]
    misnamed: tuple[str, ...]
    passed_over: tuple[str, ...]


def read_folder(place: Path, shown: str) -> Folder:
    """:raises ConfigError: it cannot be read; the text names it as ``shown``."""
    try:
        with os.scandir(place) as found:
            names = sorted(each.name for each in found if not _UNSEEN.fullmatch(each.name) and _may_be(each))
    except OSError as error:
        raise ConfigError(
            f"--zones {text.visible(shown)}: {error.strerror}: name a folder of zone files"
        ) from None
    there = set(names)
    zones, misnamed, others = [], [], []
    for name in names:
        if passed_over(name):
            others.append(name)
        elif f"{name}.signed" in there:
            continue  # what it was signed from
        elif (origin := origin_of(name)) is None:
            misnamed.append(name)
        else:
            zones.append((name, origin))
    return Folder(tuple(zones), tuple(misnamed), tuple(others))


def passed_over(name: str) -> bool:
    """Whether a file of this name in a folder of zones is none."""
    if "." not in name or _UNSEEN.fullmatch(name):
        return True
    return not name.lower().endswith(_ZONE) and _PASSED_OVER.fullmatch(name) is not None


def _may_be(entry: "os.DirEntry[str]") -> bool:
    """Whether it is no folder; of a link that leads nowhere its reading says what is wrong."""
    try:
        return not entry.is_dir()
    except OSError:
        return True
