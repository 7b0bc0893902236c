"""Signatures and limits as real clients and enemies meet them."""

import ctypes
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import pytest

from netapp.dns.tsig.keys import ALGORITHMS, parse_key, statement
from netapp.dns.tsig.record import read_signed
from netapp.dns.tsig.signing import Signer
from tests import real
from tests.dns.asking import framed, opt, option, query, read, read_message
from tests.dns.updates.asking import adding, zone_file

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = (
    "--listen=udp:0:interface=127.0.0.1",
    "--listen=tcp:0:interface=127.0.0.1",
    "--record=www.lan=10.0.0.1",
)
SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WRONG = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
KEYS = tuple(f"{algorithm}:{algorithm[-3:]}.lan:{SECRET}" for algorithm in sorted(ALGORITHMS))
WWW = query("www.lan")
#: What dig and kdig say of an answer whose signature they do not believe.
DOUBT = re.compile("validated|verification")


def said(*command: str | Path) -> str:
    """What a client prints, errors with it."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=real.PATIENCE, check=False, stdin=subprocess.DEVNULL
    )
    return done.stdout + done.stderr


def with_keys(start: Start, *options: str) -> real.Plugin:
    return start("netapp-dns", *LOCAL, *(f"--key={key}" for key in KEYS), *options)


# Signatures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_dig_and_kdig_sign_and_believe_the_answer(start: Start, algorithm: str) -> None:
    dig, kdig = real.tool("dig", "bind9-dnsutils"), real.tool("kdig", "knot-dnsutils")
    server = with_keys(start)
    good, bad = (f"{algorithm}:{algorithm[-3:]}.lan:{secret}" for secret in (SECRET, WRONG))
    stranger = f"{algorithm}:stranger.lan:{SECRET}"
    for tool, port in ((dig, server.udp()), (kdig, server.udp()), (dig, server.tcp()), (kdig, server.tcp())):
        tcp = ["+tcp"] if port == server.tcp() else []
        ask = [tool, "@127.0.0.1", "-p", str(port), *tcp, "www.lan", "-y"]
        found = said(*ask, good)
        assert "10.0.0.1" in found
        assert "TSIG PSEUDOSECTION" in found
        assert not DOUBT.search(found), found
        for key, error in ((bad, "BADSIG"), (stranger, "BADKEY")):
            refused = said(*ask, key)
            assert error in refused, refused
            assert "10.0.0.1" not in refused


def test_dnspython_believes_what_we_sign(start: Start) -> None:
    server = with_keys(start)
    for algorithm in ALGORITHMS:
        key = dns.tsig.Key(f"{algorithm[-3:]}.lan", SECRET, algorithm + ".")
        asked = dns.message.make_query("www.lan", "A")
        asked.use_tsig(key)
        for ask, port in ((dns.query.udp, server.udp()), (dns.query.tcp, server.tcp())):
            answer = ask(asked, "127.0.0.1", real.PATIENCE, port)
            assert answer.had_tsig
            assert [str(each) for each in answer.answer[0]] == ["10.0.0.1"]


def test_a_key_of_a_file_of_binds_own_tool_is_read_again(start: Start, tmp_path: Path) -> None:
    dig, keygen = real.tool("dig", "bind9-dnsutils"), shutil.which("tsig-keygen", path="/usr/sbin:/usr/bin")
    file = tmp_path / "laptop.key"
    made = (
        said(keygen, "-a", "hmac-sha384", "laptop")
        if keygen
        else statement(parse_key(f"hmac-sha384:laptop:{SECRET}"))
    )
    file.write_text(made)
    file.chmod(0o600)
    server = start("netapp-dns", *LOCAL, f"--key=hmac-sha384:laptop:@{file}")
    ask = [dig, "@127.0.0.1", "-p", str(server.udp()), "www.lan", "-k", str(file)]
    found = said(*ask)
    assert "10.0.0.1" in found
    assert not DOUBT.search(found)
    file.write_text(statement(parse_key(f"hmac-sha384:laptop:{WRONG}")))
    assert "10.0.0.1" in said(dig, *ask[1:-2], "+short")
    os.kill(server.process.pid, 1)
    server.wait_for("keys: read again")
    found = said(*ask)
    assert not DOUBT.search(found)
    assert "10.0.0.1" in found
    file.write_text("no key!")
    os.kill(server.process.pid, 1)
    server.wait_for(r"keys: not read again: .*laptop\.key")
    assert SECRET not in server.log
    assert WRONG not in server.log


def test_a_secret_is_never_in_the_log(start: Start) -> None:
    server = with_keys(start)
    server.wait_for("the command line shows a key's secret: write --key ALGORITHM:NAME:@FILE")
    assert SECRET not in server.log


def signed(message: bytes, secret: str = SECRET, name: str = "256.lan", when: float | None = None) -> bytes:
    key = parse_key(f"hmac-sha256:{name}:{secret}")
    return Signer(key).sign(message, time.time() if when is None else when)


def test_d35_wrong_signatures_over_both_transports(start: Start) -> None:
    server = with_keys(start)
    cases = (
        (signed(WWW, name="stranger.lan"), 17, False),
        (signed(WWW, WRONG), 16, False),
        (signed(WWW, when=time.time() - 1000), 18, True),
        (signed(WWW, WRONG, when=0.0), 16, False),
    )
    with real.tcp_client(server.tcp()) as client:
        for message, error, has_mac in cases:
            client.sendall(framed(message))
            for answer in (real.ask(server.udp(), message), read_message(client)):
                found = dns.message.from_wire(answer, keyring=False)
                assert found.rcode() == dns.rcode.NOTAUTH
                assert found.tsig_error == error
                assert found.tsig is not None
                assert bool(found.tsig[0].mac) is has_mac
                assert len(found.tsig[0].other) == (6 if error == 18 else 0)
    assert read(real.ask(server.udp(), WWW)).answer


def test_d36_signatures_of_no_form_over_both_transports(start: Start) -> None:
    server = with_keys(start)
    good = signed(WWW)
    record = good[len(WWW) :]
    short = good[: -6 - 32 - 2] + b"\0\4" + good[-6 - 32 : -6 - 28] + good[-6:]
    at = len(WWW) + len(b"\x03256\x03lan\0") + 8
    short = short[:at] + (len(short) - at - 2).to_bytes(2, "big") + short[at + 2 :]
    cases = (
        good[:10] + b"\0\2" + good[12:] + record,  # twice
        good[:10] + b"\0\2" + good[12:] + opt(),  # not the last
        good[:-9],
        short,
    )
    with real.tcp_client(server.tcp()) as client:
        for message in cases:
            client.sendall(framed(message))
            for answer in (real.ask(server.udp(), message), read_message(client)):
                assert answer[3] & 0x0F == dns.rcode.FORMERR
                assert answer[10:12] == (b"\0\1" if message.endswith(opt()) else b"\0\0")
                assert read_signed(answer) is None
    assert read(real.ask(server.udp(), WWW)).answer


# Source ports ------------------------------------------------------------------------------------


def from_port(source: int, target: int, payload: bytes) -> None:
    """A datagram from any port of loopback, 0 too.  :raises PermissionError: we may not."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.sendto(struct.pack("!4H", source, target, 8 + len(payload), 0) + payload, ("127.0.0.1", 0))


