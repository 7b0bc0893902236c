"""The rules of the line chat: a nickname first, then talk and commands.

Whatever a client sends is answered: what it says comes back as everyone sees it, all else has a
line of its own.  So a program that sends one text and waits for one answer never waits for ever.
"""

import math
from collections.abc import Sequence
from typing import Final

from netapp.chat import asks
from netapp.chat.asks import Ask, Joining, Views, WrongPassword
from netapp.chat.conversation import Conversation, ends
from netapp.chat.lines import wire
from netapp.chat.lines.commands import do_command, is_command, quit_chat
from netapp.chat.lines.phrases import PHRASES
from netapp.core import limits, strangers, text
from netapp.core.languages import Lang
from netapp.core.lines import Item, LineReader, Overlong, Reply
from netapp.core.sessions import Close, Effect
from netapp.errors import Busy
from netapp.talk import (
    LOBBY,
    BadName,
    Change,
    Delivery,
    Joined,
    Message,
    NameTaken,
    NoSuchName,
    Parted,
    Renamed,
    TooMuch,
    nickname,
    room_shown,
)

#: One thing to do: a line as text, or that one was too long.
Line = str | Overlong

_NAMES_IN_A_LINE: Final = 15


class LineSession(Conversation[Line]):
    """One client of the line chat.

    :param views: what can be looked up in talk.
    :param now: when the connection was made.
    """

    def __init__(self, views: Views, tongue: text.Tongue, lang: Lang, now: float, *, flood: bool) -> None:
        super().__init__(flood=flood)
        self.views, self._tongue, self._lang = views, tongue, lang
        self.say = PHRASES.speaker(lang)
        self._reader = LineReader()
        self._claimed = ""  # the account's name whose password we wait for
        self._tries = 0  # passwords that were wrong
        self._greeted = False
        self.room = LOBBY
        self._own_deadline = now + limits.CHAT_NAME_WAIT

    # What the protocol calls -----------------------------------------------------------------

    def open(self, now: float) -> Sequence[Effect]:
        return [self._tongue.write(self.say("name?"))]

    def tick(self, now: float) -> Sequence[Effect]:
        if self.place is None and now >= self._own_deadline:
            return [self.line("too late"), Close("no name")]
        effects = self._heard(self._reader.tick(now))
        return effects if ends(effects) else effects + self.pump(now)

    def revoked(self, now: float) -> Sequence[Effect]:
        return [self.line("revoked"), asks.Depart(""), Close("the account")]

    @property
    def deadline(self) -> float:  # type: ignore[override]
        return min(super().deadline, self._reader.deadline)

    # Lines in their turn ---------------------------------------------------------------------

    def split(self, octets: bytes, now: float) -> Sequence[Effect]:
        return self._heard(self._reader.receive(octets, now))

    def split_end(self, now: float) -> Sequence[Effect]:
        return self._heard(self._reader.finish())

    def _heard(self, items: Sequence[Item]) -> list[Effect]:
        effects: list[Effect] = []
        lines: list[Line] = []
        for item in items:
            if isinstance(item, Reply):
                effects.append(item.octets)
            elif isinstance(item, Overlong):
                lines.append(item)
            elif self.place is None and not self._queue and strangers.is_http(item):
                service = self.say("service")
                return [strangers.Misdirected(service, self._lang), Close("a browser")]
            else:
                lines.append(self._tongue.read(item))
        self.queue(lines)
        return effects

    def says(self, item: Line) -> bool:
        line = item.strip() if isinstance(item, str) else ""
        return self.place is not None and line != "" and not is_command(line)

    def execute(self, item: Line, now: float) -> Sequence[Effect]:
        if isinstance(item, Overlong):
            return [self.line("too long")]
        line = item.strip()
        if self._claimed:
            return self._password(item)
        if self.place is None:
            return self._name(line)
        if not line:
            return [self.line("hint")]
        if is_command(line):
            return do_command(self, line)
        said = line[1:] if line.startswith("//") else line
        return self.ask(asks.Say(self.room, text.visible(said)))

    def _name(self, line: str) -> list[Effect]:
        if line.lower() in ("/quit", "quit"):
            return quit_chat(self, "")
        try:
            return self.ask(asks.Arrive(nickname(line)))
        except BadName as problem:
            return self._refused(self.line("name " + problem.reason))

    def _password(self, line: str) -> list[Effect]:
        name, self._claimed = self._claimed, ""
        if not line:
            return [self._tongue.write(self.say("name?"))]
        return self.ask(asks.Arrive(name, line))

    # What talk answers -----------------------------------------------------------------------

    def on_answer(self, ask: Ask, answer: object, now: float) -> Sequence[Effect]:
        if isinstance(answer, BaseException):
            return self._failed(ask, answer)
        if isinstance(ask, asks.Arrive):
            self.place = answer  # type: ignore[assignment]
            self._own_deadline = math.inf
            return self.ask(asks.Join(LOBBY))
        if isinstance(ask, asks.Join):
            assert isinstance(answer, Joining)
            return [self._entered(answer)]
        if isinstance(ask, asks.Recall):
            assert isinstance(answer, list)
            return [self._written(answer) or self.line("nothing")]
        if isinstance(ask, asks.Part):
            self.room = LOBBY
            return [self.line("left", room=self.shown(ask.room), now=self.shown(LOBBY))]
        if isinstance(ask, asks.Rename):
            assert self.place is not None
            return [self.line("you are", name=self.place.author.name)]
        return []  # a topic that is set is told to everyone in the room

    def _entered(self, joining: Joining) -> bytes:
        self.room = joining.view.name
        assert self.place is not None
        if self._greeted:
            head = self.line("entered", room=self.shown(self.room))
        else:
            head = self.line("welcome", name=self.place.author.name)
        self._greeted = True
        if joining.view.topic:
            head += self.line("topic is", topic=wire.lines_of(joining.view.topic)[0])
        return head + self._written(list(joining.recent)) + self.who_is_here()

    def _failed(self, ask: Ask, problem: BaseException) -> list[Effect]:
        if isinstance(ask, asks.Arrive):
            return self._not_let_in(ask, problem)
        if isinstance(problem, NameTaken):
            return [self.line("taken", name=problem.name)]
        if isinstance(problem, NoSuchName) and isinstance(ask, asks.Direct):
            return [self.line("nobody", name=text.visible(ask.to))]
        return [self.line("too much" if isinstance(problem, TooMuch) else "failed")]

    def _not_let_in(self, ask: asks.Arrive, problem: BaseException) -> list[Effect]:
        if isinstance(problem, NameTaken) and problem.by_account and ask.password is None:
            self._claimed = ask.name
            return [self._tongue.write(self.say("password?", name=ask.name))]
        if isinstance(problem, WrongPassword):
            why = self.line("wrong password")
            self._tries += 1
            if self._tries >= limits.CHAT_TRIES:
                return [why + self.line("tries"), Close("too many tries")]
        elif isinstance(problem, NameTaken):
            why = self.line("taken", name=problem.name)
        elif isinstance(problem, TooMuch | Busy):
            why = self.line("busy")
        else:
            why = self.line("failed")
        return self._refused(why)

    def _refused(self, why: bytes) -> list[Effect]:
        """Ask for another name; what was sent before it was asked for, a password perhaps, is not one."""
        self.drop()
        return [why + self._tongue.write(self.say("name?"))]

    # What others do --------------------------------------------------------------------------

    def delivered(self, delivery: Delivery) -> bytes:
        message, lang, codec = delivery.message, self._lang, self._tongue.codec
        to = delivery.to
        if to is None:
            here = message.room if message.room == self.room else None

            def render(delivery: Delivery) -> bytes:
                return text.encode(wire.message_line(delivery.message, here=here, lang=lang), codec)

            return delivery.octets(("line", lang, codec, here is None), render)
        assert self.place is not None
        mine = message.author == self.place.author
        return text.encode(wire.direct_line(message, to, mine=mine, lang=lang), codec)

    def changed(self, change: Change) -> bytes:
        if self.place is None or self._is_answered(change):
            return b""
        return self._tongue.write(wire.change_line(change, here=self.room, lang=self._lang))

    def _is_answered(self, change: Change) -> bool:
        """Whether it is our own command's doing, which has its own answer."""
        assert self.place is not None
        if isinstance(change, Renamed):
            return self._asking and change.new == self.place.author
        return isinstance(change, Joined | Parted) and change.author == self.place.author

    # Words -----------------------------------------------------------------------------------

    def line(self, key: str, **fields: object) -> bytes:
        return self._tongue.write(self.say(key, **fields) + "\r\n")

    def shown(self, room: str) -> str:
        return room_shown(room, self._lang)

    def _written(self, messages: list[Message]) -> bytes:
        lines = [wire.message_line(each, here=each.room, lang=self._lang, timed=True) for each in messages]
        return self._tongue.write("".join(lines))

    def who_is_here(self) -> bytes:
        view = self.views.room(self.room)
        names = [author.name for author in view.authors] if view is not None else []
        rows = [names[at : at + _NAMES_IN_A_LINE] for at in range(0, len(names), _NAMES_IN_A_LINE)]
        return self.line("here", count=len(names), names=",\r\n  ".join(", ".join(row) for row in rows))
