"""The rules of the login prompt: a name, a password, a verdict, and again.

Its states, and how they follow each other, stand in :mod:`netapp.login.prompt.states`.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

from netapp.core import limits, strangers
from netapp.core.languages import Speaker
from netapp.core.lines import Item, LineReader, Reply
from netapp.core.sessions import Close, Effect, Noticed, Session
from netapp.core.text import Tongue, visible
from netapp.errors import StateError
from netapp.login.prompt.effects import Enter, Left, Outcome, ReadInvitation, SeeName, Verify, Welcome
from netapp.login.prompt.newcomer import Differ, Newcomer, Redeem
from netapp.login.prompt.states import GOING_ON, PROMPTS, TAKING, State
from netapp.people.codes import looks_like_invitation
from netapp.people.model import Refused
from netapp.people.rules import tried_names
from netapp.people.throttling.throttle import SourceThrottle, delay

_TLS: Final = b"\x16\x03"  # a handshake record: RFC 8446 section 5.1


class LoginSession(Session):
    """One connection's conversation.

    :param throttle: what failed tries cost at this source.
    :param held: seconds to hold the first prompt back for what this source has done before.
    :param shell: one follows a login; without, the verdict is the end.
    """

    def __init__(
        self, say: Speaker, tongue: Tongue, throttle: SourceThrottle, *, held: float = 0.0, shell: bool = True
    ) -> None:
        self._say, self.tongue, self._throttle = say, tongue, throttle
        self._held, self._shell = max(limits.LOGIN_GREETING, held), shell
        self._reader = LineReader()
        self._state, self._due = State.GREETING, math.inf
        self._expires = math.inf
        self._lines: deque[bytes | None] = deque()  # None: one that was too long
        self._name = self._password = b""
        self._newcomer: Newcomer | None = None
        self._tries = self._wrong = 0
        self._silent = self._unread = True  # nothing has come yet, and no line
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

    # What was found out ----------------------------------------------------------------------

    def judged(self, outcome: Outcome, now: float) -> Sequence[Effect]:
        """What :class:`Verify` or :class:`Redeem` has come to."""
        self._see_checking()
        effects: list[Effect] = [self._speak(outcome.value)]
        wait = limits.LOGIN_GAP
        self._password, self._newcomer = b"", None
        if outcome is Outcome.ADMITTED:
            self._state = State.ENTERING
        else:
            self._state = State.RESTING
            self._tries += outcome is not Outcome.BUSY
            self._wrong += outcome is Outcome.WRONG
            wait = max(wait, delay(self._wrong), self._throttle.wait(now), self._account_wait(now))
        self._due = now + wait
        return self._advanced(effects, now)

    def code_wanted(self, now: float) -> Sequence[Effect]:
        """The account has a second factor: one try is its password and a code together."""
        self._see_checking()
        effects: list[Effect] = []
        self._prompt(State.CODE, effects, now)
        return self._advanced(effects, now)

    def invited(self, welcome: Welcome | None, now: float) -> Sequence[Effect]:
        """What :class:`ReadInvitation` has found; None for a code that is good for nothing."""
        self._see_checking()
        effects: list[Effect] = []
        if welcome is not None:
            name = welcome.name
            self._newcomer = Newcomer(self._name, welcome)
            self._expires, self._tries = now + limits.LOGIN_INVITED_TOTAL, 0
            said = self._say("invited") if name is None else self._say("invited for", name=name)
            effects.append(self.tongue.write(said))
            self._prompt(State.JOINING, effects, now)
        else:
            effects.append(self._speak("not invited"))
            self._named(effects, now)  # and still it may be somebody's name
        return self._advanced(effects, now)

    def name_free(self, now: float) -> Sequence[Effect]:
        """What :class:`SeeName` has found: the newcomer may go on."""
        self._see_checking()
        assert self._newcomer is not None
        self._newcomer.name_free()
        effects: list[Effect] = []
        self._prompt(State.JOINING, effects, now)
        return self._advanced(effects, now)

    def refused(self, refused: Refused, now: float) -> Sequence[Effect]:
        """What was asked for is against the rules: it is said, and asked for again."""
        self._see_checking()
        assert self._newcomer is not None
        effects: list[Effect] = [self._complaint(refused)]
        self._tries += refused.key != "password set"  # which is what was wanted, but lets nobody in
        self._prompt(State.JOINING if self._newcomer.refused(refused) else State.NAME, effects, now)
        return self._advanced(effects, now)

    @property
    def left(self) -> Left:
        """What is left for the shell, once :class:`Enter` was given."""
        return Left(self._reader, tuple(self._lines), self._finished, self._flooded)

    def _see_checking(self) -> None:
        if self._state is not State.CHECKING:
            raise StateError(f"a verdict in {self._state}")

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
            if self._state not in TAKING and self._state is not State.INSIDE:
                effects.append(Noticed("early"))
            early = self._state is State.GREETING  # the name and the password only seem to wait
            if len(self._lines) >= limits.LOGIN_LINES + 2 * early:
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
        while not (effects and isinstance(effects[-1], Close | Enter)):
            if self._state in TAKING and self._lines:
                self._take(self._lines.popleft(), effects, now)
            elif self._nothing_will_come():
                self._leave("flood" if self._flooded else None, effects)
            elif now < self._due:
                return
            elif self._state is State.ENTERING:
                self._enter(effects)
            elif self._state in PROMPTS and now < self._expires:
                self._prompt(PROMPTS[self._state], effects, now)
            else:
                self._leave("slow", effects)

    def _nothing_will_come(self) -> bool:
        """No line is left, and none will be taken: the rest of the conversation is known."""
        if self._lines or self._state in GOING_ON:
            return False
        return self._finished or (self._flooded and self._state in TAKING)

    def _take(self, line: bytes | None, effects: list[Effect], now: float) -> None:
        text = self.tongue.read(line) if line else ""
        if shown := self._reader.show():
            effects.append(shown)
        if self._state is State.PASSWORD:
            self._password = line or b""  # what is too long is as good as nothing
            self._check(Verify(self._name, self._password), effects)
        elif self._state is State.CODE:
            self._check(Verify(self._name, self._password, line or b""), effects)
        elif self._state is State.JOINING:
            self._join(text, effects, now)
        elif line == b"":
            self._tries += 1
            self._prompt(State.NAME, effects, now)
        else:
            self._name = line or b""
            if looks_like_invitation(self._name):
                self._check(ReadInvitation(self._name), effects)
            else:
                self._named(effects, now)

    def _named(self, effects: list[Effect], now: float) -> None:
        if wait := self._account_wait(now):
            self._state, self._due = State.HELD, now + wait
        else:
            self._prompt(State.PASSWORD, effects, now)

    def _join(self, answer: str, effects: list[Effect], now: float) -> None:
        assert self._newcomer is not None
        try:
            wish = self._newcomer.take(answer)
        except (Refused, Differ) as fault:
            self._tries += 1
            effects.append(self._speak("differ") if isinstance(fault, Differ) else self._complaint(fault))
            wish = None
        if wish is not None:
            self._check(wish, effects)
        else:
            self._prompt(State.JOINING, effects, now)

    def _check(self, wish: Verify | ReadInvitation | SeeName | Redeem, effects: list[Effect]) -> None:
        self._state, self._due = State.CHECKING, math.inf
        effects.append(wish)

    def _complaint(self, refused: Refused) -> bytes:
        return self.tongue.write(self._say("refused", reason=visible(refused.say(self._say.lang))))

    # Waiting and leaving ---------------------------------------------------------------------

    def _prompt(self, state: State, effects: list[Effect], now: float) -> None:
        if self._tries >= limits.LOGIN_TRIES:
            self._leave("tries", effects)
            return
        joining = self._newcomer if state is State.JOINING else None
        answer = limits.LOGIN_ANSWER if joining is None else limits.LOGIN_INVITED_ANSWER
        self._state, self._due = state, min(now + answer, self._expires)
        hidden = state is State.PASSWORD if joining is None else joining.hidden
        if hidden and (hide := self._reader.hide()):
            effects.append(hide)
        effects.append(self._speak(state.value if joining is None else joining.wants))

    def _enter(self, effects: list[Effect]) -> None:
        """Verdict and gap are over; who has sent all, and nothing beside, wants no shell."""
        if not self._shell or (self._finished and not self._lines and not self._flooded):
            self._leave(None, effects)
        else:
            self._state, self._due = State.INSIDE, math.inf
            effects.append(Enter())

    def _leave(self, key: str | None, effects: list[Effect]) -> None:
        self._state, self._due = State.LEAVING, math.inf
        if shown := self._reader.show():
            effects.append(shown)
        if key is not None:
            effects.append(self._speak(key))
        effects.append(Close(key or "done"))

    def _settled(self, effects: list[Effect]) -> Sequence[Effect]:
        self.deadline = min(self._due, self._reader.deadline)
        return effects

    def _account_wait(self, now: float) -> float:
        return self._throttle.account_wait(tried_names(self._name), now)

    def _speak(self, key: str) -> bytes:
        return self.tongue.write(self._say(key))
