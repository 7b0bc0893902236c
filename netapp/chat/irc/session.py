"""One IRC client: its lines in their turn, its registration, and what talk answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from netapp.chat import asks
from netapp.chat.asks import Ask, Joining, Views, WrongPassword
from netapp.chat.conversation import Conversation
from netapp.chat.irc import numerics as n
from netapp.chat.irc import wire
from netapp.chat.irc.commands import COMMANDS
from netapp.chat.irc.render import SERVER, Renderer, message_octets
from netapp.chat.irc.welcome import names_lines, welcome_lines
from netapp.chat.irc.wire import Command, LineSplitter, TooLong
from netapp.core import limits, strangers, text
from netapp.core.languages import Lang
from netapp.core.sessions import Close, Effect
from netapp.errors import WireError
from netapp.talk import Change, Delivery, Joined, Kind, NameTaken, NoSuchName, NotThere, Parted, TooMuch

if TYPE_CHECKING:
    from netapp.talk import Author

#: Commands that only say something: they need not wait for each other.
_SAYING: Final = frozenset({"PRIVMSG", "NOTICE"})


class IrcSession(Conversation[Command | TooLong]):
    """:param views: what can be looked up in talk.  :param renderer: the process's own."""

    door = "irc"

    def __init__(
        self, views: Views, renderer: Renderer, tongue: text.Tongue, lang: Lang, now: float, *, flood: bool
    ) -> None:
        super().__init__(flood=flood)
        self.views, self.lang = views, lang
        self._renderer, self._tongue = renderer, tongue
        self._splitter = LineSplitter()
        self._lines = 0  # before registration
        self._pinged = False
        self._own_deadline = now + limits.IRC_REGISTRATION
        self.wanted = self.user = ""  # of NICK and USER, before registration
        self.password: str | None = None
        self.negotiating = False  # CAP: registration waits for its end
        self.caps: set[str] = set()
        self.rooms: set[str] = set()
        self._echoed = False  # echo-message: what it says comes back to it
        self.receiver = renderer.receiver(tongue.codec, False)

    # What the protocol calls -----------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        if self.place is not None:
            self._pinged, self._own_deadline = False, now + limits.IRC_SILENCE
        return super().receive(data, now)

    def tick(self, now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        if now >= self._own_deadline:
            if self.place is None:
                return self.end("Registration timed out")
            if self._pinged:
                return self.end("Ping timeout")
            self._pinged, self._own_deadline = True, now + limits.IRC_PONG
            effects.append(wire.line("PING", trailing=SERVER))
        return effects + self.pump(now)

    # Commands in their turn ------------------------------------------------------------------

    def split(self, octets: bytes, now: float) -> Sequence[Effect]:
        try:
            lines = self._splitter.receive(octets)
        except WireError:
            return [asks.Malformed(), *self.end("A line without end", linger=True)]
        for line in lines:
            if self.place is None:
                self._lines += 1
                if self._lines > limits.IRC_LINES_BEFORE:
                    return self.end("Too many lines before registration")
                if isinstance(line, bytes) and strangers.is_http(line):
                    return [strangers.Misdirected("IRC", self.lang), Close("a browser")]
            if isinstance(line, TooLong):
                self.queue([line])
            elif command := wire.parse_command(self._tongue.read(line)):
                self.queue([command])
        if self.receiver.codec != self._tongue.codec:
            self.adjust_receiver()
        return []

    def says(self, item: Command | TooLong) -> bool:
        return isinstance(item, Command) and item.command in _SAYING and self.place is not None

    def cost(self, item: Command | TooLong) -> float:
        if isinstance(item, TooLong) or item.command not in COMMANDS:
            return 1.0
        return COMMANDS[item.command].cost

    def execute(self, item: Command | TooLong, now: float) -> Sequence[Effect]:
        if isinstance(item, TooLong):
            return self.reply(n.ERR_INPUTTOOLONG, trailing="Input line was too long")
        spec = COMMANDS.get(item.command)
        if spec is None:
            if self.place is None:
                return self.reply(n.ERR_NOTREGISTERED, trailing="You have not registered")
            return self.reply(n.ERR_UNKNOWNCOMMAND, item.command[:64], trailing="Unknown command")
        if self.place is None and not spec.before:
            return self.reply(n.ERR_NOTREGISTERED, trailing="You have not registered")
        if len(item.params) < spec.params:
            return self.reply(n.ERR_NEEDMOREPARAMS, item.command, trailing="Not enough parameters")
        return spec.do(self, item.params)

    def adjust_receiver(self) -> None:
        """The encoding or the capabilities have changed."""
        self.receiver = self._renderer.receiver(self._tongue.codec, "server-time" in self.caps)
        self._echoed = "echo-message" in self.caps

    def register(self) -> list[Effect]:
        """Arrive, once the client has said all that is needed."""
        if self.place is not None or self.negotiating or not (self.wanted and self.user):
            return []
        return self.ask(asks.Arrive(self.wanted, self.password))

    # Words to this client --------------------------------------------------------------------

    @property
    def nick(self) -> str:
        """What we call the client: ``*`` before it has a name."""
        return self.place.author.name if self.place is not None else self.wanted or "*"

    @property
    def author(self) -> "Author":
        assert self.place is not None
        return self.place.author

    def line(self, *words: str, trailing: str | None = None) -> bytes:
        """A line from the server in the client's encoding."""
        return wire.line(f":{SERVER}", *words, trailing=trailing, codec=self.receiver.codec)

    def reply(self, numeric: str, *words: str, trailing: str | None = None) -> list[Effect]:
        """A numeric."""
        return [self.line(numeric, self.nick, *words, trailing=trailing)]

    def end(self, reason: str, *, linger: bool = False) -> list[Effect]:
        """ERROR, and hang up.  :param linger: the client is still sending, see :class:`Close`."""
        return [
            wire.line("ERROR", trailing=f"Closing link: {reason}", codec=self.receiver.codec),
            asks.Depart(reason),
            Close(reason, linger=linger),
        ]

    def revoked(self, now: float) -> Sequence[Effect]:
        return self.end("Your account is not to be used any more")

    # What talk answers -----------------------------------------------------------------------

    def on_answer(self, ask: Ask, answer: object, now: float) -> Sequence[Effect]:
        if isinstance(answer, BaseException):
            return self._failed(ask, answer)
        if isinstance(ask, asks.Arrive):
            self.place = answer  # type: ignore[assignment]
            self.password = None
            self._own_deadline = now + limits.IRC_SILENCE
            return welcome_lines(self)
        if isinstance(ask, asks.Join):
            assert isinstance(answer, Joining)
            return self._joined(answer)
        if isinstance(ask, asks.Part):
            self.rooms.discard(ask.room)
            return [self._renderer.change(Parted(ask.room, self.author, ask.reason), self.receiver.codec)]
        return []

    def _joined(self, joining: Joining) -> list[Effect]:
        view = joining.view
        if view.name in self.rooms:
            return []
        self.rooms.add(view.name)
        effects: list[Effect] = [self._renderer.change(Joined(view.name, self.author), self.receiver.codec)]
        if view.topic:
            effects += self.reply(n.RPL_TOPIC, f"#{view.name}", trailing=view.topic)
        effects += names_lines(self, view)
        if self.receiver.timed:  # others would take what was said before for news
            effects += [message_octets(message, None, self.receiver) for message in joining.recent]
        return effects

    def _failed(self, ask: Ask, problem: BaseException) -> list[Effect]:
        if isinstance(ask, asks.Arrive | asks.Rename):
            return self._no_name(ask, problem)
        if isinstance(ask, asks.Join):
            if isinstance(problem, TooMuch):
                return self.reply(n.ERR_TOOMANYCHANNELS, f"#{ask.room}", trailing="Too many channels")
            return self.reply(n.ERR_NOSUCHCHANNEL, f"#{ask.room}", trailing="It cannot be opened now")
        if isinstance(problem, NotThere) and isinstance(ask, asks.Part | asks.SetTopic):
            return self.reply(n.ERR_NOTONCHANNEL, f"#{ask.room}", trailing="You're not on that channel")
        if isinstance(ask, asks.Say | asks.Direct) and ask.kind is Kind.NOTICE:
            return []  # RFC 1459 section 4.4.2: a notice is never answered
        if isinstance(ask, asks.Direct):
            if isinstance(problem, NoSuchName):
                return self.reply(n.ERR_NOSUCHNICK, ask.to, trailing="No such nick")
            return [self.line("NOTICE", self.nick, trailing=f"Not sent to {ask.to}: it could not be stored")]
        room = ask.room if isinstance(ask, asks.Say | asks.SetTopic) else ""
        return self.reply(n.ERR_CANNOTSENDTOCHAN, f"#{room}", trailing="Not sent: it could not be stored")

    def _no_name(self, ask: asks.Arrive | asks.Rename, problem: BaseException) -> list[Effect]:
        if isinstance(problem, WrongPassword):
            return self.reply(n.ERR_PASSWDMISMATCH, trailing="Password incorrect") + self.end("Bad password")
        if isinstance(problem, NameTaken):
            why = "Nickname is already in use"
            if problem.by_account:
                why = "Nickname belongs to an account: connect with its password (PASS), or choose another"
            effects = self.reply(n.ERR_NICKNAMEINUSE, ask.name, trailing=why)
            if self.place is None:
                self.wanted = ""
            return effects
        if self.place is None:
            return self.end("The server is busy")
        return self.reply(n.ERR_ERRONEUSNICKNAME, ask.name, trailing="The name cannot be changed now")

    # What others do --------------------------------------------------------------------------

    def delivered(self, delivery: Delivery) -> bytes:
        if delivery.sender is self.place and not self._echoed:
            if delivery.to != self.author:
                return b""
        elif delivery.to is not None and delivery.to != self.author and not self._echoed:
            return b""  # what another of our own connections has said
        receiver = self.receiver
        return delivery.rendered.get(receiver) or delivery.octets(receiver, receiver.render)

    def changed(self, change: Change) -> bytes:
        if self.place is None:
            return b""
        if isinstance(change, Joined | Parted) and change.author == self.place.author:
            return b""  # told in its own order, see on_answer
        return self._renderer.change(change, self.receiver.codec)
