"""``netapp ls``: the file service's files, over HTTP or by the line ``LIST``."""

import re
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

import click

from netapp.cli import common, files
from netapp.cli.assistant import streams
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import Tongue, decode

PHRASES: Final = Phrases(
    {
        "missing": ("服务器上没有目录 {name}", "the server has no folder {name}"),
        "silent": ("{where} 没有列出文件", "{where} lists nothing"),
    }
)
say: Final = common.words(PHRASES)
#: The service's word, in either language, for a folder that it has not; a listed line begins with a size.
_MISSING: Final = re.compile("(?:没有这个文件夹|no such folder)[:\uff1a].*")

EPILOG = """\b
Examples:
  netapp ls 127.0.0.1:7878
  netapp ls 127.0.0.1:7878 films --plain        with sizes, by the line LIST"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(files.PORT), metavar="HOST:PORT")
@click.argument("names", nargs=-1, metavar="[FOLDER]...")
@click.option("--plain", is_flag=True, help="By the line LIST instead of HTTP.")
@common.encoding_option
def ls(server: common.HostPort, names: tuple[str, ...], plain: bool, encoding: Any) -> None:
    """List the files of the share, or of folders in it."""
    for folder in names or ("",):
        if plain:
            _by_line(server, folder, Tongue(encoding))
        else:
            _by_http(server, folder)


def _by_line(server: common.HostPort, folder: str, tongue: Tongue) -> None:
    with common.connect(server, timeout=limits.COMMAND_CONNECT) as connection:
        connection.sendall(tongue.write(f"LIST {folder}".rstrip() + "\n"))
        try:
            octets = streams.rest(connection)
        except OSError as error:
            common.fail(common.trouble(error, common.shown(server)))
    if not octets:
        common.fail(say("silent", where=common.shown(server)))
    lines = decode(octets)[0].splitlines()
    if len(lines) == 1 and _MISSING.fullmatch(lines[0]):
        common.fail(say("missing", name=folder))
    for line in lines:
        common.write(line)


def _by_http(server: common.HostPort, folder: str) -> None:
    path = files.path_of(folder.rstrip("/") + "/")
    with files.connected(server) as connection:
        headers = {"Accept": "text/plain, text/html;q=0.9", "Connection": "close"}
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            octets = response.read(limits.COMMAND_MESSAGE)
        except OSError as error:
            common.fail(common.trouble(error, common.shown(server)))
    if response.status != 200:
        common.fail(files.refuse(folder or "/", response))
    page = decode(octets)[0]
    if response.headers.get_content_type() != "text/html":
        lines = page.splitlines()
    else:
        index = _Index(path)
        index.feed(page)
        lines = list(index.names)
    for line in lines:
        common.write(line)


class _Index(HTMLParser):
    """The names that a folder's page links to: ours, nginx's, Python's ``http.server``'s.

    :param path: the page's own.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.names: dict[str, None] = {}
        self._path = path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = urlsplit(dict(attrs).get("href") or "") if tag == "a" else None
        if link is None or link.scheme or link.netloc or link.query:
            return
        path = link.path.removeprefix(self._path).removeprefix("./")
        name = decode(unquote_to_bytes(path))[0]
        if name and not name.startswith(("/", "..")) and "/" not in name[:-1]:
            self.names[name] = None
