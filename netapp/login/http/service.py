"""The verification endpoint from its configuration."""

import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from twisted.internet import defer

from netapp.core.access import Access
from netapp.core.clock import Wall
from netapp.core.exchange import Asked, Response
from netapp.core.http import Channel
from netapp.core.metrics import Metrics, Reading
from netapp.core.streams import Peer, SessionFactory
from netapp.errors import Unavailable
from netapp.login.config import Config
from netapp.login.http.session import Person, Question, Rules
from netapp.login.http.tries import Tries
from netapp.login.http.verifier import PeopleVerifier
from netapp.people.directory import People


def http_factory(
    config: Config, people: People, portal: Any, reactor: Any, access: Access, metrics: Metrics
) -> SessionFactory:
    """Connections of proxies that ask whom to let in.

    :param portal: not asked: it opens sessions, and nobody stays here.
    """
    rules, verifier = Rules(config.proxy), PeopleVerifier(people)
    tries = Tries(verifier, reactor)
    people.changes.subscribe(lambda _: tries.forget())
    people.changes.subscribe(lambda _: verifier.forget())
    door = Door(rules, tries, Wall(time.time))
    _count(metrics, rules, verifier)

    def build(peer: Peer) -> Channel:
        return Channel(partial(door.answer, peer[0]), reactor)

    return SessionFactory(build, access)


class Door:
    """Answers requests, at once or when it is known who asks."""

    def __init__(self, rules: Rules, tries: Tries, wall: Wall) -> None:
        self._rules, self._tries, self._wall = rules, tries, wall

    def answer(self, peer: str, asked: Asked) -> Response | Coroutine[Any, Any, Response]:
        """:param peer: the address at the other end of the connection."""
        step = self._rules.begin(asked, peer, self._wall.seconds())
        if isinstance(step, Response):
            return step
        return self._verdict(step, self._tries.ask(step.credentials, step.source))

    async def _verdict(self, question: Question, asked: "defer.Deferred[Person | None]") -> Response:
        try:
            person = await asked
        except Unavailable:
            return self._rules.unavailable(self._wall.seconds())
        return self._rules.verdict(question, person, self._wall.seconds())


def _count(metrics: Metrics, rules: Rules, verifier: PeopleVerifier) -> None:
    def answers(status: int) -> Reading:
        return lambda: float(rules.answers[status])

    about = (
        (204, "admitted", "Requests that were let in."),
        (401, "refused", "Requests without credentials that are right."),
        (403, "forbidden", "Requests of people who may not come in there."),
        (503, "unavailable", "Requests that could not be verified then."),
    )
    for status, name, description in about:
        metrics.counter(f"netapp_login_http_{name}", description, answers(status))
    metrics.counter(
        "netapp_login_http_held", "Tries refused unseen, since others had just failed.", lambda: verifier.held
    )
