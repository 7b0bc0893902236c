"""One question to one server until its answer is there, or it is clear that none will come."""

import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from netapp.cli import common
from netapp.cli.dig import messages
from netapp.cli.dig.messages import Message, Question
from netapp.cli.dig.wires import Datagrams, Stream, Transport, Wire
from netapp.core import limits, text
from netapp.core.languages import Phrases
from netapp.dns import wire
from netapp.dns.message import BADCOOKIE, FORMERR, NOERROR, NOTIMP
from netapp.dns.options import COOKIE, COOKIE_LENGTHS, NSID
from netapp.dns.tsig.trust import Trust
from netapp.errors import NetappError, WireError

if TYPE_CHECKING:
    from netapp.dns.tsig.keys import Key

PHRASES: Final = Phrases(
    {
        "garbled": ("{where} 的回答无法解析:{reason}", "{where} gives no DNS answer: {reason}"),
        "text": (
            "{where} 回答的是文本,不是 DNS:请加 --plain",
            "{where} answers with text, not DNS: ask with --plain",
        ),
        "foreign": (
            "{where} 来了 {count} 个回答,都对不上这个问题",
            "{where} sent {count} answers, none to this question",
        ),
        "unsigned": ("{where} 的回答不可信:{reason}", "{where}'s answer cannot be believed: {reason}"),
        "again": (
            "{where} {wait:g} 秒内没有回应,正在重试...",
            "no answer from {where} within {wait:g} s, asking again ...",
        ),
        "silent": ("{where} 没有回应", "{where} does not answer"),
        "cut": ("回答被截断,改用 TCP 重新查询", "the answer was cut, asking again over TCP"),
        "no edns": ("{where} 不认识 EDNS,去掉后重新查询", "{where} knows no EDNS, asking again without"),
    }
)
say: Final = common.words(PHRASES)

#: Octets of a client's cookie: RFC 7873 section 4.1.
_COOKIE: Final = 8


@dataclass(frozen=True)
class Manner:
    """How questions are asked.  :param do: records of DNSSEC are wanted (RFC 3225)."""

    tcp: bool = False
    do: bool = False
    key: "Key | None" = None


@dataclass(frozen=True)
class Answer:
    """:param seconds: from the question to its answer, of the try that had one.

    :param cut: whether it was cut over UDP, and asked for again over TCP.
    """

    question: Question
    message: Message
    server: common.HostPort
    transport: Transport
    seconds: float
    octets: int
    tries: int = 1
    cut: bool = False
    signed: bool = False


@dataclass
class _Passed:
    """What came while an answer was waited for, and was none."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)


class Asker:
    """Asks one server; questions share a socket, and over TCP a connection.

    :raises OSError: the server's name has no address.
    """

    def __init__(self, server: common.HostPort, manner: Manner) -> None:
        self._server, self._manner = server, manner
        self._where = common.shown(server)
        self._datagrams, self._stream = Datagrams(server), Stream(server)
        self._cookie = os.urandom(_COOKIE)
        self._servers_cookie = b""
        self._edns = True

    def ask(self, question: Question) -> Answer:
        """The answer; the command fails where there is none."""
        answer = self._ask(self._stream if self._manner.tcp else self._datagrams, question)
        if answer.message.edns is None and self._edns and answer.message.rcode in (FORMERR, NOTIMP):
            common.note(say("no edns", where=self._where))
            self._edns = False
            answer = self._ask(self._stream if self._manner.tcp else self._datagrams, question)
        elif answer.message.rcode == BADCOOKIE and self._servers_cookie:
            answer = self._ask(self._stream if self._manner.tcp else self._datagrams, question)
        if answer.message.truncated and answer.transport == "udp":
            common.note(say("cut"))
            answer = replace(self._ask(self._stream, question), cut=True)
        return answer

    def close(self) -> None:
        self._datagrams.close()
        self._stream.close()

    def _ask(self, over: Wire, question: Question) -> Answer:
        ident = int.from_bytes(os.urandom(2), "big")
        cookie = (COOKIE, self._cookie + self._servers_cookie)
        options = (cookie, (NSID, b"")) if self._edns else None
        octets = messages.query(ident, question, options, do=self._manner.do)
        passed = _Passed()
        for number, wait in enumerate(limits.COMMAND_TRIES, 1):
            try:
                answer = self._try(over, question, octets, wait, passed)
            except TimeoutError:
                if over.transport == "tcp":
                    over.close()
                if passed.reasons:
                    break
                if number < len(limits.COMMAND_TRIES):
                    common.note(say("again", where=self._where, wait=wait))
            except (OSError, UnicodeError) as error:
                common.fail(common.trouble(common.as_system(error), self._where))
            else:
                return replace(answer, tries=number)
        if passed.reasons:
            common.fail(passed.reasons[-1])
        if passed.count:
            common.fail(say("foreign", where=self._where, count=passed.count))
        return common.fail(say("silent", where=self._where))

    def _try(self, over: Wire, question: Question, octets: bytes, wait: float, passed: _Passed) -> Answer:
        """One try.  :raises TimeoutError: no answer came.  :raises OSError: none can come."""
        begun = time.monotonic()
        while True:
            try:
                return self._sent(over, question, octets, begun + wait, passed)
            except TimeoutError:
                raise
            except OSError:
                if not over.advance():
                    raise

    def _sent(self, over: Wire, question: Question, octets: bytes, until: float, passed: _Passed) -> Answer:
        trust = Trust(self._manner.key, time.time)
        ident, octets = int.from_bytes(octets[:2], "big"), trust.request(octets)
        begun = time.monotonic()
        over.send(octets, until)
        while True:
            got = over.receive(until)
            seconds = time.monotonic() - begun
            try:
                message = messages.read(trust.lone(got))
            except NetappError as error:
                self._pass_over(got, error, over, passed)
                continue
            if self._fits(message, ident, question):
                return Answer(
                    question, message, self._server, over.transport, seconds, len(got), signed=trust.signed
                )
            passed.count += 1

    def _pass_over(self, got: bytes, error: NetappError, over: Wire, passed: _Passed) -> None:
        """What cannot be read may be somebody else's, while the right answer is on its way."""
        is_text = wire.classify(got) is wire.Tongue.TEXT and "\ufffd" not in text.decode(got)[0]
        if over.transport == "udp" and is_text:
            common.fail(say("text", where=self._where))
        kind = "garbled" if isinstance(error, WireError) else "unsigned"
        reason = say(kind, where=self._where, reason=str(error))
        if over.transport == "tcp":
            common.fail(reason)
        passed.count += 1
        passed.reasons[:] = [reason]

    def _fits(self, message: Message, ident: int, question: Question) -> bool:
        """Whether it answers: RFC 5452 section 9.1; errors may come without their question."""
        if message.ident != ident or not message.is_answer:
            return False
        if message.questions:
            fits = len(message.questions) == 1 and message.questions[0].is_same(question)
        else:
            fits = message.rcode != NOERROR
        return fits and self._knows_cookie(message)

    def _knows_cookie(self, message: Message) -> bool:
        """Whether our cookie came back, or none: RFC 7873 section 5.3."""
        cookie = message.edns.option(COOKIE) if message.edns is not None else None
        if cookie is None:
            return True
        if cookie[:_COOKIE] != self._cookie or len(cookie) not in COOKIE_LENGTHS:
            return False
        self._servers_cookie = cookie[_COOKIE:]
        return True
