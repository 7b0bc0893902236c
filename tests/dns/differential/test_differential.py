"""netapp's answers beside NSD's and Knot's, from zones of a seed; the differences are in explained.py.

NETAPP_SEEDS=40 tries that many seeds instead of a few; NETAPP_SEED=7 is the first of them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from random import Random
from typing import Final

import pytest

from netapp.names.lookup.walk import look_up
from netapp.names.snapshot import Snapshot
from tests import real
from tests.dns.differential.comparing import Said, of_lookup, of_message
from tests.dns.differential.explained import Case, foretold
from tests.dns.differential.odd import odd_questions, odd_zones
from tests.dns.differential.proving import proves
from tests.dns.differential.questions import Question, questions
from tests.dns.differential.servers import Asker, Served, can_sign, knot, nsd, sign
from tests.dns.differential.zones import drafts
from tests.names.texts import wire, zone_of

pytestmark = pytest.mark.real

FIRST: Final = int(os.environ.get("NETAPP_SEED", "1"))
SEEDS: Final = range(FIRST, FIRST + int(os.environ.get("NETAPP_SEEDS", "2")))
QUESTIONS: Final = 500
#: How zones are signed, if they are.
SIGNED: Final[dict[str, tuple[str, ...] | None]] = {
    "unsigned": None,
    "nsec": (),
    "nsec3": ("-3", "abcd", "-H", "3"),
    "optout": ("-3", "-", "-H", "0", "-A"),
}
OTHERS: Final[dict[str, tuple[str, Callable[..., AbstractContextManager[Asker]]]]] = {
    "nsd": ("nsd", nsd),
    "knot": ("knotd", knot),
}


class World:
    """The same zones in files and in a snapshot."""

    def __init__(self, seed: int, kind: str, folder: Path) -> None:
        """:param seed: 0 for the zones of odd.py."""
        random, options = Random(seed), SIGNED[kind]
        made = drafts(random) if seed else odd_zones(options is not None)
        self.zones, self.served = {}, []
        for at, draft in enumerate(made):
            text = draft.text
            if options is not None:
                text = sign(text, draft.origin, folder / f"keys{at}", *options)
            self.zones[wire(draft.origin)] = zone_of(text, draft.origin)
            self.served.append(Served(draft.origin, folder / f"zone{at}"))
            self.served[-1].path.write_text(text)
        self.snapshot = Snapshot({}, 1, self.zones)
        self.questions = questions(made, random, QUESTIONS) if seed else odd_questions()

    def ask(self, question: Question) -> Said:
        found = look_up(self.snapshot, wire(question.name), question.rdtype, question.dnssec)
        return of_lookup(found, question.dnssec)


@pytest.fixture(params=[f"{kind}-{seed}" for seed in (0, *SEEDS) for kind in SIGNED], scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    kind, _, seed = request.param.partition("-")
    if SIGNED[kind] is not None and not can_sign():
        pytest.skip("dnssec-signzone is not installed (Debian: bind9-utils)")
    return World(int(seed), kind, tmp_path_factory.mktemp("zones"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.mark.parametrize("who", OTHERS)
def test_answers_are_another_servers_or_explained(
    world: World, who: str, stack: ExitStack, tmp_path: Path
) -> None:
    program, serve = OTHERS[who]
    real.tool(program, who)
    asker = stack.enter_context(serve(world.served, tmp_path))
    unexplained = []
    for question in world.questions:
        theirs, ours = of_message(asker.ask(question)), world.ask(question)
        if foretold(who, Case(question, world.snapshot, theirs), ours) != theirs:
            unexplained.append(f"{question}\nnetapp: {ours}\n{who}: {theirs}")
    assert not unexplained, f"{len(unexplained)} differences, the first:\n{unexplained[0]}"


def test_what_is_denied_is_proved(world: World) -> None:
    if not any(zone.signed for zone in world.zones.values()):
        return
    wanting = [
        f"{question}\n{said}"
        for question in world.questions
        if question.dnssec and not proves(question, said := world.ask(question))
    ]
    assert not wanting, f"{len(wanting)} answers prove too little, the first:\n{wanting[0]}"
