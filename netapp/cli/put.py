"""``netapp put``: files into the file service, by HTTP PUT."""

import hashlib
import http.client
import os
import select
import socket
import sys
from pathlib import Path
from typing import BinaryIO, Final

import click

from netapp.cli import common, files
from netapp.cli.progress import Advance, progress
from netapp.core.languages import Phrases
from netapp.core.text import visible

PHRASES: Final = Phrases(
    {
        "plain": ("裸文件名的协议不能上传", "the bare-name wire cannot store"),
        "digest": ("{name}:服务器存下的 SHA-256 不符", "{name}: what the server stored has another SHA-256"),
        "cut": ("{name}:上传中断", "{name}: the upload was cut"),
        "stored": ("已上传 {name}", "stored {name}"),
    }
)
say: Final = common.words(PHRASES)
#: Seconds that a server may take to say 100 Continue before we send anyway: RFC 9110 section 10.1.1.
_CONTINUE: Final = 1.0

EPILOG = """\b
Examples:
  netapp put 127.0.0.1:7878 report.pdf
  netapp put 127.0.0.1:7878 a.txt b.txt -o inbox/"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(files.PORT), metavar="HOST:PORT")
@click.argument("names", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NAME...")
@click.option("--plain", is_flag=True, help="Not possible: the bare-name wire only fetches.")
@click.option("-o", "--output", metavar="PATH", help="Name on the server; a folder if it ends in /.")
def put(server: common.HostPort, names: tuple[Path, ...], plain: bool, output: str | None) -> None:
    """Store files on the server, by HTTP PUT."""
    if plain:
        common.fail(say("plain"))
    for path in names:
        remote = path.name if output is None else output
        if output is not None and (output.endswith("/") or len(names) > 1):
            remote = f"{output.rstrip('/')}/{path.name}"
        try:
            with open(path, "rb") as file, progress(visible(path.name)) as advance:
                _put(server, remote, file, advance)
        except OSError as error:
            common.fail(common.trouble(error, error.filename or common.shown(server)))
        if sys.stderr.isatty():
            common.note(say("stored", name=remote))


def _put(server: common.HostPort, name: str, file: BinaryIO, advance: Advance) -> None:
    size = os.fstat(file.fileno()).st_size
    with files.connected(server) as connection:
        connection.putrequest("PUT", files.path_of(name), skip_accept_encoding=True)
        for field, value in (("Content-Length", str(size)), ("Expect", "100-continue")):
            connection.putheader(field, value)
        connection.putheader("Connection", "close")
        connection.endheaders()
        digest = None
        if _may_send(connection.sock):
            digest = _send(connection, file, size, advance)
        try:
            response = connection.getresponse()
        except http.client.BadStatusLine:
            if digest is None:
                common.fail(say("cut", name=name))
            raise
    if response.status not in (200, 201, 204):
        common.fail(files.refuse(name, response))
    stored = files.digest_of(response.headers)
    if digest is None or (stored is not None and stored != digest):
        common.fail(say("digest", name=name))


def _may_send(sock: socket.socket) -> bool:
    """Whether the server takes the body; a refusal comes before it, and is then the answer."""
    if not select.select([sock], [], [], _CONTINUE)[0]:
        return True
    return sock.recv(12, socket.MSG_PEEK)[9:12] == b"100"


def _send(
    connection: http.client.HTTPConnection, file: BinaryIO, size: int, advance: Advance
) -> bytes | None:
    """:returns: the SHA-256 of what was sent; ``None`` when the server would take no more."""
    digest, done = hashlib.sha256(), 0
    while piece := file.read(min(files.PIECE, size - done)):
        try:
            connection.send(piece)
        except ConnectionError:
            return None  # it has answered already, or is gone
        digest.update(piece)
        done += len(piece)
        advance(done, size)
    return digest.digest()
