"""Nothing phones out: on a machine with a way to the Internet, no packet takes it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import real
from tests.core.namespace import Namespace, namespace

pytestmark = pytest.mark.real
#: Seconds of watching after all has started.
WATCH = 3.0


def of_the_kernel(frame: bytes) -> bool:
    """IPv6 neighbour discovery and multicast reports: RFC 4861 section 4, RFC 3810 section 5.2."""
    if frame[12:14] != b"\x86\xdd":
        return False
    header, after = frame[14 + 6], frame[14 + 40 :]
    if header == 0:  # hop-by-hop options before it: RFC 8200 section 4.3
        header, after = after[0], after[8 * (after[1] + 1) :]
    return header == 58 and after[0] in (133, 135, 136, 143)


def run_hub(there: Namespace, folder: Path, *options: str) -> str:
    """All services on all addresses, each asked a little.  :returns: the log."""
    process = subprocess.Popen(
        [
            *there.inside,
            *(str(Path(sys.executable).with_name("twistd")), "--pidfile=", "-n", "netapp", *options),
        ],
        cwd=folder,
        env=real.environment(folder / "state"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    hub = real.Plugin(process)
    try:
        hub.wait_for("netapp: ready$")
        there.ask("udp", 8080, b"www.example.com")
        there.ask("tcp", 7878, b"GET /welcome.txt HTTP/1.0\r\n\r\n")
        there.ask("udp", 9999, "你好".encode("gbk"))
        assert there.ask("udp", 8888, b"hello") == b"hello"
        time.sleep(WATCH)
    finally:
        hub.stop()
        assert process.stdout is not None
        process.stdout.close()
    return hub.log


def test_nothing_leaves_that_nobody_asked_for(tmp_path: Path) -> None:
    with namespace(tmp_path) as there:
        with there.seen() as frames:
            log = run_hub(there, tmp_path)
        left = [frame for frame in frames if not of_the_kernel(frame)]
        assert left == [], [frame.hex() for frame in left]
        assert "Traceback" not in log
        with there.seen() as frames:  # and it would have been seen
            script = "import socket; socket.getaddrinfo('www.example.com', 80)"
            subprocess.run(
                [*there.inside, "timeout", "2", sys.executable, "-c", script],
                capture_output=True,
                check=False,
            )
        assert any(b"\x03www\x07example\x03com" in frame for frame in frames)


def test_what_is_announced_is_announced_when_asked_for_alone(tmp_path: Path) -> None:
    config = tmp_path / "netapp.toml"
    config.write_text("[udpchat]\nannounce = true\n")
    with namespace(tmp_path) as there, there.seen() as frames:
        run_hub(there, tmp_path, f"--config={config}")
    left = [frame for frame in frames if not of_the_kernel(frame)]
    assert left
    assert all(frame[36:38] == (2425).to_bytes(2, "big") for frame in left)  # to IP Messenger's port
