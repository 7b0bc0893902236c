"""One client of the directory: octets and time in, answers out.

A client is bound, or it is nobody; nobody may read what the server is, and bind.  While a password
is checked nothing else is answered (RFC 4511 section 4.2.1), and what comes waits, within a bound.
An answer of many entries leaves as fast as it is read, a turn's work at a time.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from netapp.core import limits
from netapp.core.sessions import Body, Close, Effect, Session
from netapp.errors import WireError
from netapp.login.ldap import answers, guard, schema, wire
from netapp.login.ldap.entries import Snapshot
from netapp.login.ldap.names import parse_name
from netapp.login.ldap.reading import Reader
from netapp.login.ldap.tree import Places
from netapp.login.ldap.wire import Code, Message

#: What one message costs, in comparisons.
_MESSAGE: Final = 64


#: Controls that may be critical.
_CONTROLS: Final = {
    wire.Search: (schema.PAGED, schema.MANAGE_DSA_IT),
    wire.Compare: (schema.MANAGE_DSA_IT,),
}


class Outcome(Enum):
    """What became of a password that was checked."""

    ADMITTED = auto()
    WRONG = auto()
    BUSY = auto()  # too many wait
    UNAVAILABLE = auto()  # our own fault


_CODES: Final = {
    Outcome.ADMITTED: (Code.SUCCESS, ""),
    Outcome.WRONG: (Code.INVALID_CREDENTIALS, ""),
    Outcome.BUSY: (Code.BUSY, "too many logins wait: try again"),
    Outcome.UNAVAILABLE: (Code.UNAVAILABLE, "accounts cannot be checked at the moment"),
}


@dataclass(frozen=True, slots=True)
class Verify:
    """An effect: check a password; :meth:`LdapSession.judged` is told."""

    name: bytes
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Malformed:
    """An effect: count a client that spoke something else."""


class LdapSession(Session):
    """:param directory: gives the snapshot of this moment."""

    def __init__(self, directory: Callable[[], Snapshot], places: Places) -> None:
        self._places = places
        self.reader = Reader(directory)
        self._buffer = bytearray()
        self._who: str | None = None  # the name that is bound
        self._checking: int | None = None  # the number of the bind that waits for its verdict
        self._refused = 0  # binds in a row
        self._sending = self._more = self._finished = False
        self._unbound_since = self._heard = self._begun = 0.0
        self.secure = False  # octets come through TLS

    # What the carrier calls ------------------------------------------------------------------

    def open(self, now: float) -> Sequence[Effect]:
        self._unbound_since = self._heard = self._begun = now
        self._sleep()
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        if not self._buffer:
            self._begun = now
        self._buffer += data
        if len(self._buffer) > limits.LDAP_WAITING:
            return (Close("too much at once", abort=True),)
        if self._checking is not None or self._sending:
            return ()
        return self._work(now)

    def sent(self, now: float) -> Sequence[Effect]:
        self._sending = False
        return self._work(now)

    def tick(self, now: float) -> Sequence[Effect]:
        if self._more:
            return self._work(now)
        if self.reader.expire(now):
            self._sleep()
            return ()
        return (Close("idle"),)

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return () if self.busy else (Close("the peer has finished"),)

    def judged(self, outcome: Outcome, name: str, now: float) -> Sequence[Effect]:
        """A password was checked.  :param name: the account's, if it was right."""
        number, self._checking = self._checking, None
        assert number is not None
        out = [answers.bind_result(number, *_CODES[outcome])]
        self._heard = self._begun = self._unbound_since = now
        if outcome is Outcome.ADMITTED:
            self._who, self._refused = str(self._places.person(name)), 0
        elif outcome is Outcome.WRONG:
            self._refused += 1
            if self._refused >= limits.LDAP_TRIES:
                return (*out, answers.notice(Code.UNAVAILABLE, "too many tries"), Close("too many tries"))
        return self._work(now, out)

    def revoked(self, now: float) -> Sequence[Effect]:
        """What this client was let in by is no longer good.  Source: RFC 4511 section 4.4.1."""
        if self._sending:
            return (Close("revoked", abort=True),)  # in the middle of a message
        notice = answers.notice(Code.STRONGER_AUTH_REQUIRED, "the account has changed: bind again")
        return notice, Close("revoked")

    # Turns -----------------------------------------------------------------------------------

    def _work(self, now: float, out: list[bytes] | None = None) -> Sequence[Effect]:
        """Answer what has come, for one turn.  :param out: octets that go before."""
        out, last, left = out or [], list[Effect](), limits.LDAP_AT_ONCE
        try:
            while left > 0 and not last:
                if self.reader.busy:
                    octets, spent = self.reader.go_on(left, now)
                    out += octets
                    left -= spent
                elif (message := self._next_message(now)) is not None:
                    left -= _MESSAGE
                    last = self._answer(message, out, now)
                else:
                    break
        except WireError:
            out.append(answers.notice(Code.PROTOCOL_ERROR, "no request of LDAP"))
            last = [Malformed(), Close("no request of LDAP", linger=True)]
        return self._given(b"".join(out), last, more=not last and left <= 0)

    def _given(self, octets: bytes, last: list[Effect], *, more: bool) -> Sequence[Effect]:
        self._more = more
        if more and octets:
            self._sending = True
            self._sleep()
            return (Body((octets,)),)  # when the client has read it, the next turn is due
        if self._finished and not more and self._checking is None:
            last.append(Close("the peer has finished"))
        self._sleep()
        return (octets, *last) if octets else last

    def _sleep(self) -> None:
        self.busy = self._checking is not None or self._sending or self._more
        if self._checking is not None or self._sending:
            self.deadline = math.inf
        elif self._more:
            self.deadline = -math.inf
        else:
            bound = self._who is not None
            idle = self._heard + limits.LDAP_IDLE if bound else self._unbound_since + limits.LDAP_UNBOUND
            arrives = self._begun + limits.LDAP_ARRIVES if self._buffer else math.inf
            self.deadline = min(idle, arrives, self.reader.deadline)

    def _next_message(self, now: float) -> Message | None:
        length = guard.message_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return None
        octets = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._heard = self._begun = now
        message = wire.parse_message(octets)
        if message.id == 0:
            raise WireError("a request has the number 0", source="RFC 4511 section 4.1.1.1")
        return message

    # Requests --------------------------------------------------------------------------------

    def _answer(self, message: Message, out: list[bytes], now: float) -> list[Effect]:
        """:param out: takes the answer.  :returns: effects that end the turn."""
        request = message.request
        if isinstance(request, wire.Unbind):
            return [Close("unbind")]
        if isinstance(request, wire.Abandon):
            return []  # what it could name has been answered
        known = _CONTROLS.get(type(request), ())
        for control in message.controls:
            if control.critical and control.oid not in known:
                out.append(answers.refusal(message, Code.UNAVAILABLE_CRITICAL_EXTENSION, control.oid))
                return []
        if isinstance(request, wire.Bind):
            return self._bind(message, request, out, now)
        if isinstance(request, wire.Extended):
            out.append(self._extended(message, request))
        elif isinstance(request, wire.Change):
            out.append(answers.refusal(message, Code.UNWILLING_TO_PERFORM, "this directory is read only"))
        elif isinstance(request, wire.Search):
            out += self.reader.begin(message, request, self._who is not None, now)
        elif self._who is None:
            out.append(answers.refusal(message, Code.INSUFFICIENT_ACCESS_RIGHTS, "bind first"))
        else:
            out.append(self.reader.compare(message, request))
        return []

    def _bind(self, message: Message, request: wire.Bind, out: list[bytes], now: float) -> list[Effect]:
        """Source: RFC 4511 section 4.2, RFC 4513 section 5.1."""
        self._who, self._unbound_since = None, min(self._unbound_since, now) if not self._who else now
        self.reader.forget()
        refusal = self._unfit(request)
        if refusal is not None:
            out.append(answers.bind_result(message.id, *refusal))
            return []
        if not request.name:
            out.append(answers.bind_result(message.id, Code.SUCCESS))  # it is nobody, as it was
            return []
        name = self._account_name(request.name)
        if name is None or not request.password:
            out.append(answers.bind_result(message.id, Code.INVALID_CREDENTIALS))
            return []
        self._checking = message.id
        return [Verify(name.encode(), request.password)]

    def _unfit(self, request: wire.Bind) -> tuple[Code, str] | None:
        """Why a bind is refused whoever it is."""
        if request.version != 3:
            return Code.PROTOCOL_ERROR, "LDAP has version 3"
        if request.password is None:
            return Code.AUTH_METHOD_NOT_SUPPORTED, "simple binds only"
        if not request.name:
            return (Code.INVALID_CREDENTIALS, "") if request.password else None
        if not request.password:
            # A client that takes success for a right password would let anybody in: RFC 4513 5.1.2.
            return Code.UNWILLING_TO_PERFORM, "a password is empty"
        try:
            parse_name(request.name)
        except WireError:
            return Code.INVALID_DN_SYNTAX, f"bind as {self._places.person('NAME')}"
        return None

    def _account_name(self, octets: bytes) -> str | None:
        """Whose name it is; None where there is nobody."""
        name = parse_name(octets)
        if name.parent.key != self._places.people.key or len(name.rdns[0]) != 1:
            return None
        type_, value = name.rdns[0][0]
        return value if schema.canonical(type_) == "uid" else None

    def _extended(self, message: Message, request: wire.Extended) -> bytes:
        if request.oid == schema.WHO_AM_I:
            who = f"dn:{self._who}" if self._who is not None else ""
            return answers.extended_result(message.id, Code.SUCCESS, value=who)
        if request.oid == schema.START_TLS and self.secure:
            return answers.refusal(message, Code.OPERATIONS_ERROR, "TLS is there already")
        if request.oid == schema.START_TLS:  # RFC 4511 section 4.14.2
            return answers.refusal(message, Code.PROTOCOL_ERROR, "no StartTLS here: use ldaps")
        if request.oid == schema.PASSWORD_MODIFY:
            return answers.refusal(message, Code.UNWILLING_TO_PERFORM, "this directory is read only")
        return answers.refusal(message, Code.PROTOCOL_ERROR, "no such operation")
