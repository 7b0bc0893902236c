"""What is typed, as characters: octets come in any pieces, and in UTF-8 or GB18030."""

import codecs
from typing import Final

from netapp.core.text import Codec, Encoding, Tongue

_GIVES_UP: Final = 4  # octets of the longest character


class Typed:
    """Octets in, characters out; half a character waits for its other half.

    Read is UTF-8 if it is valid, else GB18030, whatever is written.

    :param encoding: what is written; ``auto`` is what was last typed.
    """

    def __init__(self, encoding: Encoding = "auto") -> None:
        self._fixed = encoding != "auto"
        self.codec: Codec = Tongue(encoding).codec
        self._half = b""

    def read(self, octets: bytes) -> str:
        """The characters that are whole by now."""
        octets, self._half = self._half + octets, b""
        try:
            return self._read(octets, "utf-8", "utf-8", "strict")
        except UnicodeDecodeError:
            pass
        try:
            return self._read(octets, "gb18030", "gbk", "strict")
        except UnicodeDecodeError:
            return self._read(octets, "utf-8", self.codec, "replace")

    def _read(self, octets: bytes, name: str, codec: Codec, errors: str) -> str:
        decoder = codecs.getincrementaldecoder(name)(errors)
        text = decoder.decode(octets)
        half: bytes = decoder.getstate()[0]
        self._half = half if len(half) < _GIVES_UP else b""
        if not self._fixed and not text.isascii():
            self.codec = codec
        return text

    def write(self, text: str) -> bytes:
        """A character that the codec lacks becomes ``?``."""
        return text.encode(self.codec, "replace")
