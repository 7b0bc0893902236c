"""Services behind TLS: the same conversations, by real processes and the ssl module's clients."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests import real

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "key.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@contextmanager
def tls_client(port: int, *protocols: str) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    with real.tcp_client(port) as client, context.wrap_socket(client) as wrapped:
        yield wrapped


@pytest.mark.parametrize("protocols", [(), ("h2", "http/1.1"), ("dot",), ("irc",)])
def test_a_client_that_offers_protocols_is_served(
    start: Start, pem: Path, protocols: tuple[str, ...]
) -> None:
    echo = start("netapp-echo", f"--listen=ssl:0:interface=127.0.0.1:privateKey={pem}")
    assert f"try  openssl s_client -quiet -connect 127.0.0.1:{echo.tcp()}\n" in echo.log
    with tls_client(echo.tcp(), *protocols) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"


def test_who_speaks_first_lets_the_handshake_end(start: Start, pem: Path) -> None:
    chat = start(
        "netapp-chat", "--irc=none", f"--listen=ssl:0:interface=127.0.0.1:privateKey={pem}", "--lang=en"
    )
    for _ in range(5):
        with real.tcp_client(chat.tcp()) as client:
            time.sleep(0.1)  # so that the prompt is written before the client has said hello
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(client) as wrapped:
                assert b"ickname" in wrapped.recv(1000)


def test_files_by_every_tongue_of_the_port(start: Start, pem: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.txt").write_bytes(b"a small file\n")
    (share / "big").write_bytes(bytes(range(256)) * 20_000)
    served = start(
        "netapp-file",
        f"--root={share}",
        f"--listen=ssl:0:interface=127.0.0.1:privateKey={pem}",
    )
    port = served.tcp()
    with tls_client(port) as client:
        client.sendall(b"a.txt")
        assert real.read_all(client) == b"a small file\n"
    with tls_client(port) as client:
        client.sendall(b"LIST\n")
        assert b"a.txt" in client.recv(1000)
    with tls_client(port, "http/1.1") as client:
        for path, length in (("big", 256 * 20_000), ("a.txt", 13)):
            client.sendall(f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < length:
                answer += (piece := client.recv(65536))
                assert piece
            assert answer.partition(b"\r\n\r\n")[2] == (share / path).read_bytes()
    with tls_client(port) as client:
        client.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
        assert real.read_all(client).endswith(b"\r\n\r\na small file\n")
    with tls_client(port) as client:
        client.sendall(b"GET /a.txt HTTP/1.1\r\n\r\n")  # no Host: refused, and said before the close
        assert real.read_all(client).startswith(b"HTTP/1.1 400 ")


def test_a_stop_does_not_wait_for_who_has_gone(start: Start, pem: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a small file\n")
    served = start(
        "netapp-file", f"--root={tmp_path}", f"--listen=ssl:0:interface=127.0.0.1:privateKey={pem}"
    )
    with tls_client(served.tcp()) as client:
        client.sendall(b"a.txt")
        assert real.read_all(client) == b"a small file\n"
    began = time.monotonic()
    served.stop()
    assert time.monotonic() - began < 10.0  # a hang, not a speed


def test_noise_instead_of_a_handshake(start: Start, pem: Path) -> None:
    echo = start("netapp-echo", f"--listen=ssl:0:interface=127.0.0.1:privateKey={pem}")
    for noise in (b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\x16\x03\x01\x02\x00\x01"):
        with real.tcp_client(echo.tcp()) as client:
            client.sendall(noise)
            client.settimeout(0.2)
            try:
                while client.recv(1000):
                    pass
            except OSError:
                pass  # it waits for the rest of a handshake
    with tls_client(echo.tcp()) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
