"""A folder as a page: no script, nothing from elsewhere, every name escaped."""

from html import escape

from netapp.core import text
from netapp.core.languages import Speaker
from netapp.file.http.conditions import http_date
from netapp.file.http.wire import path_of
from netapp.share.model import Entry, Listing

_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:left}"
    "td.n{text-align:right;white-space:nowrap}a{text-decoration:none}tr:hover{background:#8881}"
)


def folder_page(name: bytes, listing: Listing, zh: Speaker, en: Speaker) -> bytes:
    """A folder's page in both languages.  :param name: the folder's, ending with a slash."""

    def both(key: str, **fields: object) -> str:
        return f"{zh(key, **fields)} · {en(key, **fields)}"

    path = text.visible_octets(name)
    rows = [_row(entry) for entry in listing.entries]
    if name.strip(b"/"):
        rows.insert(0, f'<tr><td><a href="../">../ {escape(both("up"))}</a></td><td></td><td></td></tr>')
    if not listing.complete:
        rows.append(f'<tr><td colspan="3">{escape(both("more"))}</td></tr>')
    heads = "".join(f"<th>{escape(both(key))}</th>" for key in ("name", "size", "changed"))
    title = escape(both("index", path=path))
    return (
        '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"<table><tr>{heads}</tr>\n" + "\n".join(rows) + "\n</table></body></html>\n"
    ).encode("utf-8", "replace")


def _row(entry: Entry) -> str:
    slash = "/" if entry.is_folder else ""
    # "./" so that a name with a colon is not taken for a scheme: RFC 3986 section 4.2
    link = escape(f"./{path_of(entry.octets)}{slash}", quote=True)
    size = "" if entry.is_folder else f"{entry.size:,}"
    return (
        f'<tr><td><a href="{link}">{escape(entry.shown)}{slash}</a></td>'
        f'<td class="n">{size}</td><td class="n">{http_date(entry.mtime)}</td></tr>'
    )
