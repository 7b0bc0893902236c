"""The rules of the login prompt: a name, a password, a verdict, and again.

::

    GREETING --> NAME --> (HELD) --> PASSWORD --> CHECKING --> LEAVING      admitted
                  ^                                   |
                  +-------------- RESTING <-----------+                     wrong, busy

NAME and PASSWORD take lines.  In CHECKING lines wait for the verdict; GREETING, HELD, RESTING and
LEAVING end by themselves when they are due: the first prompt waits for a browser that speaks first,
HELD and RESTING are what failed tries cost, and RESTING and LEAVING keep what follows a verdict
apart from it, since the tutorials' client takes one read for one text.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from netapp.core import limits, strangers
from netapp.core.languages import Phrases, Speaker
from netapp.core.lines import Item, LineReader, Reply
from netapp.core.sessions import Close, Effect, Session
from netapp.core.text import Tongue
from netapp.errors import StateError
from netapp.people.rules import tried_names
from netapp.people.throttle import SourceThrottle, delay

#: The Chinese of the first four is the tutorials' own, without a newline.
PHRASES: Final = Phrases(
    {
        "name": ("请输入用户名:", "User name: "),
        "password": ("请输入密码:", "Password: "),
        "admitted": ("登录成功", "Logged in\n"),
        "wrong": ("用户名或密码输入错误", "Wrong user name or password\n"),
        "busy": ("服务器正忙,请稍后再试\n", "Too many log in at once, try again later\n"),
        "unavailable": ("暂时无法登录,请稍后再试\n", "Logging in does not work now, try again later\n"),
        "tries": ("尝试次数太多,再见\n", "Too many tries, goodbye\n"),
        "slow": ("等待超时,再见\n", "You took too long, goodbye\n"),
        "flood": ("一次输入太多,再见\n", "Too much at once, goodbye\n"),
    }
)
_TLS: Final = b"\x16\x03"  # a handshake record: RFC 8446 section 5.1


class State(Enum):
    GREETING = "greeting"
    NAME = "name"
    HELD = "held"
    PASSWORD = "password"  # noqa: S105
    CHECKING = "checking"
    RESTING = "resting"
    LEAVING = "leaving"


class Outcome(Enum):
    """A try's end; the value is the phrase that says it."""

    ADMITTED = "admitted"
    WRONG = "wrong"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


#: What a state that ends by itself goes over to; LEAVING hangs up.
_PROMPTS: Final = {State.GREETING: State.NAME, State.RESTING: State.NAME, State.HELD: State.PASSWORD}
_TAKING: Final = frozenset({State.NAME, State.PASSWORD})


@dataclass(frozen=True, slots=True)
class Verify:
    """Find out whose these are, as typed, and call :meth:`LoginSession.judged`."""

    name: bytes = field(repr=False)  # people type passwords here too
    password: bytes = field(repr=False)


