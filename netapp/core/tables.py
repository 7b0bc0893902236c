"""A TOML file of settings: its tables, and what is wrong with one, with the cure."""

import difflib
import tomllib
from collections.abc import Iterable
from typing import Any, Final

from netapp.core import settingsfile
from netapp.errors import ConfigError

#: The tables a configuration file may have; those of services that do not run are passed over.
TABLES: Final = ("dns", "login", "chat", "file", "udpchat", "echo", "web", "netapp")


def load(path: str) -> dict[str, Any]:
    """A configuration file's values.  :raises ConfigError: unreadable, or no TOML."""
    try:
        octets = settingsfile.read(path)
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(octets.decode("utf-8-sig"))  # editors on Windows write a mark at the beginning
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        reason = f"line {line} is not UTF-8: save the file as UTF-8"
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error)
    raise ConfigError(f"the configuration file {path} is no TOML: {reason}")


def unknown(key: str, value: object, shared: frozenset[str], *, table: str, its: frozenset[str]) -> str:
    """What is wrong with something outside the tables, or a table, that nobody knows, and the cure.

    :param shared: what may stand outside the tables.
    :param table: the one that is read, and ``its`` keys.
    """
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value)):
        meant = near(key, TABLES)
        cure = f"is it [{meant}]?" if meant else f"there are {', '.join(f'[{each}]' for each in TABLES)}"
        return f"unknown table [{key}]; {cure}"
    if key in its:
        return f"unknown key {key!r}; outside the tables there is none: write it below [{table}]"
    meant = near(key, shared)
    cure = f"is it {meant}?" if meant else f"outside the tables there are {words(shared)}"
    return f"unknown key {key!r}; {cure}"


def near(word: str, known: Iterable[str]) -> str | None:
    """What was meant, it seems."""
    return next(iter(difflib.get_close_matches(word, known, 1)), None)


def words(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))
