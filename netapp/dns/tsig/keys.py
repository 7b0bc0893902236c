"""The keys that sign messages (TSIG): on the command line, in files, and in the state directory.

A key is written ``ALGORITHM:NAME:SECRET``, the secret in base64, or ``ALGORITHM:NAME:@FILE``.  A
file holds BIND's ``key "name" { algorithm ...; secret "..."; };`` statements, or one secret in
base64 and nothing else.  ``STATE/dns/keys`` holds such statements too; ``netapp zone key`` writes it.

Source: RFC 8945 section 6 for the algorithms; the form of a file is named.conf's.
"""

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from netapp.core import limits, state, text
from netapp.core.platform import O_NONBLOCK
from netapp.errors import ConfigError
from netapp.names.naming import BadName, shown, wire_name

#: Octets of each algorithm's whole MAC.  MD5 and SHA-1 are not taken: RFC 8945 section 6 has them
#: for old peers only.
ALGORITHMS: Final = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}
#: Where keys are kept, beneath the state directory.
KEPT: Final = Path("dns", "keys")

_FORM: Final = "write ALGORITHM:NAME:SECRET or ALGORITHM:NAME:@FILE"
_COMMENT: Final = re.compile(r'"[^"\n]*"|//[^\n]*|#[^\n]*|/\*.*?\*/', re.DOTALL)
_STATEMENT: Final = re.compile(r'\bkey\s+(?:"([^"\n]*)"|([^\s{"]+))\s*\{([^}]*)\}\s*;?', re.IGNORECASE)
_CLAUSE: Final = re.compile(r'\s*([\w-]+)\s+(?:"([^"\n]*)"|([^\s;"]+))\s*;')


@dataclass(frozen=True, slots=True)
class Key:
    """A secret shared with a peer.  It is never printed with its secret."""

    name: bytes  # folded wire form
    algorithm: str  # one of ALGORITHMS
    secret: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """The hash as :mod:`hmac` calls it."""
        return self.algorithm.removeprefix("hmac-")

    @property
    def base64(self) -> str:
        return base64.b64encode(self.secret).decode("ascii")

    def __str__(self) -> str:
        return shown(self.name)


class Keyring:
    """The keys of this process, by name.

    :param read: gives all of them, from wherever they stand.
    :raises ConfigError: what ``read`` raises.
    """

    def __init__(self, read: Callable[[], Iterable[Key]] = tuple) -> None:
        self._read = read
        self._keys: dict[bytes, Key] = {}
        self.reload()

    def get(self, name: bytes) -> Key | None:
        """The key of a folded wire name."""
        return self._keys.get(name)

    def reload(self) -> None:
        """Read the keys again.  :raises ConfigError: one cannot be read; the old ones stay."""
        keys: dict[bytes, Key] = {}
        for key in self._read():
            if keys.setdefault(key.name, key) != key:
                raise ConfigError(f"two keys are called {key}: name or remove one of them")
        if len(keys) > limits.DNS_KEYS:
            raise ConfigError(f"more than {limits.DNS_KEYS} keys: remove some")
        for key in keys.values():
            if key not in self._keys.values() and len(key.secret) < limits.DNS_KEY_SHORT:
                _log.warn(
                    "the secret of the key {key} has {count} octets, which can be guessed: make another "
                    "by netapp zone key add",
                    key=str(key),
                    count=len(key.secret),
                )
        self._keys = keys

    def named(self, name: str, where: str) -> Key:
        """The key that an option names.

        :param where: the option as given, for the error.
        :raises ConfigError: there is no such key.
        """
        try:
            key = self.get(wire_name(name))
        except BadName:
            key = None
        if key is None:
            said = text.visible(name)
            raise ConfigError(
                f"{where}: there is no key {said!r}: give it with --key, or make it with "
                f"netapp zone key add {said}"
            )
        return key


def keyring_of(given: Callable[[], Iterable[str]], folder: Path | None) -> Keyring:
    """The keys of ``--key`` and of the state directory.

    :param given: gives the option's values as they are now.
    :raises ConfigError: one of them cannot be read.
    """
    here = Path.cwd()  # a daemon changes its directory

    def read() -> Iterator[Key]:
        for each in given():
            yield parse_key(each, here)
        if folder is not None:
            yield from kept_keys(here / folder)

    return Keyring(read)


def parse_key(given: str, here: Path = Path()) -> Key:
    """Read ``--key``'s value.

    :param here: where a file's path begins.
    :raises ConfigError: not of that form; the text holds no secret.
    """
    algorithm, _, rest = given.strip().partition(":")
    name, colon, secret = rest.partition(":")
    if not colon:
        raise ConfigError(f"--key: {_FORM}, such as hmac-sha256:laptop:@laptop.key")
    where = f"--key {text.visible(algorithm)}:{text.visible(name)}"
    named = _named(algorithm, name, where)
    if secret.startswith("@"):
        return _from_file(named, here, secret[1:], where)
    return Key(*named, _secret(secret, where))


