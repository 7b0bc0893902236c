"""One loop for every client and every listener: what is typed goes out, what comes is shown.

How it ends depends on who drives it.  A person at a terminal ends it with Ctrl-D; a pipe gives one
message a line, and the next line waits for the answer to the last; ``--send`` is a pipe of one
line.  A listener answers: a person answers who spoke last, a pipe's lines answer one message each.
"""

import math
import selectors
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from netapp.cli import common, keyboard
from netapp.cli.assistant.copies import Copies
from netapp.cli.assistant.plan import Payload, Plan, Wire
from netapp.cli.assistant.trace import Recorded, Trace, Untraced, save
from netapp.cli.console import Console, NotHex, Screen
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.terminal.parties import Party as Peer
from netapp.core.text import Tongue

PHRASES: Final = Phrases(
    {
        "no answer": ("{wait:g} 秒内没有收到回复", "no answer within {wait:g} s"),
        "again": ("还没有收到回复,再发一次", "no answer yet: sent again"),
        "nothing": ("{wait:g} 秒内没有收到消息", "nothing came within {wait:g} s"),
        "closed": ("对方已断开连接", "the peer has closed the connection"),
        "unanswered": ("对方没有回复就断开了连接", "the peer closed the connection without an answer"),
        "nobody": ("(现在没有人可以回复)", "(nobody is there to answer)"),
        "hint": ("(每行一条消息,按 Ctrl-D 结束)", "(a line is a message; Ctrl-D ends)"),
    }
)
say: Final = common.words(PHRASES)


