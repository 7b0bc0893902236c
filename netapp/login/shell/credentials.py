"""The commands for what opens doors beside the password: SSH keys and application passwords."""

from collections.abc import Sequence
from typing import Any

from netapp.core.text import visible
from netapp.login.shell import operations as op
from netapp.login.shell.commands import Here, Misused, Script, numbered
from netapp.login.shell.effects import Do

_ADD = ("add", "添加")
_REMOVE = ("remove", "rm", "删除")


def keys(here: Here, words: list[str]) -> Script:
    """``keys``, ``key add LINE``, ``key remove N``."""
    verb, rest = (words[0].casefold(), words[1:]) if words else ("", [])
    if not verb or (verb in ("list", "列出") and not rest):
        yield from _list_keys(here)
    elif verb in _ADD and len(rest) >= 2:
        added: Any = yield Do(op.AddKey(" ".join(rest)))
        here.listed.pop("keys", None)
        yield here.say("key added", fingerprint=added.fingerprint)
    elif verb in _REMOVE and len(rest) == 1:
        key = yield from numbered(here, "keys", _list_keys, rest[0])
        if key is not None:
            yield Do(op.RemoveKey(key.id))
            here.listed.pop("keys", None)
            yield here.say("key removed", fingerprint=key.fingerprint)
    else:
        raise Misused


def _list_keys(here: Here, words: Sequence[str] = ()) -> Script:
    found: Any = yield Do(op.ListKeys())
    here.listed["keys"] = found
    for number, key in enumerate(found, 1):
        comment = visible(key.comment)
        yield here.say("key", number=number, kind=key.kind, fingerprint=key.fingerprint, comment=comment)
    if not found:
        yield here.say("no keys")


def applications(here: Here, words: list[str]) -> Script:
    """``app-passwords``, ``app-password add LABEL --scope SCOPE``, ``app-password remove N``."""
    verb, rest = (words[0].casefold(), words[1:]) if words else ("", [])
    if not verb or (verb in ("list", "列出") and not rest):
        yield from _list_applications(here)
    elif verb in _ADD:
        label, scopes = _labelled(rest)
        password: str = yield Do(op.AddApplication(label, scopes))
        here.listed.pop("applications", None)
        yield here.say("application added", label=visible(label), password=password)
    elif verb in _REMOVE and len(rest) == 1:
        each = yield from numbered(here, "applications", _list_applications, rest[0])
        if each is not None:
            yield Do(op.RemoveApplication(each.id))
            here.listed.pop("applications", None)
            yield here.say("application removed", label=visible(each.label))
    else:
        raise Misused


def _labelled(words: list[str]) -> tuple[str, tuple[str, ...]]:
    """``LABEL --scope file:read --scope=http`` in any order."""
    label: list[str] = []
    scopes: list[str] = []
    ahead = iter(words)
    for word in ahead:
        if word in ("--scope", "-s"):
            scopes.append(next(ahead, ""))
        elif word.startswith("--scope="):
            scopes.append(word.removeprefix("--scope="))
        else:
            label.append(word)
    if not label or not scopes or not all(scopes):
        raise Misused
    return " ".join(label), tuple(scopes)


def _list_applications(here: Here, words: Sequence[str] = ()) -> Script:
    found: Any = yield Do(op.ListApplications())
    here.listed["applications"] = found
    for number, each in enumerate(found, 1):
        scopes = visible(" ".join(each.scopes))
        yield here.say("application", number=number, label=visible(each.label), scopes=scopes)
    if not found:
        yield here.say("no applications")
