"""Sites that nginx and Caddy guard with the accounts of a state directory."""

import http.client
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netapp.people import admin, store
from netapp.people.model import Password
from netapp.people.passwords import Hasher
from tests import real

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
RIGHT = "a right password"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with three accounts."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    kept = Password(Hasher().hash(RIGHT.encode()))
    with store.rows(folder) as rows:
        admin.add(rows, "zhao", kept, time.time(), role="moderator")
        admin.add(rows, "赵六", kept, time.time())
        admin.add(rows, "li", kept, time.time(), role="admin")
    return folder


@pytest.fixture
def door(start: Start, state: Path) -> int:
    """The port of the verification endpoint, with these behind it."""
    options = ("--listen=tcp:0:interface=127.0.0.1", "--http=tcp:0:interface=127.0.0.1")
    return start("netapp-login", *options, "--proxy=127.0.0.1").ports("tcp")[1]


class Echo(http.server.BaseHTTPRequestHandler):
    """The application behind the proxy: tells which fields have reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@pytest.fixture
def application() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def proxy(port: int, *command: str, cwd: Path) -> Iterator[int]:
    """A proxy in the foreground, once its port answers."""
    log = (cwd / "log").open("wb")
    environment = os.environ | {"HOME": str(cwd), "XDG_DATA_HOME": str(cwd), "XDG_CONFIG_HOME": str(cwd)}
    with log, subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + real.PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    said = (cwd / "log").read_text("utf-8", "replace")
                    assert process.poll() is None, said
                    assert time.monotonic() < deadline, said
                    time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(real.PATIENCE)


NGINX = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{site}
}}
"""


