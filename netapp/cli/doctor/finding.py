"""What a look at one thing has found."""

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

#: Where sudo looks for commands by itself: sudoers(5), secure_path.
_SECURE: Final = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
Verdict = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """What was looked at.

    :param topic: the kind of finding, the same word in both languages.
    :param text: one line in the user's language.
    :param cure: a command line that mends it, exact for this machine, or words that do.
    :param about: facts for programs, by stable names.
    """

    topic: str
    verdict: Verdict
    text: str
    cure: str = ""
    about: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        shown = {"topic": self.topic, "verdict": self.verdict, "text": self.text, "cure": self.cure}
        return {**shown, **({"about": self.about} if self.about else {})}


def by_root(command: str) -> str:
    """``sudo netapp COMMAND``, with this command's own path where sudo would not find it."""
    here = Path(sys.argv[0]).absolute()
    known = here.name != "netapp" or str(here.parent) in _SECURE
    return f"sudo {'netapp' if known else shlex.quote(str(here))} {command}"
