"""``netapp get``: files over HTTP, or by the tutorials' bare name (T10, T18)."""

import shutil
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, Final

import click

from netapp.cli import common, files
from netapp.cli.progress import progress
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import Tongue, visible

PHRASES: Final = Phrases(
    {
        "ok": ("下载成功", "downloaded"),
        "failed": ("下载失败", "download failed"),
        "cut": ("{name} 没有传完", "{name} was cut"),
        "saved": ("已保存为 {path}", "saved as {path}"),
        "checked": ("已保存为 {path},SHA-256 一致", "saved as {path}, SHA-256 checked"),
    }
)
say: Final = common.words(PHRASES)
#: What T10 and T18 put before the name that they save under.
PREFIX: Final = "[新]"

EPILOG = """\b
Examples:
  netapp get 127.0.0.1:7878 welcome.txt
  netapp get 127.0.0.1:7878 films/one.mkv -o /tmp     run it again to go on where it was cut
  netapp get 127.0.0.1:7878 你好.txt --plain --encoding gbk"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(files.PORT), metavar="HOST:PORT")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--plain", is_flag=True, help="By the tutorials' wire: the bare name; saves [新]NAME.")
@common.encoding_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Save as PATH, or in that folder; - is standard output.",
)
def get(
    server: common.HostPort, names: tuple[str, ...], plain: bool, encoding: Any, output: Path | None
) -> None:
    """Fetch files.

    Over HTTP into NAME.part, renamed once it is whole; a cut transfer goes on where it stopped, and
    the SHA-256 is checked when the server gives it.  A bar is shown on a terminal.
    """
    for name in names:
        try:
            if plain:
                _plain(server, name, Tongue(encoding), output, many=len(names) > 1)
            elif output == Path("-"):
                _to_stdout(server, name)
            else:
                _save(server, name, files.target(output, name, many=len(names) > 1))
        except OSError as error:
            common.fail(common.trouble(error, error.filename or name))


def _save(server: common.HostPort, name: str, path: Path) -> None:
    from netapp.cli.download import Download

    with progress(visible(path.name)) as advance:
        checked = Download(server, name, path, advance).run()
    if sys.stderr.isatty():
        common.note(say("checked" if checked else "saved", path=path))


def _to_stdout(server: common.HostPort, name: str) -> None:
    with files.connected(server) as connection:
        connection.request("GET", files.path_of(name), headers={"Connection": "close"})
        response = connection.getresponse()
        if response.status != 200:
            common.fail(files.refuse(name, response))
        with common.output():
            shutil.copyfileobj(response, sys.stdout.buffer)
        if response.length:
            common.fail(say("cut", name=name))


def _plain(server: common.HostPort, name: str, tongue: Tongue, output: Path | None, *, many: bool) -> None:
    """The bare name out, the octets to the close in: all of them, not one ``recv``."""
    path = None if output == Path("-") else files.target(output, name, many=many, prefix=PREFIX)
    with common.connect(server, timeout=limits.COMMAND_CONNECT) as connection:
        try:
            connection.sendall(tongue.write(name))
            first = connection.recv(files.PIECE)
            if not first:
                common.fail(f"{name}: {say('failed')}")
            pieces = chain([first], iter(lambda: connection.recv(files.PIECE), b""))
            if path is None:
                with common.output():
                    sys.stdout.buffer.writelines(pieces)
                return
            _store(pieces, path)
        except (ConnectionError, TimeoutError):
            common.fail(f"{name}: {say('failed')}")
    common.write(say("ok"))
    common.note(say("saved", path=path))


def _store(pieces: Iterable[bytes], path: Path) -> None:
    """Save a file that appears whole or not at all."""
    part, done = path.with_name(path.name + ".part"), 0
    try:
        with files.open_local(part, "wb") as file, progress(visible(path.name)) as advance:
            for piece in pieces:
                file.write(piece)
                done += len(piece)
                advance(done, None)
    except (ConnectionError, TimeoutError):
        part.unlink(missing_ok=True)
        raise
    part.replace(path)
