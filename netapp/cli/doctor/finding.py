"""What a look at one thing has found."""

from dataclasses import dataclass, field
from typing import Literal

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