class Conversation:
    """Runs one conversation.  :param console: ``None`` where nothing is read."""

    def __init__(self, wire: Wire, plan: Plan, console: Console | None) -> None:
        self._wire, self._plan, self._console = wire, plan, console
        self._typist = console.person if console is not None else None
        self._screen = Screen(plan.form, full=wire.listening, show=plan.show)
        self._person = console is not None and console.interactive
        self._queue: deque[Payload] = deque()
        self._unanswered: deque[Peer] = deque(maxlen=limits.COMMAND_PEERS)
        self._wait = limits.COMMAND_ANSWER if plan.wait is None else plan.wait
        self._answer_due: float | None = None  # an answer is awaited until then
        self._copies = Copies()
        self._next_due: float | None = None  # the payload goes out again then
        self._failed = self._heard_any = self._typed_any = False
        self._status: int | None = None

    def run(self) -> int:
        """:returns: the exit status."""
        trace = self._wire.trace = self._trace()
        if self._person and self._typist is None:
            common.note(say("hint"))
        with keyboard.selector() as selector:
            if self._typist is not None:
                self._typist.start(self._wire)
            try:
                return self._run(selector)
            finally:
                for peer in [each for each in self._wire.parties() if each.stream]:
                    trace.closed(peer, by_us=True)
                trace.end()
                if self._typist is not None:
                    self._typist.stop()

    def _trace(self) -> Trace:
        if self._typist is not None:
            if self._plan.save is not None:
                save(self._typist.assistant.record, self._plan.save)
            return self._typist.assistant
        return Untraced() if self._plan.save is None else Recorded(self._plan.save)

    def _run(self, selector: selectors.BaseSelector) -> int:
        self._wire.start(selector)
        if self._console is not None:
            selector.register(self._console, selectors.EVENT_READ)
        self._begin()
        while self._status is None:
            for key, _ in selector.select(self._delay()):
                if key.fileobj is self._console:
                    self._typed(selector)
                else:
                    self._guarded(self._heard, key.fileobj)
            self._go_on()
        return self._status

    def _begin(self) -> None:
        now = time.monotonic()
        if self._plan.every is not None:
            self._next_due = now
        elif self._plan.payload is not None and not self._wire.listening:
            self._queue.append(self._plan.payload)
        if self._wire.listening and self._plan.wait is not None:
            self._answer_due = now + self._wait
        self._go_on()

    def _typed(self, selector: selectors.BaseSelector) -> None:
        assert self._console is not None
        for line in self._console.read():
            self._typed_any = True
            if self._wire.leaves(line):
                self._console.ended = True  # what was typed before it is still sent
                break
            if self._typist is not None:
                self._typist.do(line)
                continue
            try:
                self._plan.form.octets(line, Tongue("auto"))
            except NotHex as error:
                self._complain(str(error))
                continue
            self._queue.append(partial(self._plan.form.octets, line))
        if self._console.ended:
            selector.unregister(self._console)

    def _heard(self, source: Any) -> None:
        for peer, octets in self._wire.ready(source):
            if self._copies.stray():
                continue
            self._heard_any = True
            if self._typist is None:
                self._screen.arrived(peer.name, octets, peer.tongue)
            if self._wire.parts(peer, octets):
                self._status = None if self._wire.listening else 0
                continue
            self._unanswered.append(peer)
            if not self._wire.listening:
                self._answer_due = None
                self._copies.answered(time.monotonic())
        if self._wire.closed and self._status is None:
            self._closed()

    def _closed(self) -> None:
        silent = self._answer_due is not None or (self._queue and not self._heard_any)
        if not self._person:
            if silent and self._wait:
                common.fail(say("unanswered"))
            if self._queue:
                common.fail(say("closed"))
        if (self._person or self._plan.every is not None) and not self._wire.trace.tells:
            common.note(say("closed"))
        self._status = int(self._failed)

    def _go_on(self) -> None:
        """Send what may be sent now; see what is due; see whether this is the end."""
        if self._status is not None:
            return
        now = time.monotonic()
        if self._typist is not None and now >= self._typist.assistant.deadline:
            self._typist.assistant.tick(now)
        if self._answer_due is not None and now >= self._answer_due:
            self._missed()
        if self._copies.due is not None and now >= self._copies.due:
            common.note(say("again"))
            self._guarded(self._copies.again, now)
        self._copies.release(now)
        if self._wire.listening:
            self._guarded(self._answer)
        else:
            while self._queue and (self._person or self._may_send()):
                self._guarded(self._send, self._wire.peer, self._queue.popleft())
        if self._next_due is not None and now >= self._next_due:
            self._next_due = now + (self._plan.every or 0.0)
            self._guarded(self._repeat)
        if self._status is None and self._at_end():
            self._status = int(self._failed)

    def _may_send(self) -> bool:
        return self._answer_due is None and self._copies.held is None

    def _send(self, peer: Peer | None, payload: Payload) -> None:
        if peer is None:
            common.note(say("nobody"))
            return
        octets = payload(peer.tongue)
        if not octets and not self._wire.empty:
            return
        peer.send(octets)
        if not self._person and not self._wire.listening and self._wait:
            now = time.monotonic()
            self._answer_due = now + self._wait
            if self._wire.lossy:
                self._copies.begin(partial(peer.send, octets), now, self._wait)

    def _answer(self) -> None:
        if self._person:
            while self._queue:
                self._send(self._wire.peer, self._queue.popleft())
            return
        payload = None if self._plan.every is not None else self._plan.payload
        while self._unanswered and (payload or self._queue):
            peer = self._unanswered.popleft()
            octets = (payload or self._queue.popleft())(peer.tongue)
            peer.send(octets)
            self._screen.sent(peer.name, octets)

    def _repeat(self) -> None:
        assert self._plan.payload is not None
        if (peer := self._wire.peer) is not None:
            octets = self._plan.payload(peer.tongue)
            peer.send(octets)
            self._screen.sent(peer.name, octets)

    def _missed(self) -> None:
        self._answer_due = None
        self._copies.missed()
        if self._wire.listening:
            if not self._heard_any:
                common.fail(say("nothing", wait=self._wait))
            return
        self._failed = True
        self._complain(say("no answer", wait=self._wait))

    def _at_end(self) -> bool:
        if self._wire.listening:
            if self._plan.wait is not None and self._heard_any and not self._owes():
                return True
            input_over = self._console is not None and self._console.ended and not self._queue
            return input_over and (self._typed_any or self._person)
        if self._plan.every is not None or self._answer_due is not None:
            return False
        if self._person:
            return self._console is not None and self._console.ended
        input_over = self._console is None or self._console.ended
        return input_over and not self._queue and not self._listens_only()

    def _owes(self) -> bool:
        """A listener still has an answer to give."""
        waiting = self._console is not None and not self._console.ended
        return bool(self._unanswered) and (bool(self._queue) or waiting)

    def _listens_only(self) -> bool:
        """Nothing was given to send: the peer may speak first, as long as an answer may take."""
        if self._typed_any or self._plan.payload is not None or self._heard_any or not self._wait:
            return False
        if not self._failed:
            self._answer_due = time.monotonic() + self._wait
        return not self._failed

    def _delay(self) -> float | None:
        times = (self._answer_due, self._next_due, self._copies.due, self._copies.held)
        due = [when for when in times if when is not None]
        if self._typist is not None and self._typist.assistant.deadline != math.inf:
            due.append(self._typist.assistant.deadline)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """A peer that is gone ends a script, not a person's talk or a repetition."""
        try:
            step(*arguments)
        except OSError as error:
            peer = self._wire.peer
            reason = common.trouble(error, peer.name if peer is not None else "")
            if (
                not (self._person or self._wire.listening or self._plan.every is not None)
                or self._wire.closed
            ):
                common.fail(reason)
            common.note(reason)

    def _complain(self, reason: str) -> None:
        if not self._person:
            self._failed = True
        common.complain(reason)