def test_d46_reflecting_ports_get_silence(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, "--metrics=tcp:0:interface=127.0.0.1")
    ports = (0, 7, 13, 17, 19, 37)
    for port in ports:
        for payload in (WWW, b"www.lan"):
            try:
                from_port(port, server.udp(), payload)
            except PermissionError:
                pytest.skip("a datagram from any port takes root")
    assert read(real.ask(server.udp(), WWW)).answer
    numbers = metrics(server)
    assert numbers["netapp_dns_datagrams_refused_total"] == 2 * len(ports)
    assert numbers["netapp_dns_datagrams_answered_total"] == 1


def metrics(server: real.Plugin) -> dict[str, float]:
    port = server.ports("tcp")[-1]
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=real.PATIENCE).read().decode()
    return {name: float(value) for name, value in re.findall(r"^(netapp_\S+) (\S+)$", page, re.MULTILINE)}


def test_metrics_tell_types_transports_rcodes_and_signatures(start: Start) -> None:
    server = with_keys(start, "--metrics=tcp:0:interface=127.0.0.1")
    for message in (WWW, WWW, WWW, query("gone.lan", 28), b"www.lan", signed(WWW), signed(WWW, WRONG)):
        real.ask(server.udp(), message)
    real.ask(server.udp(), signed(WWW)[:10] + b"\0\2" + signed(WWW)[12:] + opt())  # not the last
    with real.tcp_client(server.tcp()) as client:
        client.sendall(framed(WWW))
        read_message(client)
    numbers = metrics(server)

    def queries(transport: str, rdtype: str, rcode: str) -> float:
        return numbers[f'netapp_dns_queries_total{{rcode="{rcode}",transport="{transport}",type="{rdtype}"}}']

    assert queries("udp", "A", "NOERROR") == 4
    assert queries("udp", "AAAA", "REFUSED") == 1
    assert queries("udp", "A", "NOTAUTH") == 1
    assert queries("text", "A", "NOERROR") == 1
    assert queries("tcp", "A", "NOERROR") == 1
    assert numbers['netapp_dns_tsig_failures_total{error="BADSIG"}'] == 1
    assert numbers["netapp_dns_answer_seconds_count"] == 8
    assert numbers["netapp_dns_malformed_total"] == 1
    assert numbers["netapp_dns_cache_hits_total"] == 3


