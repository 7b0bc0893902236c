"""Slips of paper with one-use codes: a page of HTML to print on A4, cut up and hand out.

The page holds everything that it shows, runs nothing and fetches nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Final

from netapp.core.languages import Lang, Phrases, Speaker
from netapp.core.text import visible
from netapp.people import qr

PHRASES: Final = Phrases(
    {
        "title": ("登录条", "Login slips"),
        "page": ("第 {number} 页,共 {count} 页", "page {number} of {count}"),
        "print": (
            "打印:A4 纸,缩放 100%,每页 {each} 张,沿虚线剪开。每张上的邀请码只能用一次,请不要外传这个文件。",
            "Print on A4 at 100 %, {each} slips to a page, and cut along the dashes. "
            "Each code is good once: keep this file to yourself.",
        ),
        "name": ("用户名", "User name"),
        "connect": ("连接 {address}", "Connect: {address}"),
        "code": ("问用户名时,输入下面的邀请码", "At the name, type the code below"),
        "password": ("给自己设一个密码,以后就用它登录", "Choose a password of your own"),
        "until": (
            "邀请码只能用一次,{date} 前有效",
            "The code is good once, until {date}",
        ),
        "date": (
            "{year} 年 {month} 月 {day} 日 {hour:02}:{minute:02}",
            "{day} {month} {year}, {hour:02}:{minute:02}",
        ),
    }
)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: No script, no picture, nothing from elsewhere: whatever a name holds.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
#: Slips on one page: two columns of five.
EACH: Final = 10
#: Names that are longer than this are set smaller, and smaller again; a user name is never cut.
_LONG: Final = (14, 28)
_STYLE: Final = """
@page { size: A4; margin: 0 }
* { box-sizing: border-box; margin: 0 }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact }
body { background: #d9dde2; color: #16202b; font: 8.5pt/1.4 "Noto Sans", "Noto Sans CJK SC",
  "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Helvetica Neue", Arial, sans-serif }
