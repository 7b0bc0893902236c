"""Slips of paper with one-use codes."""

import re
import subprocess
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.languages import LANGS, Lang
from netapp.people import codes
from netapp.people.lists import slips
from netapp.people.lists.slips import Slip
from tests.real import tool

UNTIL = datetime(2026, 12, 5, 18, 0)
CODES = [codes.invitation(f"{number:016x}", bytes(32)) for number in range(14)]
HOSTILE = '<img src=x onerror="alert(1)">'
PEOPLE = [
    Slip("2024001", "张三", CODES[0], ("高一(3)班", "物理组")),
    Slip("x" * 64, "长" * 64, CODES[1]),
    Slip("bad", HOSTILE, CODES[2], ("<b>g</b>",)),
    *(Slip(f"s{number}", f"学生 {number}", CODES[number]) for number in range(3, 14)),
]


class Page(HTMLParser):
    """What a browser makes of it: the elements, and the words in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def sheet(people: list[Slip], lang: Lang = "zh", **options: str) -> str:
    return slips.sheet(people, address="telnet 192.0.2.5 9999", until=UNTIL, lang=lang, **options)


def test_each_slip_has_all_that_its_owner_needs() -> None:
    page = Page(sheet(PEOPLE))
    for slip in PEOPLE:
        assert {slip.name, slip.shown, slip.code} <= set(page.words)
    assert page.words.count("telnet 192.0.2.5 9999") == len(PEOPLE)
    assert page.words.count("邀请码只能用一次,2026 年 12 月 5 日 18:00 前有效") == len(PEOPLE)
    assert "高一(3)班 · 物理组" in page.words
    classes = [attributes.get("class") or "" for _, attributes in page.tags]
    assert classes.count("qr") == len(PEOPLE)
    assert classes.count("page") == 2
    assert "第 1 页,共 2 页" in page.words


def test_it_is_in_english_too() -> None:
    page = Page(sheet(PEOPLE, "en", title="Class 7b"))
    assert "The code is good once, until 5 December 2026, 18:00" in page.words
    assert "page 2 of 2" in page.words
    assert page.words.count("Class 7b") == 3  # the title, and above each page
    assert not re.search(r"[\u4e00-\u9fff]", sheet([Slip("a", "b", CODES[0])], "en"))


def test_l30_what_a_name_holds_is_text() -> None:
    hostile = Slip('"><script>', HOSTILE, CODES[0], ("</style><script>",))
    shown = sheet([hostile], title="</title><script>alert(1)</script>")
    page = Page(shown)
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in Page(sheet(PEOPLE)).tags}
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert HOSTILE in page.words


def test_l30_what_would_turn_text_around_or_not_be_seen_is_shown() -> None:
    page = Page(sheet([Slip("a", "b\u202ec\x1b\ud800", CODES[0])]))
    assert "b⟦U+202E⟧c⟦U+001B⟧⟦U+D800⟧" in page.words


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(LANGS))
def test_whatever_the_names_are_the_page_has_the_same_elements(name: str, shown: str, lang: Lang) -> None:
    plain, made = sheet([Slip("a", "b", CODES[0])], lang), sheet([Slip(name, shown, CODES[0])], lang)
    made.encode()
    skeleton = [tag for tag, _ in Page(plain).tags]
    assert [tag for tag, _ in Page(made).tags] == skeleton


def test_it_fetches_nothing() -> None:
    shown = sheet(PEOPLE)
    page = Page(shown)
    assert not {"src", "href", "srcset", "action"} & {
        name for _, attributes in page.tags for name in attributes
    }
    assert "url(" not in shown
    assert "@import" not in shown
    policy = [attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_a_code_is_not_in_a_log() -> None:
    assert CODES[0] not in repr(PEOPLE[0])


# In a real browser -------------------------------------------------------------------------------


def chromium(folder: Path, *options: str) -> None:
    common = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    )
    done = subprocess.run(
        [tool("chromium", "chromium"), *common, f"--user-data-dir={folder / 'profile'}", *options,
         (folder / "sheet.html").as_uri()],
        cwd=folder, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-500:]


@pytest.mark.real
def test_a_browser_prints_ten_on_a_page_and_the_codes_can_be_read_from_it(tmp_path: Path) -> None:
    zbarimg = tool("zbarimg", "zbar-tools")
    tool("chromium", "chromium")
    (tmp_path / "sheet.html").write_text(sheet(PEOPLE, link="https://192.0.2.5/in#{code}"), "utf-8")

    chromium(tmp_path, "--print-to-pdf=sheet.pdf", "--no-pdf-header-footer")
    pdf = (tmp_path / "sheet.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    assert re.findall(rb"/MediaBox\s*\[0 0 (\d+)[.\d]* (\d+)", pdf)[0] == (b"594", b"841")  # A4 in points

    chromium(tmp_path, "--screenshot=sheet.png", "--window-size=900,2600", "--force-device-scale-factor=1.5")
    read = subprocess.run(
        [zbarimg, "--raw", "--quiet", "-Sdisable", "-Sqr.enable", "sheet.png"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert sorted(read.stdout.split()) == sorted(f"https://192.0.2.5/in#{code}" for code in CODES)
