"""Targets to names and names to fields: RFC 3986, RFC 6266, and what a browser may do with a file."""

import mimetypes
import re
from typing import Final
from urllib.parse import quote_from_bytes

from netapp.core import text
from netapp.errors import WireError

_ESCAPES: Final = re.compile(rb"%(..?)?", re.DOTALL)
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{2}")
_TYPES: Final = mimetypes.MimeTypes(filenames=())  # not the machine's own table: the same everywhere
for _ending in (
    ".c",
    ".cfg",
    ".conf",
    ".go",
    ".h",
    ".ini",
    ".java",
    ".log",
    ".md",
    ".rs",
    ".sh",
    ".toml",
    ".yaml",
):
    _TYPES.add_type("text/plain", _ending)
#: What a browser may show in our name; anything else is saved.  No HTML, no SVG, no PDF: they can act.
_SHOWN: Final = re.compile(r"text/plain|image/(png|jpeg|gif|webp|avif|bmp)|audio/.+|video/.+")
#: Texts that are shown as plain text, whatever else a browser would make of them.
_AS_TEXT: Final = re.compile(r"text/(?!html|javascript|xml).+|application/(json|toml|x-sh)")
#: How much of a text its encoding is guessed by, octets.
SNIFFED: Final = 4096


def name_of(target: bytes) -> bytes:
    """The name that a request-target means, percent-encoding taken off once.

    :raises WireError: not decodable, or an encoded ``/`` or NUL: RFC 3986 section 2.2.
    """
    path = target.split(b"?", 1)[0]
    if (absolute := re.match(rb"https?://[^/]*", path, re.IGNORECASE)) is not None:
        path = path[absolute.end() :] or b"/"  # absolute-form: RFC 9112 section 3.2.2
    if not path.startswith(b"/"):
        raise WireError("a target that is no path", source="RFC 9112 section 3.2.1")
    return _ESCAPES.sub(_octet, path)


def path_of(name: bytes) -> str:
    """A name as a path in a link: every octet that is not plain ASCII is percent-encoded."""
    return quote_from_bytes(name, safe="/")


def disposition(name: bytes, kind: str) -> str:
    """A Content-Disposition that any browser understands: RFC 6266 sections 4.3 and 5."""
    shown = text.decode(name)[0]
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", shown)
    extended = quote_from_bytes(shown.encode("utf-8", "replace"), safe="")
    kind = "inline" if _SHOWN.match(kind) else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{extended}"


def type_of(name: str) -> str:
    """A file's media type by its name, as we let a browser see it; without a charset."""
    guessed, encoding = _TYPES.guess_type(name, strict=False)
    if guessed is None or encoding is not None:
        return "application/octet-stream"
    return "text/plain" if _AS_TEXT.fullmatch(guessed) else guessed


def charset_of(beginning: bytes) -> str:
    """A text's encoding, by its first octets, which may be cut within a character."""
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(beginning) or error.reason != "unexpected end of data":
            return "gb18030"
    return "utf-8"


def _octet(match: "re.Match[bytes]") -> bytes:
    digits = match[1]
    if digits is None or not _HEX.fullmatch(digits):
        raise WireError("a lone percent sign", source="RFC 3986 section 2.1")
    octet = bytes([int(digits, 16)])
    if octet in b"/\x00":
        raise WireError("an encoded slash or NUL", source="RFC 3986 section 2.2")
    return octet
