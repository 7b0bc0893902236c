"""What options take: their texts to values, and refusals that name the option."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twisted.python import usage

from netapp.core import limits
from netapp.errors import ConfigError

#: Characters of a value that its refusal shows.
_SHOWN: Final = 60


def named(parameter: Sequence[Any]) -> list[Any]:
    """An option whose refusal of a value names the option: usage does not say which it was."""
    name, short, default, description, *coerce = parameter
    if not coerce or isinstance(coerce[0], Named):
        return list(parameter)
    return [name, short, default, description, Named(name, coerce[0])]


@dataclass(frozen=True)
class Named:
    """A coercion of the option of this name."""

    name: str
    coerce: Callable[[str], object]

    def __call__(self, value: str) -> object:
        try:
            return self.coerce(value)
        except (ConfigError, ValueError) as error:
            shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
            raise usage.UsageError(f"--{self.name}={shown}: {error}") from None


def days(value: str) -> int:
    """Days that talk is kept.  :raises ValueError: it is no such number."""
    if not (value.isascii() and value.isdigit() and int(value) <= limits.TALK_DAYS_MOST):
        raise ValueError(f"write a number of days, 0 to {limits.TALK_DAYS_MOST}")
    return int(value)
