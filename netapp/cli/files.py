"""What ``get``, ``put`` and ``ls`` share: names, places on the disk, the service's HTTP."""

import http.client
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast
from urllib.parse import quote

from netapp.cli import common
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.platform import O_NOFOLLOW

#: The file service's port.
PORT: Final = 7878
#: Octets read at once.
PIECE: Final = 1 << 18

PHRASES: Final = Phrases(
    {
        "name": ("{name} 不能用作文件名", "{name} cannot be a file's name"),
        "no folder": (
            "-o {path} 不是目录,不能存放多个文件",
            "-o {path} is no folder: it cannot take many files",
        ),
        "no http": ("{where} 不是 HTTP 服务(可试 --plain)", "{where} speaks no HTTP (try --plain)"),
        "404": ("服务器上没有 {name}", "the server has no {name}"),
        "folder": ("{name} 是目录", "{name} is a folder"),
        "401": ("{name}:需要登录", "{name}: the server wants a login"),
        "403": ("{name}:服务器不允许", "{name}: the server does not allow it"),
        "405": ("{name}:服务器不接受上传", "{name}: the server takes no uploads"),
        "409": ("{name}:服务器上已有同名文件", "{name}: the server has one already"),
        "413": ("{name}:文件超过服务器的上限", "{name}: larger than the server takes"),
        "507": ("{name}:服务器空间不足", "{name}: the server has no room"),
        "status": ("{name}:服务器回答 {status} {reason}", "{name}: the server answers {status} {reason}"),
    }
)
say: Final = common.words(PHRASES)
_DIGEST: Final = re.compile(r"(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):")
_HEX_TAG: Final = re.compile(r'"(?:sha-?256[:-])?([0-9a-f]{64})"')


def local_name(name: str) -> str:
    """A remote name's last part, which cannot leave the folder it is saved in.  It fails if there is none."""
    last = re.split(r"[/\\]", name)[-1]
    if last in ("", ".", "..") or not last.isprintable() or len(os.fsencode(last)) > 240:
        common.fail(say("name", name=name))
    return last


def open_local(path: Path, mode: str) -> BinaryIO:
    """A file of ours, never one that a link of this name points at.  :raises OSError: it cannot be opened."""

    def no_link(name: str, flags: int) -> int:
        return os.open(name, flags | O_NOFOLLOW, 0o666)

    return cast(BinaryIO, open(path, mode, opener=no_link))


def target(output: Path | None, name: str, *, many: bool, prefix: str = "") -> Path:
    """Where a remote file is saved.

    :param output: ``-o``: a folder, or for one file its path; by default the current folder.
    """
    if output is None:
        return Path(prefix + local_name(name))
    if output.is_dir():
        return output / (prefix + local_name(name))
    if many:
        common.fail(say("no folder", path=output))
    return output


@contextmanager
def connected(server: common.HostPort) -> Iterator[http.client.HTTPConnection]:
    """An HTTP connection that is closed at the end; what is no HTTP ends the command in one line."""
    connection = http.client.HTTPConnection(*server, timeout=limits.COMMAND_CONNECT)
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:
        common.fail(common.trouble(common.as_system(error), common.shown(server)))
    try:
        yield connection
    except http.client.BadStatusLine:
        common.fail(say("no http", where=common.shown(server)))
    finally:
        connection.close()


def path_of(name: str) -> str:
    """A name as a request's path."""
    return "/" + quote(name.lstrip("/"), safe="/")


def refuse(name: str, response: http.client.HTTPResponse) -> str:
    """Why the server did not do it, in the user's language."""
    key = {404: "404", 410: "404", 412: "409"}.get(response.status, str(response.status))
    if response.status // 100 == 3 and response.headers.get("Location", "").endswith("/"):
        key = "folder"
    if key not in PHRASES.phrases:
        key = "status"
    return say(key, name=name, status=response.status, reason=response.reason)


def digest_of(headers: http.client.HTTPMessage) -> bytes | None:
    """The SHA-256 that the server gives: ``Repr-Digest`` (RFC 9530), or an ETag that is one."""
    if match := _DIGEST.search(headers.get("Repr-Digest", "")):
        return b64decode(match[1])
    if match := _HEX_TAG.fullmatch(headers.get("ETag", "")):
        return bytes.fromhex(match[1])
    return None