# The query log -----------------------------------------------------------------------------------


def lines(path: Path) -> list[tuple[object, ...]]:
    found = [json.loads(each) for each in path.read_text("ascii").splitlines()]
    return [(each["transport"], each["name"], each["type"], each["rcode"]) for each in found]


def when(true: Callable[[], bool]) -> None:
    """Wait until it is.  :raises AssertionError: it takes too long."""
    deadline = time.monotonic() + real.PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_query_log_is_written_and_begun_anew(start: Start, tmp_path: Path) -> None:
    log, old = tmp_path / "queries.jsonl", tmp_path / "queries.jsonl.1"
    server = with_keys(start, f"--query-log={log}")
    with real.tcp_client(server.tcp()) as client:
        client.sendall(framed(WWW) + framed(signed(WWW)))
        read_message(client)
        read_message(client)
    for octets in (WWW, WWW, b"www.lan", query(b"\x03a\n\xff\0", 28), signed(WWW, WRONG)):
        real.ask(server.udp(), octets)
    log.rename(old)
    os.kill(server.process.pid, 1)
    when(lambda: log.exists() and len(lines(old)) == 7)
    real.ask(server.udp(), query("later.lan"))
    when(lambda: bool(lines(log)))
    known = ("www.lan", "A", "NOERROR")
    assert sorted(map(str, lines(old))) == sorted(
        map(
            str,
            [
                ("tcp", *known),
                ("tcp", *known),
                ("udp", *known),
                ("udp", *known),
                ("text", *known),
                ("udp", "a\\010\\255", "AAAA", "REFUSED"),
                ("udp", "www.lan", "A", "NOTAUTH"),
            ],
        )
    )
    assert lines(log) == [("udp", "later.lan", "A", "REFUSED")]


