"""The file service as a process, met by the tutorials' programs, by curl, and by the badly behaved."""

import hashlib
import json
import os
import random
import re
import shlex
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import trustme

from tests import real

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LARGE = 200 * 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    (made / "sub").mkdir(parents=True)
    (made / "文件.txt").write_bytes("内容".encode())
    (made / "small.bin").write_bytes(random.Random(1).randbytes(60_000))
    (made / "middle.bin").write_bytes(random.Random(2).randbytes(1_000_000))
    with (made / "large.bin").open("wb") as file:
        file.write(b"begin")
        file.truncate(LARGE - 3)
        file.seek(0, os.SEEK_END)
        file.write(b"end")
    os.mkfifo(made / "fifo")
    (made / "outside").symlink_to("/etc/passwd")
    return made


@pytest.fixture
def files(start: Start, root: Path) -> real.Plugin:
    return start("netapp-file", "--listen=tcp:0:interface=127.0.0.1", f"--root={root}")


def curl(files: real.Plugin, path: str, *options: str) -> "subprocess.CompletedProcess[bytes]":
    url = f"http://127.0.0.1:{files.tcp()}{path}"
    command = [
        real.tool("curl", "curl"),
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        "--path-as-is",
        *options,
        url,
    ]
    return subprocess.run(command, capture_output=True, check=False, timeout=30)


