"""Start each plugin of the installed wheel from an unrelated folder: one request, a clean stop."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TWISTD = str(Path(sys.executable).with_name("twistd"))
LOCAL = "interface=127.0.0.1"
#: plugin -> (options, transport, request, what the answer holds)
REQUESTS = {
    "netapp-dns": (["--record", "pc=10.1.2.3", f"--listen=udp:0:{LOCAL}"], "udp", b"pc", b"10.1.2.3"),
    "netapp-login": ([f"--listen=tcp:0:{LOCAL}"], "tcp", b"", "请输入用户名:".encode()),
    "netapp-chat": ([f"--listen=tcp:0:{LOCAL}", "--irc=none"], "tcp", b"", "昵称".encode()),
    "netapp-file": ([f"--listen=tcp:0:{LOCAL}"], "tcp", b"welcome.txt", b"netapp"),
    "netapp-udpchat": ([f"--listen=udp:0:{LOCAL}", "--ipmsg=none"], "udp", b"hello", "已收到".encode()),
    "netapp-echo": ([f"--listen=tcp:0:{LOCAL}"], "tcp", b"hello", b"hello"),
}


def ask(transport: str, port: int, request: bytes) -> bytes:
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", port))
        if request:
            client.send(request)
        return client.recv(65536)


def port_of(log: Path, plugin: str) -> int:
    for _ in range(100):
        text = log.read_text(encoding="utf-8", errors="replace")
        if re.search(rf"{plugin}: ready$", text, re.MULTILINE):
            found = re.search(r"listening on \w+ \S+:(\d+)$", text, re.MULTILINE)
            assert found is not None, text
            return int(found[1])
        time.sleep(0.1)
    sys.exit(f"{plugin} did not become ready:\n{text}")


def try_plugin(plugin: str, folder: Path) -> None:
    options, transport, request, expected = REQUESTS[plugin]
    log = folder / f"{plugin}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [TWISTD, "--pidfile=", "-n", plugin, f"--state={folder / plugin}", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        answer = ask(transport, port_of(log, plugin), request)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    text = log.read_text(encoding="utf-8", errors="replace")
    if expected not in answer or "Traceback" in text or "Server Shut Down" not in text:
        sys.exit(f"{plugin} answered {answer!r}, its log:\n{text}")
    print(f"ok  {plugin}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listed = subprocess.run(
            [TWISTD, "--help"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout
        for plugin in (*REQUESTS, "netapp"):
            if not re.search(rf"^\s+{plugin}\s", listed, re.MULTILINE):
                sys.exit(f"twistd --help does not list {plugin}:\n{listed}")
        for plugin in REQUESTS:
            try_plugin(plugin, folder)


if __name__ == "__main__":
    main()