def blocks(language: str, *, page: str = "guard-a-site") -> list[str]:
    """The configurations that a page of the documentation shows, in order."""
    text = (real.PROJECT / "docs" / "howto" / f"{page}.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def nginx_site(port: int, door: int, application: int) -> str:
    """The howto's site with its location for admins; the test says which address a request is from."""
    site, admin_too, *_ = blocks("nginx")
    for old, new in {
        "    error_page 403": f"{admin_too}\n    error_page 403",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "127.0.0.1:8081": f"127.0.0.1:{door}",
        "127.0.0.1:3000": f"127.0.0.1:{application}",
        "$remote_addr": "$http_x_test_address",
    }.items():
        assert old in site
        site = site.replace(old, new)
    return NGINX.format(site=site)


@contextmanager
def nginx_before(door: int, application: int, folder: Path) -> Iterator[int]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or real.tool("nginx", "nginx")
    folder.mkdir()
    port = free_port()
    (folder / "nginx.conf").write_text(nginx_site(port, door, application))
    with proxy(port, program, "-p", str(folder), "-c", str(folder / "nginx.conf"), cwd=folder):
        yield port


@pytest.fixture
def nginx(door: int, application: int, tmp_path: Path) -> Iterator[int]:
    """The howto's site."""
    with nginx_before(door, application, tmp_path / "nginx") as port:
        yield port


def basic(name: str, password: str = RIGHT) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def get(port: int, path: str, fields: dict[str, str], address: str = "192.168.1.7") -> tuple[int, str]:
    """:returns: (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=real.PATIENCE)
    connection.request("GET", path, headers={"X-Test-Address": address, **fields})
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    connection.close()
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="netapp", charset="UTF-8"'
    return answer.status, body


def test_nginx_guards_a_site(nginx: int, state: Path) -> None:
    assert get(nginx, "/", {})[0] == 401
    assert get(nginx, "/", basic("zhao", "a wrong password"))[0] == 401
    assert get(nginx, "/", basic("nobody"))[0] == 401
    assert get(nginx, "/", basic("zhao"))[0] == 200
    assert get(nginx, "/", basic("赵六"))[0] == 200
    assert get(nginx, "/admin/", basic("zhao")) == (403, "Your account may not come in here.\n")
    assert get(nginx, "/admin/", basic("li"))[0] == 200
    assert get(nginx, "/admin/", {})[0] == 401
    assert get(nginx, "/_netapp", basic("zhao"))[0] == 404

    with store.rows(state) as rows:
        admin.set_state(rows, admin.find(rows, "zhao"), "disabled")
    deadline = time.monotonic() + 1.5  # a second for us, the rest for the request itself
    while get(nginx, "/", basic("zhao"))[0] != 401:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nginx_tells_the_application_who_comes(nginx: int) -> None:
    forged = {"Remote-User": "admin", "Remote-Groups": "admins", "Remote-Id": "1", "Remote-Role": "admin"}
    status, body = get(nginx, "/", basic("zhao") | forged)
    fields = dict(line.split(": ", 1) for line in body.splitlines() if ": " in line)
    assert status == 200
    assert (fields["Remote-User"], fields["Remote-Name"]) == ("zhao", "zhao")
    assert fields["Remote-Role"] == "moderator"
    assert len(fields["Remote-Id"]) == 32
    assert "Remote-Groups" not in fields  # of no group
    assert "Authorization" not in fields
    assert fields["Host"] == "127.0.0.1"
    assert "Remote-User: %E8%B5%B5%E5%85%AD" in get(nginx, "/", basic("赵六"))[1]
    assert "Remote-Role: admin" in get(nginx, "/admin/", basic("li"))[1]
    assert get(nginx, "/", forged)[0] == 401


def test_nginx_lets_nobody_in_when_netapp_is_not_there(application: int, tmp_path: Path) -> None:
    with nginx_before(free_port(), application, tmp_path / "nginx") as port:
        assert get(port, "/", basic("zhao")) == (503, "Please try again in a moment.\n")


def test_l17_throttling_through_nginx_counts_the_clients_address(nginx: int) -> None:
    """A stranger's failures cost the stranger: the owner comes in at once from elsewhere."""
    for number in range(4):
        assert get(nginx, "/", basic("zhao", f"wrong password {number}"), "10.0.0.9")[0] == 401
    began = time.monotonic()
    assert get(nginx, "/", basic("zhao"), "192.168.1.7")[0] == 200
    elsewhere = time.monotonic()
    assert get(nginx, "/", basic("zhao", "one more"), "10.0.0.9")[0] == 401  # held back for two seconds
    held_back = time.monotonic() - elsewhere
    assert held_back > 1.5
    assert elsewhere - began < held_back


def test_caddy_guards_a_site(door: int, application: int, tmp_path: Path) -> None:
    program, folder, port = real.tool("caddy", "caddy"), tmp_path / "caddy", free_port()
    folder.mkdir()
    site = next(block for block in blocks("text") if "forward_auth" in block)
    site = site.replace("http://wiki.lan", f"http://127.0.0.1:{port}").replace("8081", str(door))
    site = site.replace("3000", str(application))
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    command = (program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile"))
    with proxy(port, *command, cwd=folder):
        status, body = get(port, "/", {})
        assert status == 401
        assert body == "请用 netapp 账号登录\nLog in with a netapp account\n"  # Caddy shows it
        assert get(port, "/", basic("zhao", "a wrong password"))[0] == 401
        forged = {"Remote-User": "admin", "Remote-Groups": "admins"}
        status, body = get(port, "/", basic("zhao") | forged)
        assert status == 200
        assert "Remote-User: zhao" in body
        assert "Remote-Role: moderator" in body
        assert "admin" not in body
        assert "Authorization" not in body


def test_the_howto_shows_the_same_configurations_in_both_languages() -> None:
    for language in ("nginx", "text", "sh"):
        english, chinese = blocks(language), blocks(language, page="guard-a-site.zh")
        assert [_without_words(each) for each in english] == [_without_words(each) for each in chinese]


def _without_words(configuration: str) -> str:
    """What is said to people is said in their language."""
    return re.sub(r'(?<=return \d{3} )".*?"|#.*', "", configuration)


def test_curl_asks_for_itself(door: int) -> None:
    curl = real.tool("curl", "curl")

    def ask(*arguments: str) -> str:
        command = [curl, "-sS", "-i", "--max-time", "10", *arguments]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    at = f"http://127.0.0.1:{door}"
    assert ask("-u", f"zhao:{RIGHT}", f"{at}/verify").startswith("HTTP/1.1 204 No Content\n")
    assert ask("-I", "-u", f"zhao:{RIGHT}", f"{at}/verify?role=admin").startswith("HTTP/1.1 403 Forbidden\n")
    assert "请用 netapp 账号登录\n" in ask(f"{at}/verify")
    assert ask(f"{at}/healthz").startswith("HTTP/1.1 200 OK\n")
    posted = ask("-X", "POST", "-d", "x" * 100_000, "-u", f"zhao:{RIGHT}", f"{at}/verify")
    assert posted.startswith("HTTP/1.1 204 No Content\n")
    assert "Connection: close\n" in posted


def test_half_a_close_is_answered(door: int) -> None:
    with real.tcp_client(door) as client:
        fields = f"Host: x\r\nAuthorization: {basic('zhao')['Authorization']}\r\n\r\n"
        client.sendall(f"GET /verify HTTP/1.1\r\n{fields}HEAD /verify HTTP/1.1\r\n{fields}".encode())
        client.shutdown(socket.SHUT_WR)
        assert real.read_all(client).count(b"HTTP/1.1 204 No Content\r\n") == 2
