"""Who is there: the service ``ssh-userauth``, by password, by questions, or by a key.

One request at a time, in the order they came; every try is counted, a key that is only offered too.
What is right and wrong is for a :class:`Gate` to say, which a service brings.

Source: RFC 4252; RFC 4256 for the questions, which conch has for clients only.
"""

from collections import deque
from collections.abc import Awaitable
from typing import Any, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from twisted.conch.ssh import keys, service, transport
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.ssh import wire
from netapp.core.ssh.offers import quiet
from netapp.core.ssh.transport import ServerTransport
from netapp.core.ssh.wire import Interactive, Other, Password, PublicKey, Request
from netapp.errors import Busy, NetappError, Unavailable, WireError

_METHODS: Final = (b"publickey", b"keyboard-interactive", b"password")


class Told(NetappError):
    """A refusal whose words are for the peer to read."""


class Gate(Protocol):
    """What a service's door knows of people; names and passwords are octets as they came."""

    def password(self, name: bytes, password: bytes, code: bytes | None) -> "Awaitable[Admission | None]":
        """None when they are wrong.

        :raises Busy: too many wait.
        :raises Told: they are right, and still nobody comes in.
        """

    def wants_code(self, name: bytes) -> Awaitable[bool]:
        """Whether a code is asked for as well, be the password right or not."""

    def offered(self, name: bytes, blob: bytes) -> Awaitable[bool]:
        """Whether a signature by this key would let in: the same work for every name."""

    def key(self, name: bytes, blob: bytes) -> "Awaitable[Admission | None]":
        """Who has signed with this key, which was verified."""

    def say(self, key: str) -> str:
        """The phrases ``password``, ``code``, ``busy`` and ``unavailable``."""


class Admission(Protocol):
    """Somebody who is let in."""

    def begin(self) -> service.SSHService:
        """What follows: the service ``ssh-connection``."""

    def leave(self) -> None:
        """The connection is gone; called once."""


class _Abandoned(Exception):
    """A new request has come instead of an answer: RFC 4252 section 5.1."""


