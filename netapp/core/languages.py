"""Chinese and English are equal: every phrase stands in both, beside each other."""

from collections.abc import Mapping
from typing import Final, Literal

Lang = Literal["zh", "en"]
LANGS: Final[tuple[Lang, ...]] = ("zh", "en")


class Phrases:
    """A service's words.  ``{field}`` in a phrase is filled by :meth:`say`.

    :param phrases: key to (Chinese, English).
    """

    def __init__(self, phrases: Mapping[str, tuple[str, str]]) -> None:
        self.phrases = dict(phrases)

    def say(self, lang: Lang, key: str, /, **fields: object) -> str:
        """The phrase in one language.  :raises KeyError: no such phrase, or a field is missing."""
        phrase = self.phrases[key][LANGS.index(lang)]
        return phrase.format(**fields) if fields else phrase

    def speaker(self, lang: Lang) -> "Speaker":
        return Speaker(self, lang)


class Speaker:
    """A service's words in one language: ``say("welcome", name="小明")``."""

    def __init__(self, phrases: Phrases, lang: Lang) -> None:
        self._phrases, self.lang = phrases, lang

    def __call__(self, key: str, /, **fields: object) -> str:
        return self._phrases.say(self.lang, key, **fields)