class LoginSession(Session):
    """One connection's conversation.

    :param throttle: what failed tries cost at this source.
    :param held: seconds to hold the first prompt back for what this source has done before.
    """

    def __init__(self, say: Speaker, tongue: Tongue, throttle: SourceThrottle, *, held: float = 0.0) -> None:
        self._say, self._tongue, self._throttle = say, tongue, throttle
        self._held = max(limits.LOGIN_GREETING, held)
        self._reader = LineReader()
        self._state, self._due = State.GREETING, math.inf
        self._expires = math.inf
        self._lines: deque[bytes | None] = deque()  # None: one that was too long
        self._name = b""
        self._tries = self._wrong = 0
        self._silent = True  # nothing has come yet
        self._unread = True  # no line has come yet
        self._finished = self._flooded = False

    def open(self, now: float) -> Sequence[Effect]:
        self._expires = now + self._held + limits.LOGIN_TOTAL
        self._due = now + self._held
        return self._settled([])

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        if self._silent and data.startswith(_TLS):
            return [Close("TLS on a plain port")]
        self._silent = False
        return self._heard(self._reader.receive(data, now), now)

    def tick(self, now: float) -> Sequence[Effect]:
        return self._heard(self._reader.tick(now), now)

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return self._heard(self._reader.finish(), now)

    def judged(self, outcome: Outcome, now: float) -> Sequence[Effect]:
        """What :class:`Verify` has found out."""
        if self._state is not State.CHECKING:
            raise StateError(f"a verdict in {self._state}")
        effects: list[Effect] = [self._speak(outcome.value)]
        wait = limits.LOGIN_GAP
        if outcome is Outcome.ADMITTED:
            self._state = State.LEAVING
        else:
            self._state = State.RESTING
            self._tries += 1
            self._wrong += outcome is Outcome.WRONG
            wait = max(wait, delay(self._wrong), self._throttle.wait(now), self._account_wait(now))
        self._due = now + wait
        return self._advanced(effects, now)

    # Lines -----------------------------------------------------------------------------------

    def _heard(self, items: Sequence[Item], now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        for item in items:
            if isinstance(item, Reply):
                effects.append(item.octets)
                continue
            line = item if isinstance(item, bytes) else None
            if self._unread and line is not None and strangers.is_http(line):
                return [strangers.Misdirected("netapp-login", self._say.lang), Close("HTTP")]
            self._unread = False
            if len(self._lines) >= limits.LOGIN_LINES:
                self._flooded = True
            if not self._flooded:
                self._lines.append(line)
                self._advance(effects, now)
        return self._advanced(effects, now)

    def _advanced(self, effects: list[Effect], now: float) -> Sequence[Effect]:
        self._advance(effects, now)
        return self._settled(effects)

    def _advance(self, effects: list[Effect], now: float) -> None:
        """Go on until nothing is left that can be done now."""
        while not (effects and isinstance(effects[-1], Close)):
            if self._state in _TAKING and self._lines:
                self._take(self._lines.popleft(), effects, now)
            elif self._nothing_will_come():
                self._leave("flood" if self._flooded else None, effects)
            elif now < self._due:
                return
            elif self._state in _PROMPTS and now < self._expires:
                self._prompt(_PROMPTS[self._state], effects, now)
            else:
                self._leave(None if self._state is State.LEAVING else "slow", effects)

    def _nothing_will_come(self) -> bool:
        """No line is left, and none will be taken: the rest of the conversation is known."""
        if self._lines or self._state in (State.GREETING, State.CHECKING, State.LEAVING):
            return False
        return self._finished or (self._flooded and self._state in _TAKING)

    def _take(self, line: bytes | None, effects: list[Effect], now: float) -> None:
        if line:
            self._tongue.read(line)
        if self._state is State.PASSWORD:
            self._state, self._due = State.CHECKING, math.inf
            effects.append(Verify(self._name, line or b""))  # what is too long is as good as nothing
        elif line == b"":
            self._tries += 1
            self._prompt(State.NAME, effects, now)
        else:
            self._name = line or b""
            if wait := self._account_wait(now):
                self._state, self._due = State.HELD, now + wait
            else:
                self._prompt(State.PASSWORD, effects, now)

    # Waiting and leaving ---------------------------------------------------------------------

    def _prompt(self, state: State, effects: list[Effect], now: float) -> None:
        if self._tries >= limits.LOGIN_TRIES:
            self._leave("tries", effects)
            return
        self._state, self._due = state, min(now + limits.LOGIN_ANSWER, self._expires)
        effects.append(self._speak(state.value))

    def _leave(self, key: str | None, effects: list[Effect]) -> None:
        self._state, self._due = State.LEAVING, math.inf
        if key is not None:
            effects.append(self._speak(key))
        effects.append(Close(key or "done"))

    def _settled(self, effects: list[Effect]) -> Sequence[Effect]:
        self.deadline = min(self._due, self._reader.deadline)
        return effects

    def _account_wait(self, now: float) -> float:
        return self._throttle.account_wait(tried_names(self._name), now)

    def _speak(self, key: str) -> bytes:
        return self._tongue.write(self._say(key))
