"""``netapp http``: an HTTP answer as it is, status line, headers and body (T25)."""

import http.client
from typing import Final
from urllib.parse import quote, urlsplit

import click

from netapp.cli import common
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import decode

PHRASES: Final = Phrases(
    {
        "url": ("{url} 不是网址:请写成 http://主机/路径", "{url} is no URL: write http://HOST/PATH"),
        "no http": ("{where} 的回答不是 HTTP", "{where} gives no HTTP answer"),
        "cut": ("{where} 没有传完就断开了连接", "{where} closed before the end"),
    }
)
say: Final = common.words(PHRASES)

EPILOG = """\b
Examples:
  netapp http http://www.example.com/
  netapp http 127.0.0.1:7878/welcome.txt --head"""


@click.command("http", epilog=EPILOG)
@click.argument("url", metavar="URL")
@click.option("--head", is_flag=True, help="Ask for status line and headers only.")
def http_(url: str, head: bool) -> None:
    """Show an HTTP answer: status line, headers, a blank line, the body.

    The text is read as UTF-8, else as GB18030.  The exit status is 1 if the answer is an error.
    """
    connection, path = _connection(url)
    where = common.shown((connection.host, connection.port))
    try:
        connection.request("HEAD" if head else "GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        _show_head(response)
        body = response.read(limits.COMMAND_MESSAGE)
    except (http.client.IncompleteRead, ConnectionError) as error:
        if isinstance(error, http.client.RemoteDisconnected):
            common.fail(say("no http", where=where))
        if isinstance(error, http.client.IncompleteRead):
            common.write(decode(error.partial)[0], keep="\n\t")
            common.fail(say("cut", where=where))
        common.fail(common.trouble(error, where))
    except (OSError, UnicodeError) as error:
        common.fail(common.trouble(common.as_system(error), where))
    except http.client.HTTPException:
        common.fail(say("no http", where=where))
    finally:
        connection.close()
    if body:
        common.write(decode(body)[0].replace("\r\n", "\n").removesuffix("\n"), keep="\n\t")
    if response.length and not head:
        common.fail(say("cut", where=where))
    click.get_current_context().exit(1 if response.status >= 400 else 0)


def _show_head(response: http.client.HTTPResponse) -> None:
    version = f"HTTP/{response.version // 10}.{response.version % 10}"
    common.write(f"{version} {response.status} {response.reason}".rstrip())
    for name, value in response.headers.raw_items():
        common.write(f"{name}: {_text(value)}")
    common.write("")


def _text(value: object) -> str:
    """A field's value; http.client has read its octets as ISO 8859-1."""
    return decode(str(value).encode("latin-1", "replace"))[0]


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    """The connection that a URL asks for, and the request's target."""
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        common.fail(say("url", url=url))
    if parts.scheme not in ("http", "https") or not host:
        common.fail(say("url", url=url))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    return kind(host, port, timeout=limits.COMMAND_CONNECT), target