def test_a_full_disk_loses_lines_and_no_answers(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with real.small_disk(tmp_path / "disk", 1) as disk:
        options = (*LOCAL, f"--query-log={disk}/queries", "--metrics=tcp:0:interface=127.0.0.1")
        with real.running("netapp-dns", *options, state=state) as server:
            _fill(disk / "rest")
            for _ in range(20):
                assert read(real.ask(server.udp(), WWW)).answer
            server.wait_for("the query log .* cannot be written: .* dropped until it can")
            assert metrics(server)["netapp_dns_query_log_dropped_total"] > 0
            (disk / "rest").unlink()
            real.ask(server.udp(), query("later.lan"))
            when(lambda: b"later.lan" in (disk / "queries").read_bytes())


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


# The limiter, in a network of public addresses ----------------------------------------------------


class Public:
    """A network namespace whose loopback has public addresses, every one of two networks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.inside = (real.tool("ip", "iproute2"), "netns", "exec", name)

    def socket(self, host: str, *, stream: bool = False) -> socket.socket:
        """A socket of one of its addresses."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            assert libc.setns(there.fileno(), 0) == 0
            try:
                made = socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
                made.bind((host, 0))
            finally:
                assert libc.setns(home.fileno(), 0) == 0
        made.settimeout(real.PATIENCE)
        return made

    def answers(self, host: str, port: int, messages: Iterable[bytes]) -> list[bytes]:
        """Ask from an address, without waiting between; what came back within a moment of quiet."""
        with self.socket(host) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
            for number, message in enumerate(messages):
                client.sendto(message, ("203.0.113.1", port))
                if number % 50 == 49:
                    time.sleep(0.002)  # a server on a busy machine may lose what no buffer holds
            client.settimeout(0.5)
            found = []
            with suppress(TimeoutError):
                while True:
                    found.append(client.recv(4096))
            return found


@pytest.fixture
def public() -> Iterator[Public]:
    name, ip = f"netapp{os.getpid()}-rrl", real.tool("ip", "iproute2")
    if subprocess.run([ip, "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here: they take root")
    try:
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", "203.0.113.1/24", "dev", "lo"),
            ("address", "add", "198.51.100.1/24", "dev", "lo"),
        ):
            subprocess.run([ip, "-n", name, *words], check=True)
        yield Public(name)
    finally:
        subprocess.run([ip, "netns", "delete", name], check=False)


def limited(start: Start, public: Public, *options: str) -> real.Plugin:
    return start(
        "netapp-dns", "--listen=udp:0:interface=203.0.113.1", "--listen=tcp:0:interface=203.0.113.1",
        "--record=www.lan=10.0.0.1", "--record=mail.lan=10.0.0.2", "--allow=203.0.113.0/24",
        "--allow=198.51.100.0/24", *options, inside=public.inside,
    )  # fmt: skip


def is_cut(answer: bytes) -> bool:
    return bool(read(answer).flags & dns.flags.TC)


def test_d47_a_flood_of_one_name_from_one_network(start: Start, public: Public) -> None:
    """Rate 200 by itself; the flood comes within a second or two."""
    server = limited(start, public)
    port = server.udp()
    began = time.monotonic()
    found = [
        answer
        for host in ("203.0.113.77", "203.0.113.78")  # one network of 24 bits
        for answer in public.answers(host, port, [WWW] * 1000)
    ]
    whole = [answer for answer in found if not is_cut(answer)]
    seconds = time.monotonic() - began
    assert 200 <= len(whole) <= 200 * (1 + seconds)
    others = 2000 - len(whole)  # of which a busy machine may lose some
    assert others / 4 < len(found) - len(whole) <= others / 2 + 2
    # Others, other names, and those who come by TCP have their answers.
    assert not is_cut(public.answers("198.51.100.9", port, [WWW])[0])
    assert not is_cut(public.answers("203.0.113.77", port, [query("mail.lan")])[0])
    with public.socket("203.0.113.77", stream=True) as client:
        client.connect(("203.0.113.1", server.tcp()))
        client.sendall(framed(WWW) * 300)
        assert not any(is_cut(read_message(client)) for _ in range(300))


def test_d47_who_shows_its_cookie_is_not_limited(start: Start, public: Public) -> None:
    server = limited(start, public, "--rate-limit=5")
    port = server.udp()
    half = query("www.lan", edns=opt(rdata=option(10, b"8 octets")))
    first = public.answers("203.0.113.77", port, [half])
    (cookie,) = read(first[0]).options
    proved = query("www.lan", edns=opt(rdata=option(10, cookie.to_wire() or b"")))
    assert sum(not is_cut(answer) for answer in public.answers("203.0.113.77", port, [WWW] * 50)) <= 10
    assert [is_cut(answer) for answer in public.answers("203.0.113.77", port, [proved] * 50)] == [False] * 50
    # A client that has half a cookie is given the other half, and need not come by TCP.
    told = [read(answer) for answer in public.answers("203.0.113.77", port, [half] * 20)]
    assert dns.rcode.BADCOOKIE in {answer.rcode() for answer in told}


def test_d47_text_is_limited_by_address(start: Start, public: Public) -> None:
    server = limited(start, public, "--rate-limit=20")
    began = time.monotonic()
    first = public.answers("203.0.113.77", server.udp(), [b"www.lan"] * 100)
    assert 20 <= len(first) <= 20 * (1 + time.monotonic() - began)
    assert set(first) == {b"10.0.0.1"}
    assert len(public.answers("203.0.113.78", server.udp(), [b"www.lan"] * 20)) == 20


def test_d48_random_names_under_our_zone(start: Start, public: Public, tmp_path: Path) -> None:
    zone = tmp_path / "example.zone"
    zone.write_text("@ 300 SOA ns h 1 2 3 4 5\n@ 300 NS ns\nns 300 A 192.0.2.1\n*.w 300 A 192.0.2.2\n")
    server = limited(start, public, f"--zone=example.={zone}", "--rate-limit=50")
    for under, rcode in (("", dns.rcode.NXDOMAIN), ("w.", dns.rcode.NOERROR)):
        names = [query(f"n{number}.{under}example") for number in range(1000)]
        began = time.monotonic()
        found = public.answers("203.0.113.77", server.udp(), names)
        seconds = time.monotonic() - began
        whole = [answer for answer in found if not is_cut(answer)]
        assert {read(answer).rcode() for answer in whole} == {rcode}
        assert 50 <= len(whole) <= 50 * (1 + seconds)
    assert not is_cut(public.answers("203.0.113.77", server.udp(), [query("ns.example")])[0])


def test_d47_updates_that_are_done_are_told_and_refusals_are_not_cut(
    start: Start, public: Public, tmp_path: Path
) -> None:
    zone = f"--zone=example.lan={zone_file(tmp_path)}"
    server = limited(start, public, zone, "--rate-limit=5", "--allow-update=203.0.113.77")
    changes = [adding(f"n{number}", ident=number) for number in range(100)]
    answers = public.answers("203.0.113.77", server.udp(), changes)
    assert sorted(answer[:4] for answer in answers) == [
        number.to_bytes(2, "big") + b"\xa8\0" for number in range(100)
    ]
    began = time.monotonic()
    refusals = public.answers("198.51.100.9", server.udp(), changes)
    assert 5 <= len(refusals) <= 5 * (1 + time.monotonic() - began)
    assert {answer[2:4] for answer in refusals} == {b"\xa8\x05"}


def test_without_a_limit_and_with_one_for_all(start: Start, public: Public) -> None:
    server = limited(start, public, "--rate-limit=off")
    assert len(public.answers("203.0.113.77", server.udp(), [WWW] * 500)) > 300
    near = start("netapp-dns", *LOCAL)
    with real.udp_client() as client:
        assert [len(real.ask(near.udp(), WWW, client=client)) for _ in range(300)]
    near = start("netapp-dns", *LOCAL, "--rate-limit=all:5")
    with real.udp_client() as client:
        for _ in range(20):
            client.sendto(WWW, ("127.0.0.1", near.udp()))
        found = [client.recv(512) for _ in range(5 + 7)]
    assert sum(not is_cut(answer) for answer in found) == 5
