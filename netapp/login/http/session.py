"""The rules of the verification endpoint: a request's head in, a question or a response out.

::

    /verify  without credentials, or with such as cannot be  -->  401
             with credentials                                -->  Question --> verdict
    verdict  nobody  -->  401;   somebody who may not  -->  403;   somebody who may  -->  204

Whatever keeps us from knowing lets nobody in: 503.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

from netapp.core import limits
from netapp.core.access import Network
from netapp.core.exchange import Asked, Response
from netapp.core.languages import Phrases
from netapp.errors import WireError
from netapp.login.http import wire
from netapp.people.model import ROLES, Role

PHRASES: Final = Phrases(
    {
        "root": (
            "这里是 netapp 的登录验证接口,供反向代理使用:/verify",
            "This is where reverse proxies verify netapp accounts: /verify",
        ),
        "alive": ("运行正常", "alive"),
        "401": ("请用 netapp 账号登录", "Log in with a netapp account"),
        "403": ("您的账号无权访问这里", "Your account may not come in here"),
        "404": ("没有这个地址,请用 /verify", "There is nothing here: ask /verify"),
        "400": (
            "问号后面有误,可用 role=guest|member|moderator|admin、group=组名、user=用户名",
            "The query is wrong; there are role=guest|member|moderator|admin, group=NAME and user=NAME",
        ),
        "503": ("暂时无法验证,请稍后再试", "Verifying does not work now, try again later"),
    }
)
Fields = tuple[tuple[str, str], ...]
_CHALLENGE: Final = ("WWW-Authenticate", 'Basic realm="netapp", charset="UTF-8"')
_TOKEN_CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="netapp", error="invalid_token"')
_RETRY: Final = ("Retry-After", str(limits.HTTP_RETRY))
_NOT_KEPT: Final = ("Cache-Control", "no-store")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was verified, by whatever means."""

    id: str
    name: str  # as it is found by
    shown: str  # as its owner writes it
    role: Role
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Requirement:
    """Who may come in: each kind that is given must be met, by any of its values."""

    role: Role | None = None  # this one or a higher one
    groups: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    def is_met(self, person: Person) -> bool:
        if self.role is not None and ROLES.index(person.role) < ROLES.index(self.role):
            return False
        if self.users and _folded(person.name) not in self.users:
            return False
        return not self.groups or not self.groups.isdisjoint(map(_folded, person.groups))


@dataclass(frozen=True, slots=True)
class Question:
    """Find out whose these are, and call :meth:`Rules.verdict`."""

    credentials: wire.Credentials
    source: str  # the address that asks; "" when there is none
    requirement: Requirement


def requirement_of(pairs: Iterable[tuple[str, str]]) -> Requirement:
    """What a query asks for.  :raises WireError: anything that we do not know, which lets nobody in."""
    roles: list[Role] = []
    groups, users = set(), set()
    for key, value in pairs:
        role = next((role for role in ROLES if role == value), None)
        if key == "role" and role is not None:
            roles.append(role)
        elif key == "group" and value:
            groups.add(_folded(value))
        elif key == "user" and value:
            users.add(_folded(value))
        else:
            raise WireError("a requirement that there is not", source="our own query")
    if len(roles) > 1:
        raise WireError("more than one role", source="our own query")
    return Requirement(roles[0] if roles else None, frozenset(groups), frozenset(users))


class Rules:
    """What is answered to whom.  ``now`` is the time of day, seconds since 1970.

    :param proxies: networks whose X-Forwarded-For is believed.
    """

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = tuple(proxies)
        self._zh, self._en = PHRASES.speaker("zh"), PHRASES.speaker("en")
        self.answers: Counter[int] = Counter()  # of /verify, by status

    def begin(self, asked: Asked, peer: str, now: float) -> Response | Question:
        """:param peer: the address at the other end of the connection."""
        try:
            path, pairs = wire.target_of(asked.target)
            if path != "/verify":
                return self._elsewhere(path, now)
            requirement = requirement_of(pairs)
        except WireError:
            return self._verify(400, now)
        try:
            credentials = wire.credentials_of(asked.headers.get("authorization", ()))
        except WireError:
            return self._verify(401, now, _CHALLENGE)
        about = asked.headers.get
        source = wire.client_of(peer, about("x-forwarded-for", ()), about("forwarded", ()), self._proxies)
        return Question(credentials, source, requirement)

    def verdict(self, question: Question, person: Person | None, now: float) -> Response:
        """The response for what :class:`Question` has brought to light; None is nobody."""
        if person is None:
            by_token = isinstance(question.credentials, wire.Bearer)
            return self._verify(401, now, _CHALLENGE, *([_TOKEN_CHALLENGE] if by_token else []))
        if not question.requirement.is_met(person):
            return self._verify(403, now)
        self.answers[204] += 1
        about: Fields = (
            ("Remote-User", wire.field_text(person.name)),
            ("Remote-Name", wire.field_text(person.shown)),
            ("Remote-Role", person.role),
            ("Remote-Groups", ",".join(map(wire.field_text, sorted(person.groups)))),
            ("Remote-Id", wire.field_text(person.id)),
        )
        return Response(204, (*_dated(now), *about))

    def unavailable(self, now: float) -> Response:
        """We cannot know: nobody comes in."""
        return self._verify(503, now, _RETRY)

    def _verify(self, status: int, now: float, *fields: tuple[str, str]) -> Response:
        self.answers[status] += 1
        return self._said(status, str(status), now, *fields)

    def _elsewhere(self, path: str, now: float) -> Response:
        if path == "/":
            return self._said(200, "root", now)
        if path == "/healthz":
            return self._said(200, "alive", now)
        return self._said(404, "404", now)

    def _said(self, status: int, key: str, now: float, *fields: tuple[str, str]) -> Response:
        """A line in both languages: Caddy and Traefik show it to whoever is at the browser."""
        body = f"{self._zh(key)}\n{self._en(key)}\n".encode()
        about: Fields = (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
        )
        return Response(status, (*_dated(now), *about, *fields), (body,))


def _dated(now: float) -> Fields:
    return (("Date", formatdate(now, usegmt=True)), _NOT_KEPT)


def _folded(name: str) -> str:
    """Names of people and groups are the same in any case and normal form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
