"""The sheet fits into 80 cells, whatever is on it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from netapp.core.cells import COLUMNS, cells, padded, wrapped
from netapp.core.languages import LANGS, Lang
from netapp.core.status.sheet import Sheet

LONGEST = "2001:db81:db82:db83:db84:db85:db86:db87"


def listener(owner: str, transport: str, port: int, reach: list[str], **more: Any) -> dict[str, Any]:
    host = reach[0] if reach else "127.0.0.1"
    place = {"owner": owner, "transport": transport, "port": port, "reach": reach}
    return {**place, "hint": f"nc {host} {port}", **more}


def told(*listeners: dict[str, Any], addresses: list[str], begin: str | None = None) -> dict[str, Any]:
    return {"listeners": listeners, "addresses": addresses, "begin": begin}


def everything(sheet: Sheet) -> list[str]:
    lines = [*sheet.head(), sheet.services_head()]
    for clients in (False, True):
        lines += sheet.services(clients=clients)
    lines += sheet.qr("") + sheet.hidden() + sheet.settings(None) + sheet.settings("/很长的目录" * 30)
    lines += sheet.first_admin("ABCDE-FGHJK-12345-67890-ABCDEF", 2e9, new=True)
    for alone in (True, False):
        lines += sheet.add_admin("netapp user add NAME --admin --state " + "/x" * 70, alone=alone)
    return lines + sheet.again("netapp status --state " + "y" * 90)


@pytest.mark.parametrize("lang", LANGS)
def test_the_longest_addresses_and_names_fit(lang: Lang) -> None:
    host = "a" * 63 + ".example.com"
    many = [LONGEST[:-1] + digit for digit in "0123456789abcdef"]
    rows = [
        listener(
            "netapp-udpchat",
            "udp",
            65535,
            many,
            hint=f"dig +short @{LONGEST} -p 65535 {host}",
            received=10**9,
        ),
        listener("netapp-udpchat", "tcp", 65535, many, connections=4096),
        listener("netapp-login", "tcp", 65535, [LONGEST], hint=f"telnet {LONGEST} 65535"),
        listener("netapp-echo", "tcp", 1, [], hint="echo \x1b[2J | nc 127.0.0.1 1"),
        *(listener("netapp-chat", "tcp", port, many) for port in range(60000, 60040)),
        {"owner": "netapp-file", "transport": "unix", "port": None, "reach": []},
    ]
    sheet = Sheet([told(*rows, addresses=many, begin=f"http://[{LONGEST}]:65535/")], lang)
    lines = everything(sheet)
    assert [line for line in lines if cell_len(line) > COLUMNS] == []
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("addresses", "said"), [(["192.0.2.1"], "--interface 192.0.2.1"), ([], "netapp status")]
)
def test_a_sheet_is_honest_about_loopback(lang: Lang, addresses: list[str], said: str) -> None:
    sheet = Sheet([told(listener("netapp-echo", "tcp", 1, []), addresses=addresses)], lang)
    assert said in " ".join(sheet.head())
    assert sheet.qr("qr") == []
    assert all(cell_len(line) <= COLUMNS for line in sheet.head())


def test_what_is_reached_otherwise_than_the_rest_says_so() -> None:
    both = ["192.0.2.1", "198.51.100.1"]
    sheet = Sheet(
        [
            told(
                listener("netapp-echo", "tcp", 1, both),
                listener("netapp-chat", "tcp", 2, both[:1]),
                listener("netapp-dns", "udp", 3, []),
                addresses=both,
            )
        ],
        "en",
    )
    lines = sheet.services()
    assert sheet.head()[1].split() == both
    assert "tcp 1   " in lines[0]
    assert "tcp 2 (at 192.0.2.1)" in lines[1]
    assert "udp 3 (this machine only)" in " ".join(lines)


def test_counts_of_a_service_are_of_all_its_listeners() -> None:
    sheet = Sheet(
        [
            told(
                listener("netapp-echo", "tcp", 1, [], connections=2),
                listener("netapp-echo", "udp", 1, [], received=7),
                listener("netapp-login", "tcp", 2, [], connections=3),
                addresses=[],
            )
        ],
        "en",
    )
    assert [line.split()[:3] for line in sheet.services(clients=True)] == [
        ["echo", "2", "7"],
        ["login", "3", "-"],
    ]


@given(st.text(max_size=300), st.integers(12, 90))
@example(" \x1f00", 12)  # spaces, then a word as long as a line
def test_wrapped_lines_fit_and_lose_nothing(text: str, columns: int) -> None:
    lines = wrapped(text, "  ", columns=columns)
    assert all(cells(line) <= columns for line in lines)
    kept = [char for char in "".join(lines) if char.isalnum()]
    assert [char for char in text if char.isalnum()] == [
        char for char in kept if char in set(text)
    ] or "⟦" in "".join(lines)


def test_a_chinese_line_is_broken_between_characters_and_begins_with_no_comma() -> None:
    assert wrapped("这里是一个很长的句子,后面还有", columns=20) == ["这里是一个很长的句", "子,后面还有"]
    assert wrapped("要运行 netapp status 才行", columns=10) == ["要运行", "netapp", "status 才", "行"]
    assert padded("中文", 6) == "中文  "