class UserAuth(service.SSHService):
    """The tries of one connection."""

    name = b"ssh-userauth"
    protocolMessages: dict[int, str] = {  # noqa: RUF012  (conch's own)
        wire.USERAUTH_REQUEST: "MSG_USERAUTH_REQUEST",
        wire.USERAUTH_INFO_RESPONSE: "MSG_USERAUTH_INFO_RESPONSE",
    }
    _log = quiet()
    _own_log = Logger()
    transport: Any  # a ServerTransport

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._waiting: deque[Request] = deque()
        self._requests = self._tries = 0
        self._task: defer.Deferred[None] | None = None
        self._question: defer.Deferred[bytes] | None = None
        self._serving = self._over = False

    # What conch calls ------------------------------------------------------------------------

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> None:
        request = wire.parse_request(packet)
        self._requests += 1
        if self._requests > limits.SSH_REQUESTS:
            self._too_many()
            return
        self._waiting.append(request)
        question, self._question = self._question, None
        if question is not None:
            question.errback(_Abandoned())
        if not self._serving:
            self._task = defer.ensureDeferred(self._serve())
            self._task.addErrback(self._failed)

    def ssh_USERAUTH_INFO_RESPONSE(self, packet: bytes) -> None:
        answer = wire.parse_info_response(packet)
        question, self._question = self._question, None
        if question is None:
            raise WireError("an answer to no question", source="RFC 4256 section 3.4")
        question.callback(answer)

    def serviceStopped(self) -> None:
        """The connection is gone, or somebody is in."""
        self._waiting.clear()
        if not self._over:
            self._over = True
            if self._task is not None:
                self._task.cancel()  # its place in the queue of passwords is free

    # One request after the other -------------------------------------------------------------

    async def _serve(self) -> None:
        self._serving = True
        try:
            while self._waiting and not self._over:
                await self._answer(self._waiting.popleft())
        finally:
            self._serving = False

    def _failed(self, failure: Failure) -> None:
        if not failure.check(defer.CancelledError):
            self._own_log.failure("a login by SSH failed", failure)
            self.transport.close(abort=True)

    async def _answer(self, request: Request) -> None:
        if request.service != b"ssh-connection":
            self.transport.sendDisconnect(
                transport.DISCONNECT_SERVICE_NOT_AVAILABLE, b"there is nothing but ssh-connection"
            )
            return
        try:
            outcome = await self._judged(request)
        except _Abandoned:
            return
        if isinstance(outcome, bool):
            if not outcome:
                self._refuse(request)
        elif self._over:
            outcome.leave()  # to nobody
        else:
            self._admit(outcome)

    async def _judged(self, request: Request) -> "Admission | bool":
        """Somebody; or whether the request has been answered already."""
        try:
            return await self._try(request) or False
        except Told as words:
            self._tell(str(words))
        except Busy:
            self._tell(self._gate.say("busy"))
        except Unavailable:
            self._tell(self._gate.say("unavailable"))
        except (_Abandoned, defer.CancelledError):
            raise
        except Exception:
            self._own_log.failure("a login by SSH could not be judged")
            self._tell(self._gate.say("unavailable"))
        return False

    async def _try(self, request: Request) -> "Admission | bool | None":
        if len(request.user) > limits.SSH_USER:
            return None  # nobody's name
        match request.method:
            case Password(password, changes):
                return None if changes else await self._gate.password(request.user, password, None)
            case Interactive():
                return await self._ask(request)
            case PublicKey() as key:
                return await self._key(request, key)
        return None

    async def _ask(self, request: Request) -> Admission | None:
        """Questions first, all of them: what is wrong is not said before the last."""
        password, code = await self._asked("password", echo=False), None
        if await self._gate.wants_code(request.user):
            code = await self._asked("code", echo=True)
        return await self._gate.password(request.user, password, code)

    def _asked(self, prompt: str, *, echo: bool) -> defer.Deferred[bytes]:
        question: defer.Deferred[bytes] = defer.Deferred()
        if self._waiting:
            question.errback(_Abandoned())  # the next request is there already
            return question
        self._question = question
        payload = wire.info_request(self._gate.say(prompt), echo=echo)
        self.transport.sendPacket(wire.USERAUTH_INFO_REQUEST, payload)
        return question

    async def _key(self, request: Request, key: PublicKey) -> "Admission | bool | None":
        """A key that nobody may come in by costs no arithmetic."""
        if not _is_modern(key) or not await self._gate.offered(request.user, key.blob):
            return None
        if key.signature is None:
            answer = wire.string(key.algorithm) + wire.string(key.blob)
            self.transport.sendPacket(wire.USERAUTH_PK_OK, answer)
            return True
        octets = wire.signed_octets(self.transport.sessionID, request, key)
        return await self._gate.key(request.user, key.blob) if _verifies(key, octets) else None

    # Answers ---------------------------------------------------------------------------------

    def _admit(self, somebody: Admission) -> None:
        self._over = True
        carrier: ServerTransport = self.transport
        carrier.admitted(somebody, somebody.leave)
        carrier.sendPacket(wire.USERAUTH_SUCCESS, b"")
        carrier.setService(somebody.begin())

    def _refuse(self, request: Request) -> None:
        if self._requests > 1 or not isinstance(request.method, Other):
            self._tries += 1  # the first "none" asks which methods there are
        if self._tries >= limits.SSH_TRIES:
            self._too_many()
        else:
            self.transport.sendPacket(wire.USERAUTH_FAILURE, wire.failure(_METHODS))

    def _too_many(self) -> None:
        self._waiting.clear()
        self.transport.sendDisconnect(
            transport.DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE, b"too many authentication failures"
        )

    def _tell(self, words: str) -> None:
        self.transport.sendPacket(wire.USERAUTH_BANNER, wire.banner(words))


def _is_modern(key: PublicKey) -> bool:
    """Whether a key is of the kind that its algorithm names, which is one of those that we take."""
    if len(key.blob) > limits.SSH_KEY:
        return False
    try:
        return wire.KEY_ALGORITHMS.get(key.algorithm) == wire.Reader(key.blob).string()
    except WireError:
        return False


def _verifies(key: PublicKey, octets: bytes) -> bool:
    """Whether a signature is this key's, and made by the algorithm that was named."""
    assert key.signature is not None
    try:
        if wire.Reader(key.signature).string() != key.algorithm:
            return False  # SHA-1 under another name
        return bool(keys.Key.fromString(key.blob, type="blob").verify(key.signature, octets))
    except (WireError, keys.BadKeyError, UnsupportedAlgorithm, ValueError, TypeError, LookupError):
        return False
