"""What a listener says to a client of another protocol (a browser on the chat's port), or of a broken one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from netapp.core.languages import LANGS, Lang, Phrases

_REQUEST: Final = re.compile(rb"(GET|HEAD|POST|PUT|OPTIONS|DELETE|PROPFIND) \S+ HTTP/[0-9.]+\Z")

PHRASES: Final = Phrases(
    {
        "page": (
            "这里是 {service},不是网页;网页在 {page}",
            "This is {service}, not a web page; the page is at {page}",
        ),
        "no page": (
            "这里是 {service},不是网页;请用 telnet 或 nc 连接",
            "This is {service}, not a web page; connect with telnet or nc",
        ),
        "bad request": (
            "这不是正确的 HTTP 请求:每行末尾是 \\r\\n,最后是一个空行;1.1 版必须有一个 Host 头",
            "This is no HTTP request: lines end in \\r\\n, an empty one is the last, "
            "and version 1.1 has one Host",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Misdirected:
    """An effect: tell a browser in one line that this is no page, and where the page is."""

    service: str
    lang: Lang


class Page:
    """Where this process has a page, if one of its services has."""

    def __init__(self) -> None:
        self._listener: Callable[[], Any] | None = None

    def stands_at(self, get_host: Callable[[], Any]) -> None:
        """Take note of a listener.  :param get_host: gives its address, once it listens."""
        self._listener = self._listener or get_host

    @property
    def host(self) -> str | None:
        """What the page's listener is bound to; None where there is no page."""
        return getattr(self._listener(), "host", None) if self._listener is not None else None

    def url(self, host: str) -> str | None:
        """The page's address for somebody who has reached us at ``host``; None where there is none."""
        port = getattr(self._listener(), "port", None) if self._listener is not None else None
        if port is None:
            return None
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_http(line: bytes) -> bool:
    """Whether a first line is an HTTP request's (RFC 9112 section 3)."""
    return _REQUEST.match(line) is not None


def http_answer(service: str, page: str | None, lang: Lang) -> bytes:
    """One line that says where the page is, as a browser and curl show it."""
    key = "page" if page else "no page"
    said = PHRASES.say(lang, key, service=service, page=page or "")
    return _refusal("421 Misdirected Request", f"{said}\n")


def bad_request() -> bytes:
    """What stands for itself before any language is known: it is said in both."""
    said = "".join(f"{PHRASES.say(lang, 'bad request')}\n" for lang in LANGS)
    return _refusal("400 Bad Request", said)


def _refusal(status: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
