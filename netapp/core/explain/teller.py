"""Says findings in the log, one line each, and no more often than somebody can read."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits, text
from netapp.core.connections import Peer
from netapp.core.explain.findings import FINDINGS, TOLD
from netapp.core.languages import Lang

#: What stands for us in a line of the log: a module's name would fill half a terminal's.
_SYSTEM: Final = "netapp"


class Teller:
    """One for the whole process.

    A window of time begins with its first finding.  What is too much in it, of one address or in
    all, or again and again the same, is only counted, and the number is said at its end.

    :param clock: the reactor.
    """

    _log = Logger()

    def __init__(self, lang: Lang, clock: Any) -> None:
        self._lang, self._clock = lang, clock
        self._began = float("-inf")
        # In this window; no more entries than are told at all.
        self._told: Counter[str] = Counter()  # by address
        self._same: Counter[tuple[str, str]] = Counter()  # by address and key
        self._left_out = 0
        self._failed = False

    def tell(self, owner: str, peer: Peer, key: str, fields: Mapping[str, object]) -> None:
        """:param owner: the plugin.  :param key: of :data:`FINDINGS`."""
        now = self._clock.seconds()
        if now - self._began >= limits.EXPLAIN_WINDOW:
            self._begin(now)
        if self._is_too_much(peer[0], key):
            self._leave_out(now)
            return
        self._told[peer[0]] += 1
        self._same[peer[0], key] += 1
        shown = {name: _shown(value) for name, value in fields.items()}
        self._log.info(
            "explain {peer} ({owner}): {finding}",
            log_system=_SYSTEM,
            peer=_place(peer),
            owner=owner,
            finding=FINDINGS.say(self._lang, key, **shown),
        )

    def failed(self, failure: Failure) -> None:
        """A witness has failed: that is ours, and told once."""
        if not self._failed:
            self._failed = True
            self._log.failure("explain: something could not be judged", failure)

    def _is_too_much(self, host: str, key: str) -> bool:
        return (
            self._told.total() >= limits.EXPLAIN_TOLD
            or self._told[host] >= limits.EXPLAIN_TOLD_EACH
            or self._same[host, key] >= limits.EXPLAIN_TOLD_SAME
        )

    def _begin(self, now: float) -> None:
        self._began = now
        self._told.clear()
        self._same.clear()

    def _leave_out(self, now: float) -> None:
        if not self._left_out:
            left = self._began + limits.EXPLAIN_WINDOW - now
            self._clock.callLater(max(0.0, left), self._tell_left_out)
        self._left_out += 1

    def _tell_left_out(self) -> None:
        count, self._left_out = self._left_out, 0
        said = TOLD.say(self._lang, "left out", count=count, seconds=limits.EXPLAIN_WINDOW)
        self._log.info("explain: {said}", said=said, log_system=_SYSTEM)


def _place(peer: Peer) -> str:
    host, port = text.visible(peer[0]), peer[1]
    if not host:
        return "unix"  # a socket's other end has no name there
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _shown(value: object) -> object:
    """A field as a log may have it: nothing unseen in it, and not long."""
    if isinstance(value, bytes):
        value = text.decode(value[: 4 * limits.EXPLAIN_SHOWN])[0]
    if not isinstance(value, str):
        return value
    return text.visible(value[: limits.EXPLAIN_SHOWN]) + "…" * (len(value) > limits.EXPLAIN_SHOWN)