.note { max-width: 190mm; margin: 6mm auto; font-size: 10pt }
.page { width: 210mm; height: 296mm; margin: 0 auto 8mm; padding: 9mm 10mm 0; overflow: hidden;
  background: #fff; box-shadow: 0 1mm 4mm #0003; break-inside: avoid }
.page > header { display: flex; justify-content: space-between; height: 7mm; color: #5b6774 }
.slips { display: grid; grid-template-columns: 95mm 95mm; grid-auto-rows: 54mm;
  border: dashed #9aa5b1; border-width: .25mm 0 0 .25mm; width: max-content }
.slip { position: relative; padding: 4mm 5mm 3mm; overflow: hidden; break-inside: avoid;
  border: dashed #9aa5b1; border-width: 0 .25mm .25mm 0; display: flex; flex-direction: column }
.qr { position: absolute; top: 2mm; right: 2mm; width: 32mm; height: 32mm }
.who { width: 55mm; overflow-wrap: anywhere; line-height: 1.2 }
.shown { font-size: 15pt; font-weight: 700 }
.groups { color: #5b6774; font-size: 8pt; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.long .shown { font-size: 11pt }
.longer .shown { font-size: 8pt; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
  overflow: hidden }
.longer .groups { display: none }
.name { margin-top: .6mm; font-size: 8.5pt }
.name b { font-size: 10.5pt }
.long .name b { font-size: 9pt }
.longer .name b { font-size: 7pt }
ol { width: 55mm; margin-top: auto; padding: 0; list-style: none; counter-reset: step; line-height: 1.35 }
li { position: relative; padding-left: 4.6mm; margin-top: .5mm; overflow-wrap: anywhere;
  counter-increment: step; font-size: 8pt }
li::before { content: counter(step); position: absolute; left: 0; top: .45mm; width: 3.3mm; height: 3.3mm;
  border-radius: 50%; background: #1f4e79; color: #fff; font-size: 6.5pt; line-height: 3.3mm;
  text-align: center }
code, .name b { font-family: "DejaVu Sans Mono", "Noto Sans Mono", "Noto Sans Mono CJK SC", Consolas, Menlo,
  monospace }
li code { font-size: 7.5pt; font-weight: 700 }
.code { margin-top: 1.8mm; padding: 1.2mm 0; border-radius: 1mm; background: #eaf0f6; flex: none;
  text-align: center; font-size: 11.5pt; font-weight: 700; white-space: nowrap }
.until { margin-top: 1mm; color: #5b6774; font-size: 7pt; text-align: center }
@media print { body { background: #fff } .note { display: none }
  .page { margin: 0; box-shadow: none; break-after: page } .page:last-child { break-after: auto } }
"""


@dataclass(frozen=True, slots=True)
class Slip:
    """What one person is handed."""

    name: str  # of the account
    shown: str  # the display name
    code: str = field(repr=False)
    groups: tuple[str, ...] = ()


def sheet(
    slips: Sequence[Slip], *, address: str, until: datetime, lang: Lang, title: str = "", link: str = "{code}"
) -> str:
    """The page, as HTML in UTF-8.

    :param address: where to log in, as people must type it: ``telnet 192.0.2.1 9999``.
    :param until: when the codes are over, in the time of those who read it.
    :param title: what stands above each page, such as the class.
    :param link: what a QR says; ``{code}`` in it is the code.
    """
    say = Speaker(PHRASES, lang)
    title = title or say("title")
    until_text = say("until", date=_date(until, say))
    pages = [slips[first : first + EACH] for first in range(0, len(slips), EACH)]
    body = "".join(
        f'<section class="page"><header><span>{_html(title)}</span>'
        f"<span>{_html(say('page', number=number, count=len(pages)))}</span></header>"
        f'<div class="slips">{"".join(_slip(slip, say, address, until_text, link) for slip in page)}</div>'
        "</section>\n"
        for number, page in enumerate(pages, 1)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="referrer" content="no-referrer"><title>{_html(title)}</title>\n'
        f"<style>{_STYLE}</style></head><body>\n"
        f'<p class="note">{_html(say("print", each=EACH))}</p>\n{body}</body></html>\n'
    )


def _slip(slip: Slip, say: Speaker, address: str, until: str, link: str) -> str:
    longest = max(len(slip.name), len(slip.shown))
    size = ("", " long", " longer")[sum(longest > bound for bound in _LONG)]
    shown = slip.shown or slip.name
    return (
        f'<article class="slip{size}">{qr.svg(link.replace("{code}", slip.code))}'
        f'<div class="who"><div class="shown">{_html(shown)}</div>'
        f'<div class="groups">{_html(" · ".join(slip.groups))}</div>'
        f'<div class="name">{_html(say("name"))} <b>{_html(slip.name)}</b></div></div>'
        f"<ol>{''.join(f'<li>{step}</li>' for step in _steps(say, address))}</ol>"
        f'<div class="code"><code>{_html(slip.code)}</code></div>'
        f'<div class="until">{_html(until)}</div></article>\n'
    )


def _steps(say: Speaker, address: str) -> Iterator[str]:
    """What to do, as HTML."""
    before, _, after = say("connect", address="\0").partition("\0")
    yield f"{_html(before)}<code>{_html(address)}</code>{_html(after)}"
    yield _html(say("code"))
    yield _html(say("password"))


def _date(moment: datetime, say: Speaker) -> str:
    return say(
        "date",
        year=moment.year,
        month=_MONTHS[moment.month - 1] if say.lang == "en" else moment.month,
        day=moment.day,
        hour=moment.hour,
        minute=moment.minute,
    )


def _html(text: str) -> str:
    """Text as HTML; what would not be seen, or would turn text around, is shown as what it is."""
    return escape(visible(text), quote=True)