def kept_keys(folder: Path) -> tuple[Key, ...]:
    """The state directory's keys.  :raises ConfigError: its file cannot be read."""
    path = folder / KEPT
    if not path.exists():
        return ()
    return parse_statements(_octets(path, str(path)), str(path))


def keep(folder: Path, keys: Iterable[Key]) -> None:
    """Give the state directory these keys and no others; nobody but its owner can read them.

    :raises OSError: they cannot be written; the old ones stay.
    """
    path = folder / KEPT
    state.make(path.parent)
    state.put(path, "".join(statement(key) for key in keys))


def statement(key: Key) -> str:
    """A key as BIND's files have it, and ``nsupdate -k`` and ``dig -k`` read it."""
    return f'key "{key}" {{\n\talgorithm {key.algorithm};\n\tsecret "{key.base64}";\n}};\n'


def parse_statements(octets: bytes, where: str) -> tuple[Key, ...]:
    """Read a file of key statements.

    :param where: the file's name, for errors.
    :raises ConfigError: something else stands in it; the text names the line, and holds no secret.

    Source: named.conf(5), the key statement.
    """
    read = _without_comments(text.decode(octets)[0])
    keys, at = [], 0
    for found in _STATEMENT.finditer(read):
        if read[at : found.start()].strip():
            break
        keys.append(_key(found, f"{where}:{_line(read, found.start())}"))
        at = found.end()
    left = read[at:]
    if left.strip():
        at += len(left) - len(left.lstrip())
        raise ConfigError(
            f'{where}:{_line(read, at)}: it is no key: write key "NAME" {{ algorithm ...; secret "..."; }};'
        )
    return tuple(keys)


def _key(found: "re.Match[str]", where: str) -> Key:
    """:raises ConfigError: a key statement that lacks something."""
    clauses = {one[1].lower(): one[2] or one[3] or "" for one in _CLAUSE.finditer(found[3])}
    for clause in ("algorithm", "secret"):
        if clause not in clauses:
            raise ConfigError(f"{where}: the key has no {clause}")
    return Key(
        *_named(clauses["algorithm"], found[1] or found[2] or "", where), _secret(clauses["secret"], where)
    )


def _named(algorithm: str, name: str, where: str) -> tuple[bytes, str]:
    """:raises ConfigError: an algorithm that is not taken, or no name."""
    folded = algorithm.strip().rstrip(".").lower()
    if folded not in ALGORITHMS:
        raise ConfigError(f"{where}: the algorithm is one of {', '.join(ALGORITHMS)}")
    try:
        return wire_name(name.strip()), folded
    except BadName as error:
        raise ConfigError(f"{where}: the key's name: {error}") from None


def _secret(given: str, where: str) -> bytes:
    """:raises ConfigError: no base64, or nothing, or too much; never with the secret in its text."""
    try:
        secret = base64.b64decode("".join(given.split()), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not 0 < len(secret) <= limits.DNS_KEY_SECRET:
        raise ConfigError(
            f"{where}: the secret is base64 of 1 to {limits.DNS_KEY_SECRET} octets; "
            "netapp zone key add NAME makes one"
        )
    return secret


def _from_file(named: tuple[bytes, str], here: Path, path: str, where: str) -> Key:
    """The key of this name and algorithm in a file.  :raises ConfigError: it is not there."""
    octets = _octets(here / path, path)
    if b"{" not in octets:
        return Key(*named, _secret(text.decode(octets)[0], f"{where}:@{path}"))
    keys = parse_statements(octets, path)
    for key in keys:
        if (key.name, key.algorithm) == named:
            return key
    there = ", ".join(f"{key.algorithm}:{key}" for key in keys) or "no key at all"
    raise ConfigError(f"{where}: {path} holds {there}")


def _octets(path: Path, said: str) -> bytes:
    """:raises ConfigError: the file cannot be read, or is no file of keys."""
    try:
        # A pipe would block the open, a device might never end.
        with open(path, "rb", opener=lambda path, flags: os.open(path, flags | O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"the key file {said} is no regular file")
            octets = file.read(limits.DNS_KEY_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"the key file {said} cannot be read: {reason}") from None
    if len(octets) > limits.DNS_KEY_FILE:
        raise ConfigError(f"the key file {said} is larger than {limits.DNS_KEY_FILE} octets: shorten it")
    if status.st_mode & stat.S_IROTH:
        _log.warn("the key file {path} can be read by everybody: chmod 600 {path}", path=said)
    return octets


def _without_comments(read: str) -> str:
    """Comments as white space of as many lines; what stands in quotes stays."""
    return _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else "\n" * found[0].count("\n"), read)


def _line(read: str, at: int) -> int:
    return read.count("\n", 0, at) + 1


_log: Final = Logger()
