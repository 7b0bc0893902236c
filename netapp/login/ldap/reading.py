"""What somebody reads: searches, in turns and by pages, and comparisons.

Source: RFC 4511 sections 4.5 and 4.10, RFC 2696.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.errors import WireError
from netapp.login.ldap import answers, schema, wire
from netapp.login.ldap.entries import Entry, Snapshot, Values
from netapp.login.ldap.matching import normal
from netapp.login.ldap.names import Name, parse_name
from netapp.login.ldap.search import Ended, Searching, chooser
from netapp.login.ldap.wire import Code, Message

_NO_PAGE: Final = (0, b"")


@dataclass(slots=True)
class _UnderWay:
    """A search that is being answered."""

    number: int  # its message's
    searching: Searching
    choose: Callable[[Entry], list[Values]]
    page: int | None  # entries of this answer still to come; None without pages
    due: float  # when it must be through


class Reader:
    """One client's searches, one after another.

    :param directory: gives the snapshot of this moment.
    """

    def __init__(self, directory: Callable[[], Snapshot]) -> None:
        self._directory = directory
        self._under_way: _UnderWay | None = None
        #: Searches that wait for their client to ask for the next page, and until when.
        self._waiting: dict[bytes, tuple[Searching, float]] = {}
        self._cookies = 0
        self.searches = 0

    @property
    def busy(self) -> bool:
        """A search is under way."""
        return self._under_way is not None

    def forget(self) -> None:
        """Somebody else is bound: their pages are not this one's."""
        self._waiting.clear()

    @property
    def deadline(self) -> float:
        """When :meth:`expire` has work."""
        return min((due for _, due in self._waiting.values()), default=math.inf)

    def expire(self, now: float) -> bool:
        """Forget searches that have waited too long: each holds a snapshot."""
        late = [cookie for cookie, (_, due) in self._waiting.items() if now >= due]
        for cookie in late:
            del self._waiting[cookie]
        return bool(late)

    def begin(self, message: Message, request: wire.Search, bound: bool, now: float) -> list[bytes]:
        """Begin a search, or say why not.  :raises WireError: its control is none."""
        self.searches += 1
        page = _page(message)
        try:
            base = parse_name(request.base)
        except WireError:
            return [answers.refusal(message, Code.INVALID_DN_SYNTAX)]
        if not bound and (base.rdns or request.scope != 0):
            return [answers.refusal(message, Code.INSUFFICIENT_ACCESS_RIGHTS, "bind first")]
        if page is not None and page[1]:
            searching, _ = self._waiting.pop(page[1], (None, 0.0))
            if searching is None or searching.request != request:
                return [answers.refusal(message, Code.UNWILLING_TO_PERFORM, "no such search to go on with")]
            if page[0] == 0:  # it wants no more
                return [answers.search_done(message.id, Code.SUCCESS, page=_NO_PAGE)]
        else:
            snapshot = self._directory()
            top = snapshot.find(base)
            if top is None or (not base.rdns and request.scope != 0):
                return [_missing(message, snapshot, base)]
            searching = Searching(request, snapshot, top)
        wanted = None if page is None else page[0] or None
        due = now + min(request.time_limit or math.inf, limits.LDAP_SEARCH)
        self._under_way = _UnderWay(message.id, searching, chooser(request.attributes), wanted, due)
        return []

    def go_on(self, turn: int, now: float) -> tuple[list[bytes], int]:
        """Answer some more of the search.  :returns: octets, and the comparisons it took."""
        it = self._under_way
        assert it is not None
        if now >= it.due:
            self._under_way = None
            return [answers.search_done(it.number, Code.TIME_LIMIT_EXCEEDED)], 1
        request = it.searching.request
        room = (request.size_limit or math.inf) - it.searching.given
        page = math.inf if it.page is None else it.page
        part = it.searching.go_on(min(room, page), turn)
        out = [answers.found(it.number, each, it.choose(each), request.types_only) for each in part.entries]
        if it.page is not None:
            it.page -= len(part.entries)
        if part.ended is not Ended.LATER:
            self._under_way = None
            full = part.ended is Ended.FULL
            out.append(self._end(it, now, over=full and len(part.entries) >= room, more=full))
        return out, part.spent

    def _end(self, it: _UnderWay, now: float, *, over: bool, more: bool) -> bytes:
        """:param over: there are more entries than its client will have at all."""
        if over:
            return answers.search_done(it.number, Code.SIZE_LIMIT_EXCEEDED)
        if it.page is None:
            return answers.search_done(it.number, Code.SUCCESS)
        cookie = self._keep(it.searching, now) if more else b""
        return answers.search_done(it.number, Code.SUCCESS, page=(0, cookie))

    def _keep(self, searching: Searching, now: float) -> bytes:
        self._cookies += 1
        cookie = b"%d" % self._cookies
        self._waiting[cookie] = searching, now + limits.LDAP_PAGE
        if len(self._waiting) > limits.LDAP_PAGED:
            del self._waiting[next(iter(self._waiting))]
        return cookie

    def compare(self, message: Message, request: wire.Compare) -> bytes:
        """Source: RFC 4511 section 4.10."""
        snapshot = self._directory()
        try:
            name = parse_name(request.entry)
        except WireError:
            return answers.refusal(message, Code.INVALID_DN_SYNTAX)
        entry = snapshot.find(name)
        if entry is None:
            return _missing(message, snapshot, name)
        known = schema.attribute(request.attribute)
        if known is None:
            return answers.refusal(message, Code.UNDEFINED_ATTRIBUTE_TYPE)
        if known.name.lower() not in entry.attributes:
            return answers.refusal(message, Code.NO_SUCH_ATTRIBUTE)
        value = normal(known.kind, request.value)
        if value is None:
            return answers.refusal(message, Code.INVALID_ATTRIBUTE_SYNTAX)
        is_so = value in entry.values(known.name.lower())
        return answers.refusal(message, Code.COMPARE_TRUE if is_so else Code.COMPARE_FALSE)


def _page(message: Message) -> tuple[int, bytes] | None:
    """The (size, cookie) of a search by pages."""
    for control in message.controls:
        if control.oid == schema.PAGED:
            return wire.parse_page(control.value or b"")
    return None


def _missing(message: Message, snapshot: Snapshot, name: Name) -> bytes:
    return answers.refusal(message, Code.NO_SUCH_OBJECT, matched=str(snapshot.nearest(name)))
