"""One file over HTTP: into NAME.part, resumed where it was cut, checked, then under its name.

Resuming sends ``If-Range`` (RFC 9110 section 13.1.5), so that a file which has changed meanwhile is
fetched anew and never glued from two; the ETag that this needs is kept beside the part.
"""

import hashlib
import http.client
import os
import re
import time
from pathlib import Path
from typing import BinaryIO, Final

from netapp.cli import common, files
from netapp.cli.progress import Advance
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "cut": (
            "{name} 在 {done} 字节处中断;再次运行可以续传",
            "{name} was cut at {done} octets; run again to go on",
        ),
        "again": ("{name} 在 {done} 字节处中断,正在续传...", "{name} was cut at {done} octets, going on ..."),
        "digest": ("{name} 的 SHA-256 不符,已丢弃", "{name} has the wrong SHA-256 and was thrown away"),
        "range": ("{name}:服务器的续传回答有误", "{name}: the server's answer to a range makes no sense"),
    }
)
say: Final = common.words(PHRASES)
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)", re.ASCII)


class Cut(Exception):
    """The transfer ended before its time."""


class Download:
    """One file.  :param path: where it is saved in the end."""

    def __init__(self, server: common.HostPort, name: str, path: Path, advance: Advance) -> None:
        self._server, self._name, self._path, self._advance = server, name, path, advance
        self._part = path.with_name(path.name + ".part")
        self._tag = path.with_name(path.name + ".part.etag")
        self._done = 0

    def run(self) -> bool:
        """Fetch it.  :returns: whether the server gave a SHA-256 that we could check."""
        for attempt in range(limits.GET_RESUMES + 1):
            try:
                return self._fetch()
            except Cut:
                if attempt == limits.GET_RESUMES:
                    break
                common.note(say("again", name=self._name, done=self._done))
                time.sleep(0.2 * 2**attempt)
        return common.fail(say("cut", name=self._name, done=self._done))

    def _resumable(self) -> bool:
        return self._tag.exists()

    def _fetch(self) -> bool:
        with files.connected(self._server) as connection:
            headers = {"Want-Repr-Digest": "sha-256=10", "Connection": "close"}
            offset = self._part.stat().st_size if self._part.exists() and self._resumable() else 0
            if offset:
                headers |= {"Range": f"bytes={offset}-", "If-Range": self._tag.read_text("ascii")}
            try:
                connection.request("GET", files.path_of(self._name), headers=headers)
                response = connection.getresponse()
            except http.client.BadStatusLine:
                if not self._done:
                    raise  # nothing has come yet: this is no HTTP
                raise Cut from None
            except (OSError, http.client.HTTPException):
                raise Cut from None
            if offset and self._changed(response):
                self._forget()
                raise Cut
            if response.status not in (200, 206):
                common.fail(files.refuse(self._name, response))
            return self._take(response, offset if response.status == 206 else 0)

    def _changed(self, response: http.client.HTTPResponse) -> bool:
        """Whether the part is no beginning of what is there now; not every server obeys If-Range."""
        tag = response.headers.get("ETag", "")
        return response.status == 416 or (response.status == 206 and tag != self._tag.read_text("ascii"))

    def _take(self, response: http.client.HTTPResponse, offset: int) -> bool:
        total = self._total(response, offset)
        tag = response.headers.get("ETag", "")
        if not offset:
            self._forget()
            if tag.startswith('"') and tag.isascii():  # a weak one proves nothing about octets
                with files.open_local(self._tag, "wb") as kept:
                    kept.write(tag.encode("ascii"))
        digest = hashlib.sha256()
        with files.open_local(self._part, "r+b" if offset else "wb") as part:
            while piece := part.read(files.PIECE) if offset else b"":
                digest.update(piece)
            self._copy(response, part, digest, offset, total)
        if total is not None and self._done < total:
            raise Cut
        expected = files.digest_of(response.headers)
        if expected is not None and digest.digest() != expected:
            self._forget()
            common.fail(say("digest", name=self._name))
        os.replace(self._part, self._path)
        self._tag.unlink(missing_ok=True)
        return expected is not None

    def _total(self, response: http.client.HTTPResponse, offset: int) -> int | None:
        if not offset:
            return response.length
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != offset:
            self._forget()
            common.fail(say("range", name=self._name))
        return int(match[2]) if match[2] != "*" else None

    def _copy(
        self,
        response: http.client.HTTPResponse,
        part: BinaryIO,
        digest: "hashlib._Hash",
        offset: int,
        total: int | None,
    ) -> None:
        self._done = offset
        self._advance(offset, total)
        while True:
            try:
                piece = response.read1(files.PIECE)
            except (OSError, http.client.HTTPException):
                raise Cut from None
            if not piece:
                return
            part.write(piece)
            digest.update(piece)
            self._done += len(piece)
            self._advance(self._done, total)

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)
