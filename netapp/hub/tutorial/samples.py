"""The files that the tutorials' clients fetch (T10, T18): sizes that show where one ``recv`` ends."""

import os
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netapp.core.state import open_state
from netapp.errors import ConfigError

_CHINESE: Final = """网络编程,从一个套接字开始。
服务器先绑定地址,再监听,再接受连接;
客户端只要知道地址和端口,就能连上来。
一次 recv 不等于一条消息:要一直收,直到收到空字节串。
"""


def _numbers(octets: int) -> bytes:
    """Counts up in words of 4 octets, most significant first: what is missing can be seen."""
    words = array("I", range(octets // 4))
    assert words.itemsize == 4
    words.byteswap()
    return words.tobytes()


def _lines() -> bytes:
    return b"".join(b"%03d %s\n" % (number, b"." * 45) for number in range(1, 21))


#: Name to what makes its octets.
SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    "1.txt": lambda: b"0123456789",
    "1000.txt": _lines,
    "60000.bin": lambda: _numbers(60_000),
    "5MB.bin": lambda: _numbers(5_000_000),
    "中文.txt": _CHINESE.encode,
}


def share_samples(state: Path) -> Path:
    """Make the tutorial's share in its state directory, and the files that are missing in it.

    A file that is there stays as it is: it may be the student's by now.

    :raises ConfigError: it cannot be made, or has no room; nothing half-written is left.
    """
    share = open_state(state) / "share"
    try:
        share.mkdir(mode=0o755, exist_ok=True)
        for name, octets in SAMPLES.items():
            if not (share / name).exists():
                _write(share / name, octets())
    except OSError as error:
        raise ConfigError(
            f"--tutorial: the sample files in {share} cannot be written ({error.strerror}): "
            "make room, or choose another place with --state"
        ) from None
    return share


def _write(path: Path, octets: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")  # a name with a dot is not shared
    try:
        part.write_bytes(octets)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