def resident(files: real.Plugin) -> int:
    """The process's memory, KiB."""
    status = Path(f"/proc/{files.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])


# The tutorials' programs ---------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t10_t18_t19_one_receive_gets_a_small_file(files: real.Plugin, root: Path, codec: str) -> None:
    for name, size in (("文件.txt", 1024), ("small.bin", 100_000)):
        with real.tcp_client(files.tcp()) as client:
            client.sendall(name.encode(codec))
            assert client.recv(size) == (root / name).read_bytes()
            assert client.recv(size) == b""


def test_t18_t19_a_missing_file_is_a_close_without_octets(files: real.Plugin) -> None:
    for name in ("没有.txt".encode("gbk"), b"../secret", b"outside", b"fifo", b"sub"):
        with real.tcp_client(files.tcp()) as client:
            client.sendall(name)
            assert client.recv(100_000) == b""


def test_t12_t13_frames(files: real.Plugin, root: Path) -> None:
    with real.tcp_client(files.tcp()) as client:
        name = "文件.txt".encode()
        client.send(struct.pack("i", len(name)) + name)  # the short form, native order
        (length,) = struct.unpack("I", real.read_exactly(client, 4))
        assert real.read_exactly(client, length).decode() == "内容"
        header = json.dumps({"filename": "middle.bin"}).encode()
        client.send(struct.pack("!i", len(header))[::-1])  # the full form, in two parts
        client.send(header)
        (length,) = struct.unpack("i", real.read_exactly(client, 4))
        answer = json.loads(real.read_exactly(client, length))
        assert answer["filesize"] == 1_000_000
        assert real.read_exactly(client, answer["filesize"]) == (root / "middle.bin").read_bytes()


def test_t25_a_request_by_hand_is_read_to_the_close(files: real.Plugin) -> None:
    with real.tcp_client(files.tcp()) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: www.itcats.cn\r\nConnection: close\r\n\r\n")
        head, _, page = real.read_all(client).decode("utf-8").partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "文件.txt" in page


# curl, and files large and many --------------------------------------------------------------


def test_curl_resumes_where_it_stopped(files: real.Plugin, root: Path, tmp_path: Path) -> None:
    content, part = (root / "middle.bin").read_bytes(), tmp_path / "part"
    part.write_bytes(content[:333_333])
    assert curl(files, "/middle.bin", "-C", "-", "-o", str(part)).returncode == 0
    assert part.read_bytes() == content
    assert curl(files, "/middle.bin", "-C", "-", "-o", str(part)).returncode == 0  # nothing is left: 416
    assert part.read_bytes() == content
    assert curl(files, "/middle.bin", "-r", "-5").stdout == content[-5:]
    assert curl(files, "/middle.bin", "-r", "0-1,999999-").stdout.count(b"Content-Range: bytes ") == 2
    twice = curl(files, "/sub", "-L", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}")
    assert twice.stdout == b"200 1"


def test_an_upload_is_refused_and_the_refusal_arrives(files: real.Plugin, root: Path) -> None:
    for options in (
        ("-T", str(root / "large.bin")),
        ("-T", str(root / "large.bin"), "-H", "Expect:"),
        ("-d", "x"),
    ):
        answer = curl(files, "/new", *options, "-w", "%{http_code}")
        assert answer.stdout.endswith(b"405"), answer


def test_the_hint_works_as_printed(start: Start) -> None:
    files = start("netapp-file", "--listen=tcp:0:interface=127.0.0.1")
    hint = files.wait_for(r"netapp-file: try  (curl .*)$")[1]
    assert hint.endswith("/welcome.txt")
    command = [real.tool("curl", "curl"), *shlex.split(hint)[1:], "-sS"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=20)
    assert "欢迎" in answer.stdout.decode()


def test_a_large_file_arrives_whole_both_ways_at_once(files: real.Plugin, root: Path) -> None:
    with (root / "large.bin").open("rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()
    request = b"GET /large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    digests: list[str] = []

    def fetch(first: bytes) -> None:
        digest = hashlib.sha256()
        with real.tcp_client(files.tcp()) as client:
            client.sendall(first)
            octets = client.recv(1 << 20)
            digest.update(octets.partition(b"\r\n\r\n")[2] if first is request else octets)
            while octets := client.recv(1 << 20):
                digest.update(octets)
        digests.append(digest.hexdigest())

    before = resident(files)
    threads = [threading.Thread(target=fetch, args=(first,)) for first in (request, b"large.bin\n")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert digests == [wanted, wanted]
    assert resident(files) - before < 8 * 1024


@pytest.fixture
def secret(start: Start, root: Path, tmp_path: Path) -> real.Plugin:
    """The service behind TLS."""
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    where = f"ssl:0:interface=127.0.0.1:privateKey={tmp_path}/key.pem:certKey={tmp_path}/cert.pem"
    return start("netapp-file", f"--listen={where}", f"--root={root}")


def test_all_of_it_works_behind_tls(secret: real.Plugin, root: Path) -> None:
    base = f"https://127.0.0.1:{secret.tcp()}"
    urls = [f"{base}/{name}" for name in ("small.bin", "middle.bin", "small.bin")]
    small, middle = (root / "small.bin").read_bytes(), (root / "middle.bin").read_bytes()
    for options, count in (([], 1), (["-H", "Connection: close"], 3)):
        answer = subprocess.run(
            [
                real.tool("curl", "curl"),
                "-sSk",
                "--max-time",
                "20",
                "-w",
                "%{stderr}%{num_connects} ",
                *options,
                *urls,
            ],
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert answer.stdout == small + middle + small, answer.stderr
        assert sum(map(int, answer.stderr.split())) == count
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with real.tcp_client(secret.tcp()) as plain, context.wrap_socket(plain) as client:
        client.sendall(b"middle.bin\n")
        assert real.read_all(client) == middle


# The badly behaved ---------------------------------------------------------------------------


def test_f17_500_idle_connections_beside_one_that_works(files: real.Plugin) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(real.tcp_client(files.tcp()))
        for _ in range(100):
            stack.enter_context(real.tcp_client(files.tcp())).send(b"GET / HT")
        began = time.monotonic()
        for _ in range(20):
            with real.tcp_client(files.tcp()) as client:
                client.sendall(b"small.bin\n")
                assert len(real.read_all(client)) == 60_000
        assert time.monotonic() - began < 4.0


def test_f16_slow_readers_cost_only_themselves(files: real.Plugin) -> None:
    before = resident(files)
    with ExitStack() as stack:
        for first in (b"large.bin\n", b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 50) * 10:
            stack.enter_context(real.tcp_client(files.tcp())).sendall(first)
        began = time.monotonic()
        assert len(curl(files, "/middle.bin").stdout) == 1_000_000
        assert time.monotonic() - began < 4.0
        assert resident(files) - before < 8 * 1024


def test_f20_peers_that_reset_in_the_middle_leave_no_open_file(files: real.Plugin) -> None:
    def open_files() -> Counter[str]:
        folder = Path(f"/proc/{files.process.pid}/fd")
        found: Counter[str] = Counter()
        for each in folder.iterdir():
            with suppress(FileNotFoundError):  # closed just now
                found[os.readlink(each)] += 1
        return found

    assert curl(files, "/small.bin").returncode == 0  # it runs
    before = open_files()
    for _ in range(20):
        with real.tcp_client(files.tcp()) as client:
            client.sendall(b"large.bin\n")
            client.recv(100_000)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert _soon(lambda: open_files() <= before), open_files() - before


@pytest.mark.parametrize("first", [b"large.bin\n", b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_f21_a_file_cut_while_it_is_sent_is_a_reset(files: real.Plugin, root: Path, first: bytes) -> None:
    with real.tcp_client(files.tcp()) as client:
        client.sendall(first)
        client.recv(1000)
        os.truncate(root / "large.bin", 5_000_000)
        with pytest.raises(ConnectionResetError):
            real.read_all(client)
    files.wait_for("cut off")
    assert curl(files, "/small.bin").returncode == 0


def test_f8_f5_a_fifo_or_a_link_to_the_outside_stops_nothing(files: real.Plugin) -> None:
    for path in ("/fifo", "/outside", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
        assert curl(files, path, "-o", "/dev/null", "-w", "%{http_code}").stdout == b"404"
    assert len(curl(files, "/small.bin").stdout) == 60_000


def test_a_late_newline_does_not_cost_the_end_of_a_file(files: real.Plugin) -> None:
    """Octets that nobody reads make a system send a reset; we read on for a moment."""
    with real.tcp_client(files.tcp()) as client:
        client.sendall(b"middle.bin")
        octets = client.recv(1000)
        client.sendall(b"\n")
        assert len(octets + real.read_all(client)) == 1_000_000


def test_random_octets_stop_nothing(files: real.Plugin) -> None:
    dice = random.Random(7)
    starts = [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"\x05\0\0\0",
        b"\0\0\0\x05",
        b"\xff",
        b"LIST\n",
        b'\x09\0\0\0{"name":',
    ]
    before = resident(files)
    for _ in range(600):
        with real.tcp_client(files.tcp()) as client:
            client.sendall(dice.choice(starts) + dice.randbytes(dice.randrange(200)))
    assert len(curl(files, "/small.bin").stdout) == 60_000
    assert resident(files) - before < 8 * 1024


# Starting and stopping -----------------------------------------------------------------------


def test_a_stop_lets_a_transfer_finish(files: real.Plugin) -> None:
    with real.tcp_client(files.tcp()) as client, real.tcp_client(files.tcp()) as other:
        other.sendall(b"GET /small.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        other.recv(100_000)
        client.sendall(b"large.bin\n")
        count = len(client.recv(1000))
        files.process.send_signal(signal.SIGTERM)
        assert _soon(lambda: not _accepts(files.tcp()))
        assert count + len(real.read_all(client)) == LARGE
    files.process.wait(5)


@pytest.mark.parametrize("name", ["nix", "small.bin"])
def test_a_folder_that_cannot_be_shared_ends_the_start_in_one_line(
    root: Path, tmp_path: Path, name: str
) -> None:
    ended = real.run_once("netapp-file", f"--root={root / name}", state=tmp_path)
    assert ended.returncode == 1
    (line,) = [line for line in (ended.stdout + ended.stderr).splitlines() if "netapp-file:" in line]
    assert name in line
    assert "--root" in line
    assert "Traceback" not in ended.stdout + ended.stderr


def _soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within a few seconds."""
    deadline = time.monotonic() + 5
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
