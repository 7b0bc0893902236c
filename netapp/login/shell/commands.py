"""What the commands do about an account: each a script that writes, asks and has things done.

A script yields text, :class:`Ask`, whose answer it gets back, and :class:`Do`, whose result it gets
back or whose exception is raised at that place.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from netapp.core import limits
from netapp.core.languages import Speaker
from netapp.core.text import visible
from netapp.login.shell import operations as op
from netapp.login.shell.effects import Ask, Do, End, Picture
from netapp.people.model import Refused

Step = str | Ask | Do | Picture | End
Script = Generator[Step, Any, None]
T = TypeVar("T")


class Misused(Exception):
    """A command's words make no sense: its usage is shown."""


@dataclass
class Here:
    """What scripts know of the place.

    :param listed: what was last listed of each kind; its numbers are what people type.
    :param failed: the last command has not done what it is for.
    """

    say: Speaker
    name: str
    listed: dict[str, Sequence[Any]] = field(default_factory=dict)
    failed: bool = False

    def fail(self, key: str, /, **fields: object) -> str:
        """The phrase that says why a command does not do what it is for."""
        self.failed = True
        return self.say(key, **fields)


def whoami(here: Here, words: list[str]) -> Script:
    """Who is here."""
    me: op.Me = yield Do(op.WhoAmI())
    role = here.say(f"role {me.role}")
    if me.shown == me.name:
        yield here.say("me", name=visible(me.name), role=role)
    else:
        yield here.say("me shown", name=visible(me.name), shown=visible(me.shown), role=role)
    if me.groups:
        yield here.say("my groups", groups=visible(", ".join(me.groups)))
    yield here.say("my session", since=moment(me.since), door=me.door, source=visible(me.source) or "-")
    yield here.say("factor on", left=me.recovery_left) if me.second_factor else here.say("factor off")


def passwd(here: Here, words: list[str]) -> Script:
    """Another password, for who knows the old one."""
    old = yield Ask(here.say("old"), hidden=True)
    for _ in range(limits.SHELL_TRIES if old else 0):
        new = yield Ask(here.say("new"), hidden=True)
        if not new:
            break
        if new != (yield Ask(here.say("again"), hidden=True)):
            yield here.say("differ")
            continue
        try:
            yield Do(op.ChangePassword(old, new))
        except Refused as refused:
            if not refused.key.startswith("password") or refused.key == "password wrong":
                raise
            yield here.say("refused", reason=visible(refused.say(here.say.lang)))
            continue
        yield here.say("password changed")
        yield from _keys_left(here)
        return
    yield here.fail("cancelled")


def totp(here: Here, words: list[str]) -> Script:
    """The second factor, on or off."""
    on = chosen(words, on=True, 开=True, 开启=True, off=False, 关=False, 关闭=False)
    if (yield Do(op.FactorIsOn())) is on:
        yield here.say("factor is on" if on else "factor is off")
    elif on:
        yield from _enrol(here)
    else:
        for _ in range(limits.SHELL_TRIES):
            code = yield Ask(here.say("code or recovery"))
            if not code:
                break
            try:
                yield Do(op.EndFactor(code))
            except Refused as refused:
                if refused.key != "code wrong":
                    raise
                yield here.say("refused", reason=refused.say(here.say.lang))
                continue
            yield here.say("factor turned off")
            return
        yield here.fail("cancelled")


def _enrol(here: Here) -> Script:
    setup: op.Enrolment = yield Do(op.BeginFactor())
    yield here.say("enrol")
    yield Picture(setup.picture, setup.spaces)
    yield here.say("secret", secret=setup.secret, uri=setup.uri)
    for _ in range(limits.SHELL_TRIES):
        code = yield Ask(here.say("code"))
        if not code:
            break
        try:
            recovery: list[str] = yield Do(op.ConfirmFactor(code))
        except Refused as refused:
            yield here.say("refused", reason=refused.say(here.say.lang))
            continue
        yield here.say("factor turned on")
        yield "".join(f"  {each}\n" for each in recovery)
        return
    yield here.fail("cancelled")


def sessions(here: Here, words: list[str]) -> Script:
    """All sessions and tokens, this one marked."""
    sittings: list[op.Sitting] = yield Do(op.ListSessions())
    here.listed["sessions"] = sittings
    numbers = {each.id: number for number, each in enumerate(sittings, 1)}
    for number, each in enumerate(sittings, 1):
        yield here.say(
            "sitting",
            number=number,
            kind=here.say("token" if each.kind == "token" else "live"),
            door=visible(each.door),
            source=visible(each.source) or "-",
            since=moment(each.since),
            opened=_opened(here, each.opener, numbers),
            mine=here.say("mine") if each.mine else "",
        )
    if not sittings:
        yield here.say("no sessions")


def _opened(here: Here, opener: str | None, numbers: Mapping[str, int]) -> str:
    """By what a session came in, where that is in the list."""
    if opener is None:
        return ""
    return here.say("by token", number=numbers[opener]) if opener in numbers else here.say("by a token")


def revoke(here: Here, words: list[str]) -> Script:
    """End one, or all others."""
    if len(words) != 1:
        raise Misused
    which: str | None = None
    if words[0].casefold() not in ("all", "全部", "所有"):
        each: op.Sitting | None = yield from numbered(here, "sessions", sessions, words[0])
        if each is None:
            return
        if each.mine:
            yield here.say("revoke mine")
            return
        which = each.id
    count: int = yield Do(op.Revoke(which))
    yield here.say("revoked count", count=count) if count else here.say("revoked none")
    if which is None:
        yield from _keys_left(here)


def _keys_left(here: Here) -> Script:
    """What lets in that neither another password nor ``revoke all`` ends."""
    if found := (yield Do(op.ListKeys())):
        yield here.say("keys left", count=len(found))


def token(here: Here, words: list[str]) -> Script:
    """A token, shown once."""
    fresh: str = yield Do(op.MintToken())
    here.listed.pop("sessions", None)
    idle, total = f"{limits.TOKEN_IDLE / 3600:g}", f"{limits.TOKEN_TOTAL / 86400:g}"
    yield here.say("minted", token=fresh, idle=idle, total=total)


def numbered(here: Here, kind: str, show: "Run", word: str) -> Generator[Step, Any, Any]:
    """What a number stands for in the list that was last shown; None, once that is said, for nothing.

    Nobody knows the numbers of a list that was not shown: it is, and the number is asked for.

    :param show: the command that shows the list.
    """
    if not _is_number(word):
        raise Misused
    if kind not in here.listed:
        yield from show(here, [])
        answer: str = yield Ask(here.say("which"))
        word = answer.strip()
        if not _is_number(word):
            yield here.fail("cancelled")
            return None
    if not 1 <= int(word) <= len(here.listed[kind]):
        yield here.fail("number", number=int(word))
        return None
    return here.listed[kind][int(word) - 1]


def _is_number(word: str) -> bool:
    return word.isdecimal() and len(word) <= 6


def chosen(words: list[str], **choices: T) -> T:
    """The value of the one word that was given.  :raises Misused: no such word."""
    if len(words) != 1 or words[0].casefold() not in choices:
        raise Misused
    return choices[words[0].casefold()]


def moment(when: float) -> str:
    """A time for people: today's date is as long as any other, so that columns stand."""
    return time.strftime("%m-%d %H:%M", time.localtime(when))


Run = Callable[[Here, list[str]], Script]
