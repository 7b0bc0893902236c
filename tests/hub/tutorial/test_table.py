"""The table on a terminal of 80 cells."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from netapp.core.languages import Lang
from netapp.hub.tutorial.ports import Place
from netapp.hub.tutorial.rows import RESPONDERS, ROWS
from netapp.hub.tutorial.table import PHRASES, table

SHARE = Path("/state/tutorial/share")


def shown(
    lang: Lang, host: str = "127.0.0.1", *, moved: dict[str, int] | None = None, **how: bool
) -> list[str]:
    moved = moved or {}
    places = [
        Place(each, moved.get(each.name, each.port), "Address already in use" if each.name in moved else "")
        for each in RESPONDERS
    ]
    return table(PHRASES.speaker(lang), host, places, SHARE, **how)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("host", ["127.0.0.1", "192.168.100.100"])
def test_it_fits_80_cells_with_everything_said(lang: Lang, host: str) -> None:
    everywhere = {each.name: 55000 + at for at, each in enumerate(RESPONDERS)}
    for line in shown(lang, host, moved=everywhere, operator=True, anywhere=True):
        assert cell_len(line) <= 80, line


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_columns_stand_one_below_the_other(lang: Lang) -> None:
    lines = [
        line for line in shown(lang) if line.startswith("T") and line[1].isdigit() and ": " not in line[:4]
    ]
    rows = [line for line in lines if line.split()[0][1:].isdigit()]
    at = {
        cell_len(line[: line.rindex(word)]) for line in rows for word in ("UDP ", "TCP ") if word in line[50:]
    }
    assert len(at) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_row_is_there(lang: Lang) -> None:
    lines = shown(lang)
    for row in ROWS:
        assert any(line.startswith(f"T{row.number:<3}{row.title[lang == 'en']}") for line in lines)


def test_what_is_elsewhere_is_marked_and_told() -> None:
    lines = shown("en", moved={"echo-tcp": 8890})
    (t27,) = (line for line in lines if line.startswith("T27"))
    assert t27.endswith('connect(("127.0.0.1", 8890))              TCP 8890*')
    assert any("TCP 8888: Address already in use -> 8890" in line and "T27" in line for line in lines)
    assert not any("->" in line for line in shown("en"))


def test_an_ipv6_address_has_its_brackets_in_commands_alone() -> None:
    lines = shown("zh", "::1")
    assert any('bind(("::1", 18888))' in line for line in lines)
    assert any("netapp udp [::1]:18888" in line for line in lines)


def test_who_answers_and_where_others_connect_to_is_said() -> None:
    assert not any("您来回答" in line for line in shown("zh"))
    assert any("您来回答" in line for line in shown("zh", operator=True))
    assert any("别的机器" in line for line in shown("zh", anywhere=True))
