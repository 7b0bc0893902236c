"""QR codes, read back by another program."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from netapp.people import qr
from tests.real import tool

URI = "otpauth://totp/netapp:%E5%BC%A0%E4%B8%89?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=netapp"
TEXTS = [URI, "0123A-BCDEF-GHJKM-NPQRS-TVWXYZ", "张三 <a&b>"]
SGR = re.compile(r"\x1b\[[\d;]*m")
#: Shades of grey.
BLACK, GREY, WHITE = 0, 40, 255
_HALVES = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}


def decoded(pixels: Sequence[Sequence[int]], tmp_path: Path, *options: str) -> str:
    """What zbarimg reads in a picture, enlarged five times."""
    zbarimg = tool("zbarimg", "zbar-tools")
    rows = [bytes(shade for shade in row for _ in range(5)) for row in pixels for _ in range(5)]
    picture = tmp_path / "picture.pgm"
    picture.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(rows))
    done = subprocess.run(
        [zbarimg, "--raw", "--quiet", "-Sdisable", "-Sqr.enable", *options, str(picture)],
        capture_output=True,
        check=False,
    )
    return done.stdout.decode().removesuffix("\n")


def screen(shown: str, ink: int, paper: int, around: int) -> list[list[int]]:
    """What a terminal draws of half blocks, with what is around them."""
    width = len(SGR.sub("", shown.splitlines()[0])) + 8
    rows = [[around] * width for _ in range(4)]
    for line in SGR.sub("", shown).splitlines():
        halves = [_HALVES[char] for char in line]
        for half in (0, 1):
            rows.append([around] * 4 + [ink if pair[half] else paper for pair in halves] + [around] * 4)
    return rows + [[around] * width for _ in range(4)]


@pytest.mark.real
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("around", [BLACK, WHITE])
def test_a_terminal_shows_a_code_on_any_background(text: str, around: int, tmp_path: Path) -> None:
    shown = qr.terminal(text)
    assert all(line.startswith("\x1b[0;30;107m") and line.endswith("\x1b[0m") for line in shown.splitlines())
    assert decoded(screen(shown, BLACK, WHITE, around), tmp_path) == text


@pytest.mark.real
@pytest.mark.parametrize(("ink", "paper"), [(WHITE, BLACK), (WHITE, GREY), (BLACK, WHITE)])
def test_without_colours_it_is_in_the_terminals_own(ink: int, paper: int, tmp_path: Path) -> None:
    shown = qr.terminal(URI, colours=False)
    assert "\x1b" not in shown
    inverted = ["-Stest-inverted"] if ink < paper else []  # which telephones read by themselves
    assert decoded(screen(shown, ink, paper, paper), tmp_path, *inverted) == URI


@pytest.mark.real
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("columns", [None, 80])
def test_a_terminal_without_half_blocks_is_given_coloured_spaces(
    text: str, columns: int | None, tmp_path: Path
) -> None:
    shown = qr.spaces(text, columns=columns)
    assert columns is None or max(len(SGR.sub("", line)) for line in shown.splitlines()) <= columns
    assert shown.encode("gbk").decode("gbk") == shown
    rows = []
    for line in shown.splitlines():
        cells = re.findall(r"\x1b\[(40|107)m  ", line)
        rows += [[BLACK if cell == "40" else WHITE for cell in cells]]
    assert decoded(rows, tmp_path) == text


@pytest.mark.real
@pytest.mark.parametrize("text", TEXTS)
def test_a_page_shows_a_code(text: str, tmp_path: Path) -> None:
    shown = qr.svg(text)
    assert re.fullmatch(r'<svg viewBox="0 0 \d+ \d+" class="qr">.*</svg>', shown, re.DOTALL)
    assert decoded(drawn(shown), tmp_path) == text


def drawn(svg: str) -> list[list[int]]:
    """The picture of strokes one module high."""
    side = int(svg.split('viewBox="0 0 ')[1].split()[0])
    rows = [[WHITE] * side for _ in range(side)]
    x, y = 0.0, 0.0
    path = svg.split('stroke="#000" d="')[1].partition('"')[0]
    for kind, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path):
        if kind == "h":
            rows[int(y)][int(x) : int(x) + int(first)] = [BLACK] * int(first)
            x += int(first)
        elif kind == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second)
    return rows


def test_a_second_factors_code_fits_a_terminal_of_24_lines() -> None:
    lines = qr.terminal(URI).splitlines()
    assert len(lines) <= 22
    assert len({len(SGR.sub("", line)) for line in lines}) == 1
    assert len(SGR.sub("", lines[0])) <= 46


def test_spaces_are_not_drawn_where_lines_would_be_broken() -> None:
    def columns(shown: str) -> set[int]:
        return {len(SGR.sub("", line)) for line in shown.splitlines()}

    assert columns(qr.spaces(URI)) == {82}
    assert columns(qr.spaces(URI, columns=82)) == {82}
    assert columns(qr.spaces(URI, columns=80)) == {78}
    assert qr.spaces(URI, columns=77) == ""


def test_nothing_of_the_text_becomes_markup() -> None:
    shown = qr.svg('<script>"&')
    assert "script" not in shown
