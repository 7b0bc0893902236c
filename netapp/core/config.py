"""Options: the command line, the environment and the configuration file, the same for every service.

A service subclasses :class:`ServiceOptions` with its own ``optFlags``, ``optParameters`` and
:func:`repeated` options; each is then a key of the service's table in the file too.
"""

import getopt
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeVar

from twisted.python import usage

from netapp.core import access, languages, limits, settingsfile, state, tables, text
from netapp.core.twistdfiles import unwritable
from netapp.core.values import Named, days, named
from netapp.errors import ConfigError, StartError

T = TypeVar("T")


def repeated(name: str, description: str) -> Callable[[Any, str], None]:
    """An option that may be given several times: ``opt_record = repeated("record", "...")``."""

    def option(self: "SharedOptions", value: str) -> None:
        self[name] = (*self.get(name, ()), value)

    option.__doc__ = description
    return option


def one_of(*choices: str) -> Callable[[str], str]:
    """A coercion for an option with few values."""

    def coerce(value: str) -> str:
        if value not in choices:
            raise ValueError(f"choose one of {', '.join(choices)}")
        return value

    return coerce


class SharedOptions(usage.Options):
    """What every plugin understands, and means the same everywhere."""

    #: The plugin's table in the configuration file.
    table: ClassVar[str] = ""
    #: Keys whose values a reload takes; all others wait for a restart.
    reread: ClassVar[frozenset[str]] = frozenset()
    #: Command lines that ``--help`` shows.
    examples: ClassVar[tuple[str, ...]] = ()
    optParameters: ClassVar[list[list[Any]]] = [
        ["interface", None, None, "Address of all default listeners.  [$NETAPP_INTERFACE]"],
        ["state", None, None, "Where things are kept.  [$NETAPP_STATE, else the XDG state home]"],
        ["config", "c", None, "TOML file: a table for each service.  [netapp.toml in the state directory]"],
        ["lang", None, "zh", "Language of prompts and plain answers: zh or en.",
         Named("lang", one_of(*languages.LANGS))],
        ["encoding", None, "auto", "Written: auto (as the peer does), utf-8, gbk.",
         Named("encoding", one_of(*text.ENCODINGS))],
        ["keep-talk", None, limits.TALK_DAYS, "Days that what is said is kept; 0 for ever.",
         Named("keep-talk", days)],
        ["metrics", None, None, "Endpoint for Prometheus metrics; on loopback unless it names an address."],
    ]  # fmt: skip
    optFlags: ClassVar[list[list[Any]]] = [
        ["explain", None, "Say in the log, in plain words, what goes wrong with a client as it happens."],
    ]
    opt_allow = repeated("allow", "A network that may speak to us, beside the local ones; repeatable.")
    opt_proxy = repeated(
        "proxy", "A network of proxies believed on who their client is (PROXY, X-Forwarded-For); repeatable."
    )

    def __init_subclass__(cls) -> None:
        if own := cls.__dict__.get("optParameters"):
            cls.optParameters = [named(parameter) for parameter in own]

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._arguments: tuple[str, ...] = ()
        self._words: list[str] = []  # what the file has said
        #: The shared options of the command line, for the options of another plugin.
        self.passed_on: list[str] = []
        #: The file of settings that was read; None for none.
        self.settings_path: str | None = None
        #: What relative paths are relative to, also once twistd has gone to its --rundir.
        self._here = Path.cwd()
        super().__init__()

    def __setitem__(self, key: str, value: object) -> None:
        self._given.add(key)
        super().__setitem__(key, value)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the command line; a configuration file fills in what it leaves out.

        The file is the one that it names, else the state directory's, if there is one.

        :raises UsageError: one of them cannot be taken; under twistd, who would show all its options
            before that, it is a StartError: one line.
        :raises StartError: twistd may not write its own files.
        """
        try:
            self._parse(list(options or ()))
        except usage.UsageError as error:
            if self.parent is None:
                raise
            raise StartError(f"{self._plugin}: {error}{self._cure(error.__context__)}") from None
        if (wrong := unwritable(self._plugin, self.parent, self._here)) is not None:
            raise StartError(f"{self._plugin}: {wrong}")

    def _parse(self, arguments: list[str]) -> None:
        self._arguments = tuple(arguments)
        probe = self._another()
        usage.Options.parseOptions(probe, arguments)
        self.passed_on = list(probe._shared_arguments())
        self._probe = probe
        try:
            self.settings_path = probe._settings_file()
            self._words = probe._words_of(self.settings_path)
            arguments[:0] = self._words
            super().parseOptions(arguments)
            self._finish()
        except usage.UsageError as error:  # the command line was sound
            raise usage.UsageError(f"{self.settings_path}: {error}") from None
        except (ConfigError, ValueError) as error:
            raise usage.UsageError(str(error)) from None

    def _settings_file(self) -> str | None:
        """The file that the command line names, else the state directory's; None where there is none."""
        return self["config"] or settingsfile.found(self.state_path)

    def _words_of(self, path: str | None) -> list[str]:
        """A file's values as a command line, without what the command line itself has."""
        if not path:
            return []
        data = tables.load(str(self._here / path))
        if not self["config"] and "state" in data:
            raise ConfigError(f"{path}: say --state, this file lies in the state directory")
        return self.from_file(data, where=path, but=self._given)

    def changed(self) -> frozenset[str]:
        """Keys that would have other values if this process were started now.

        :raises ConfigError: the configuration file has become one that cannot be taken.
        """
        before = set(self._words)
        differ = before.symmetric_difference(self._probe._words_of(self._probe._settings_file()))
        return frozenset(word[2:].partition("=")[0] for word in differ)

    def again(self) -> Self:
        """These options read anew: the same command line, the configuration file as it is now.

        :raises ConfigError: the file has become one that cannot be taken.
        """
        fresh = self._another()
        try:
            fresh.parseOptions(self._arguments)
        except usage.UsageError as error:
            raise ConfigError(str(error)) from None
        return fresh

    def _another(self) -> Self:
        fresh = type(self)()
        fresh._here = self._here
        return fresh

    def _cure(self, cause: BaseException | None) -> str:
        """What to do about an option that is none, or lacks its value."""
        if not isinstance(cause, getopt.GetoptError):
            return ""
        keys = self.known_keys()
        near = tables.near(cause.opt, keys) if cause.opt not in keys else None
        return f"; is it --{near}?" if near else f"; twistd {self._plugin} --help tells which there are"

    @property
    def _plugin(self) -> str:
        return self.table if self.table == "netapp" else f"netapp-{self.table}"

    def getSynopsis(self) -> str:
        return f"Usage: twistd [twistd's options] {self._plugin} [options]"

    def getUsage(self, width: int | None = None) -> str:
        examples = "".join(f"\n  {example}" for example in self.examples)
        return super().getUsage(width).rstrip() + f"\n\nExamples:{examples}\n"

    def parseArgs(self, *args: str) -> None:
        if args:
            raise usage.UsageError(f"unexpected argument {args[0]!r}: options begin with --")

    def from_file(self, data: Mapping[str, Any], *, where: str, but: Iterable[str] = ()) -> list[str]:
        """A configuration file's values as a command line.

        :param but: keys that are not wanted, since they are given already.
        :raises ConfigError: a key that nobody knows, or a value of the wrong kind.
        """
        shared = {key: value for key, value in data.items() if key not in tables.TABLES}
        for table in tables.TABLES:
            if not isinstance(data.get(table, {}), dict):
                raise ConfigError(f"{where}: {table!r} is no table: write [{table}]")
        own = data.get(self.table, {})
        known = self.known_keys() - (SHARED_KEYS if self.table == "netapp" else frozenset())
        if unknown := sorted(set(shared) - SHARED_KEYS):
            first = unknown[0]
            reason = tables.unknown(first, shared[first], SHARED_KEYS, table=self.table, its=known)
            raise ConfigError(f"{where}: {reason}")
        if unknown := sorted(set(own) - known):
            near = tables.near(unknown[0], known)
            cure = f"is it {near}?" if near else f"there are {tables.words(known)}"
            raise ConfigError(f"{where}: unknown key {unknown[0]!r} in [{self.table}]; {cure}")
        values = {**shared, **own}
        return [
            word
            for key, value in values.items()
            if key in self.known_keys() and key not in but
            for word in self._as_arguments(key, value, where)
        ]

    def known_keys(self) -> frozenset[str]:
        """The keys that this plugin's table may have."""
        names = frozenset(name.removesuffix("=") for name in self.longOpt)
        return frozenset(name for name in names if not name.startswith("help")) - {"version", "config"}

    @property
    def state_path(self) -> Path:
        """Where things are kept."""
        return self._here / (self["state"] or state.default_state(os.environ))

    def _as_arguments(self, key: str, value: object, where: str) -> list[str]:
        if key in self.longOpt:  # without the "=" of those that take a value: a flag
            if not isinstance(value, bool):
                raise ConfigError(f"{where}: {key} takes true or false")
            return [f"--{key}"] if value else []
        many = getattr(type(self), "opt_" + key.replace("-", "_"), None) is not None
        values = value if isinstance(value, list) and many else [value]
        if any(isinstance(each, bool | dict | list) for each in values):
            raise ConfigError(f"{where}: {key} takes {'a list of texts' if many else 'a text or a number'}")
        if any("\0" in str(each) for each in values):
            raise ConfigError(f"{where}: {key} holds a NUL, which no path, name or text here may")
        return [f"--{key}={each}" for each in values]

    def _shared_arguments(self) -> Iterator[str]:
        for key in sorted(self._given & (SHARED_KEYS | {"config"})):
            if key in self.longOpt:  # a flag, as in _as_arguments
                yield from [f"--{key}"] if self[key] else []
                continue
            values = self[key] if isinstance(self[key], tuple) else (self[key],)
            yield from (f"--{key}={value}" for value in values)

    def _finish(self) -> None:
        if self["interface"] is None:
            self["interface"] = os.environ.get("NETAPP_INTERFACE") or None
        if self["interface"] is not None:
            self["interface"] = access.address(self["interface"])
        for key in ("allow", "proxy"):
            self[key] = tuple(access.network(each) for each in self.get(key, ()))


class ServiceOptions(SharedOptions):
    """The options of a service that listens."""

    opt_listen = repeated("listen", "What to listen on instead of the defaults; repeatable.")
    opt_l = opt_listen

    def shared(self) -> dict[str, Any]:
        """The fields of :class:`netapp.core.settings.ServiceConfig`."""
        fields = {key: self[key] for key in ("interface", "allow", "proxy", "lang", "encoding")}
        return fields | {"listen": self.get("listen", ())}


SHARED_KEYS: Final = SharedOptions().known_keys()


def starting(plugin: str, make: Callable[[], T]) -> T:
    """Build a service; what the operator did wrong ends the start in one line."""
    try:
        return make()
    except ConfigError as error:
        raise StartError(f"{plugin}: {error}") from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise StartError(f"{plugin}: {place}{error.strerror or error}") from None
