"""A chat line that somebody has seen is on the disk, whenever the power goes."""

from pathlib import Path

import pytest

from netapp.core import upgrading
from netapp.core.state import open_state
from netapp.talk import rows as talk
from tests import real
from tests.chat.test_real import LOCAL, line_chat
from tests.durable.conftest import Place, rows, some
from tests.durable.disk import Record, sent

pytestmark = pytest.mark.real
LINES = 30


@pytest.fixture(scope="module")
def talked(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A chat from its first start on nothing to its end, in which bob speaks and joe reads."""
    folder = tmp_path_factory.mktemp("talked")
    (folder / "root").mkdir()
    place = Place(folder / "root", shim, folder / "journal")
    with (
        place.running("netapp-chat", *LOCAL, "--flood=off", "--lang=en") as chat,
        line_chat(chat, "bob") as bob,
        line_chat(chat, "joe") as joe,
    ):
        for number in range(LINES):
            bob.send(f"line {number:04}.")
            joe.hear(f"[bob] line {number:04}.\r\n")
    return place


def seen(journal: list[Record]) -> list[int]:
    """When joe had each line."""
    return [sent(journal, f"[bob] line {number:04}.".encode()) for number in range(LINES)]


def test_l42_what_others_have_seen_is_there_after_a_power_cut(talked: Place, tmp_path: Path) -> None:
    journal = talked.records()
    told = seen(journal)
    assert any(record.kind == "F" for record in journal[: told[0]])
    checked = 0
    for moment, _, state in talked.cuts([*told, *some(journal)], tmp_path / "cut"):
        found = [
            text
            for (text,) in rows(
                state / "talk.db", "SELECT text FROM messages WHERE kind = 'say' ORDER BY number"
            )
        ]
        acknowledged = sum(each <= moment for each in told)
        assert len(found) >= acknowledged, f"at {moment}"
        assert found == [f"line {number:04}." for number in range(len(found))]
        checked += 1
    assert checked >= 2 * LINES


def test_a_chat_starts_on_what_a_power_cut_left(talked: Place, tmp_path: Path) -> None:
    moment = seen(talked.records())[0]
    for _, survivors, state in talked.cuts([moment], tmp_path / "cut"):
        if survivors is None:
            continue
        with (
            real.running("netapp-chat", *LOCAL, "--lang=en", state=state) as chat,
            line_chat(chat, "eve") as eve,
        ):
            eve.send("/history")
            eve.hear("line 0000.")


def test_a_start_that_was_cut_is_made_good_by_the_next(talked: Place, tmp_path: Path) -> None:
    """Whatever is there of a first start: the database is made, or made anew."""
    journal = talked.records()
    for _, _, state in talked.cuts(some(journal[: seen(journal)[0]]), tmp_path / "cut"):
        path = open_state(state) / "talk.db"
        upgrading.upgrade(path, talk.MIGRATIONS, talk.HEAD)
        assert rows(path, "SELECT version_num FROM alembic_version") == [(talk.HEAD,)]
