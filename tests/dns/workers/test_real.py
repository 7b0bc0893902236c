"""Workers as processes of their own: what is answered, what dies, and who is told."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest

from tests import real
from tests.dns.updates.asking import ALLOWED, adding, update, zone_file

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LISTEN = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")
SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbG9uZyBlbm91Z2g="
ANSWER = r"netapp-dns: {} workers answer"


@pytest.fixture
def crew(start: Start, tmp_path: Path) -> Start:
    """``crew("--option")``: two workers that answer for a zone."""

    def begin(*options: str) -> real.Plugin:
        zone = f"--zone=example.lan={zone_file(tmp_path)}"
        server = start("netapp-dns", *LISTEN, zone, "--record=a.lan=192.0.2.7", "--workers=2", *options)
        server.wait_for(ANSWER.format(2))
        return server

    return begin


def workers(server: real.Plugin) -> list[int]:
    """The processes that a server has begun."""
    listed = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(number) for number in listed.split()]


def cpu(process: int) -> float:
    """Ticks that a process has run."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def until(true: Callable[[], object], within: float = real.PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def clients(stack: ExitStack, count: int) -> list[socket.socket]:
    return [stack.enter_context(real.udp_client(timeout=5)) for _ in range(count)]


def asked(server: real.Plugin, name: str = "www.example.lan", rdtype: str = "A") -> list[str]:
    answer = dns.query.udp(dns.message.make_query(name, rdtype), "127.0.0.1", 5, server.udp())
    return sorted(str(each) for rrset in answer.answer for each in rrset)


def figures(server: real.Plugin) -> dict[str, float]:
    port = server.ports("tcp")[-1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        text = page.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(netapp\S+) (\S+)$", text, re.MULTILINE)}


def test_both_answer_and_their_counts_are_sums(crew: Start) -> None:
    server = crew("--metrics=tcp:0")
    query = dns.message.make_query("www.example.lan", "A").to_wire()
    with ExitStack() as stack:
        before = figures(server)
        for client in clients(stack, 40):
            for _ in range(25):
                assert real.ask(server.udp(), query, client=client)
            assert real.ask(server.udp(), b"a.lan", client=client) == b"192.0.2.7"
            assert real.ask(server.udp(), "没有.lan".encode(), client=client) == b"i dont know"
    until(lambda: figures(server)["netapp_dns_datagrams_answered_total"] >= 40 * 27)
    now = figures(server)
    assert now["netapp_dns_datagrams_received_total"] == 40 * 27
    assert now["netapp_dns_datagrams_answered_total"] == 40 * 27
    assert now['netapp_dns_queries_total{rcode="NOERROR",transport="udp",type="A"}'] == 40 * 25
    assert now['netapp_dns_queries_total{rcode="NOERROR",transport="text",type="A"}'] == 40
    assert now['netapp_dns_queries_total{rcode="NXDOMAIN",transport="text",type="A"}'] == 40
    assert now["netapp_dns_answer_seconds_count"] == 40 * 27
    assert now["netapp_dns_workers"] == 2
    assert before["netapp_dns_datagrams_received_total"] == 0


def test_the_kernel_gives_clients_to_each_of_them(crew: Start) -> None:
    server = crew()
    query = dns.message.make_query("www.example.lan", "A").to_wire()
    one, other = workers(server)
    os.kill(one, signal.SIGSTOP)
    try:
        with ExitStack() as stack:
            asking = clients(stack, 32)
            for client in asking:
                client.sendto(query, ("127.0.0.1", server.udp()))
            waiting = [client for client in asking if not arrives(client, 0.1)]
            assert 0 < len(waiting) < 32
            os.kill(one, signal.SIGCONT)
            assert all(arrives(client, 5) for client in waiting)  # its socket has kept them
    finally:
        os.kill(one, signal.SIGCONT)
    assert workers(server) == [one, other]


def arrives(client: socket.socket, within: float) -> bool:
    client.settimeout(within)
    try:
        return bool(client.recv(512))
    except TimeoutError:
        return False


def test_a_killed_worker_is_back_and_nobody_waits_for_it(crew: Start) -> None:
    server = crew("--metrics=tcp:0")
    victim = workers(server)[0]
    query = dns.message.make_query("www.example.lan", "A").to_wire()
    with ExitStack() as stack:
        asking = clients(stack, 30)
        for client in asking:
            real.ask(server.udp(), query, client=client)
        os.kill(victim, signal.SIGKILL)
        server.wait_for(r"netapp-dns: worker \d was ended by signal 9; it is started again after 0.5 s")
        for client in asking:  # the first process stands in
            assert real.ask(server.udp(), query, client=client)
        until(lambda: len(workers(server)) == 2 and figures(server)["netapp_dns_workers"] == 2)
        assert victim not in workers(server)
        for client in asking:
            assert real.ask(server.udp(), query, client=client)
    assert figures(server)["netapp_dns_worker_restarts_total"] == 1


def test_under_load_a_killed_worker_loses_what_it_held(crew: Start, tmp_path: Path) -> None:
    dnsperf = real.tool("dnsperf", "dnsperf")
    server = crew()
    (tmp_path / "queries").write_text("www.example.lan A\n" * 4)
    load = subprocess.Popen(
        [dnsperf, "-s127.0.0.1", f"-p{server.udp()}", "-d", str(tmp_path / "queries"), "-l3", "-Q8000",
         "-c32", "-t2"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    time.sleep(1)
    os.kill(workers(server)[0], signal.SIGKILL)
    said, _ = load.communicate(timeout=30)
    found = re.search(r"Queries lost:\s+(\d+)", said)
    assert found, said
    assert int(found[1]) <= 64 * 4, said  # one turn's batches
    server.wait_for(rf"(?s)ended by signal 9.*{ANSWER.format(2)}")


def test_one_that_dies_at_once_costs_pauses(crew: Start) -> None:
    server = crew()
    for pause in ("0.5", "1"):
        until(lambda: len(workers(server)) == 2)
        os.kill(workers(server)[-1], signal.SIGKILL)
        server.wait_for(f"started again after {pause} s")
    assert asked(server) == ["192.0.2.1"]


def test_a_killed_parent_leaves_nobody_behind(crew: Start) -> None:
    server = crew()
    gone = [server.process.pid, *workers(server)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        server.process.kill()
        server.process.wait()
        until(lambda: not any(Path(f"/proc/{each}/cmdline").exists() and _lives(each) for each in gone))
        probe.bind(("127.0.0.1", server.udp()))  # nobody has the port
    server.process.returncode = -signal.SIGKILL


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_stop_ends_all_of_them(crew: Start) -> None:
    server = crew()
    gone = workers(server)
    server.stop()
    assert not any(_lives(each) for each in gone)
    assert "started again" not in server.log
    assert "error" not in server.log.lower().replace("noerror", "")


@pytest.mark.parametrize("times", [1, 3])
def test_an_end_of_the_whole_group_is_one_end(tmp_path: Path, times: int) -> None:
    options = (*LISTEN, "--record=a.lan=192.0.2.7", "--notify=127.0.0.1:9", "--primary=b.lan@127.0.0.1:9")
    with real.running("netapp-dns", *options, "--workers=3", state=tmp_path, inside=["setsid"]) as server:
        server.wait_for(ANSWER.format(3))
        pids = workers(server)
        for _ in range(times):
            os.killpg(server.process.pid, signal.SIGTERM)
            time.sleep(0.005)  # so that they come one by one
        server.process.wait(real.PATIENCE)
    assert not [each for each in pids if Path(f"/proc/{each}").exists()]
    assert "it is started again" not in server.log


def test_the_terminals_signals_are_not_theirs(crew: Start) -> None:
    server = crew()
    before = workers(server)
    for each in before:
        os.kill(each, signal.SIGHUP)
        os.kill(each, signal.SIGINT)
    with ExitStack() as stack:
        query = dns.message.make_query("www.example.lan", "A").to_wire()
        for client in clients(stack, 10):
            assert real.ask(server.udp(), query, client=client)
    assert workers(server) == before


def test_a_reload_reaches_all(crew: Start, tmp_path: Path) -> None:
    server = crew()
    query = dns.message.make_query("www.example.lan", "A").to_wire()
    path = zone_file(tmp_path)
    with ExitStack() as stack:
        asking = clients(stack, 20)
        for client in asking:
            assert b"\xc0\x00\x02\x01" in real.ask(server.udp(), query, client=client)
        path.write_text(path.read_text().replace("192.0.2.1", "192.0.2.5").replace("host 1 ", "host 2 "))
        server.process.send_signal(signal.SIGHUP)
        for client in asking:
            until(lambda: b"\xc0\x00\x02\x05" in real.ask(server.udp(), query, client=client))  # noqa: B023


def test_after_an_update_nobody_sees_the_old(crew: Start) -> None:
    server = crew(ALLOWED)
    with ExitStack() as stack:
        asking = clients(stack, 50)
        for number in range(1, 21):
            sender = asking[number]
            change = update()
            change.replace("www", 60, "A", f"192.0.2.{number}")
            answer = dns.message.from_wire(real.ask(server.udp(), change.to_wire(), client=sender))
            assert answer.rcode() == dns.rcode.NOERROR
            query = dns.message.make_query("www.example.lan", "A").to_wire()
            for client in asking:
                client.sendto(query, ("127.0.0.1", server.udp()))
            for client in asking:
                assert client.recv(512).endswith(bytes((192, 0, 2, number)))


def test_nor_while_workers_die(crew: Start) -> None:
    server = crew(ALLOWED)
    with ExitStack() as stack:
        asking = clients(stack, 20)
        for number in range(1, 31):
            if number % 10 == 1 and (living := workers(server)):
                os.kill(living[number % len(living)], signal.SIGKILL)
            change = update()
            change.replace("www", 60, "A", f"192.0.2.{number}")
            assert dns.query.tcp(change, "127.0.0.1", 5, server.tcp()).rcode() == dns.rcode.NOERROR
            query = dns.message.make_query("www.example.lan", "A").to_wire()
            for client in asking:
                assert patiently(server, query, client).endswith(bytes((192, 0, 2, number)))
        server.wait_for(ANSWER.format(2))


def patiently(server: real.Plugin, query: bytes, client: socket.socket) -> bytes:
    """An answer; what a worker held when it was killed is asked again."""
    for _ in range(10):
        client.sendto(query, ("127.0.0.1", server.udp()))
        if select.select([client], [], [], 0.5)[0]:
            return client.recv(512)
    raise AssertionError("no answer")


def test_a_large_zone_that_is_another_holds_up_nobody(start: Start, tmp_path: Path) -> None:
    def write(serial: int, network: int) -> None:
        soa = f"@ 300 SOA ns host {serial} 3600 600 86400 60\n@ 300 NS ns\nns 300 A 127.0.0.1\n"
        many = (f"n{each} 300 A {network}.0.{each >> 8}.{each & 255}\n" for each in range(60_000))
        aside = tmp_path / "aside"
        aside.write_text(soa + "".join(many))
        aside.rename(tmp_path / "big.lan")

    write(1, 10)
    zones = [f"--zone={tmp_path / 'big.lan'}", f"--zone={zone_file(tmp_path)}"]
    server = start("netapp-dns", *LISTEN, *zones, ALLOWED, "--workers=2")
    server.wait_for(ANSWER.format(2))
    write(2, 11)
    server.process.send_signal(signal.SIGHUP)
    query = dns.message.make_query("n7.big.lan", "A").to_wire()
    with ExitStack() as stack:
        asking = clients(stack, 10)
        number = new = 0
        while new < 3:
            number += 1
            change = update()
            change.replace("www", 60, "A", f"192.0.2.{number % 250}")
            assert dns.query.udp(change, "127.0.0.1", 5, server.udp()).rcode() == dns.rcode.NOERROR
            assert asked(server) == [f"192.0.2.{number % 250}"]
            networks = {real.ask(server.udp(), query, client=client)[-4] for client in asking}
            assert networks <= ({11} if new else {10, 11})
            new += networks == {11}
    server.wait_for(rf"(?s){ANSWER.format(2)}.*{ANSWER.format(2)}")


def test_an_update_over_tcp_waits_too(crew: Start) -> None:
    server = crew(ALLOWED)
    for number in range(10):
        change = dns.message.from_wire(adding(f"n{number}"))
        assert dns.query.tcp(change, "127.0.0.1", 5, server.tcp()).rcode() == dns.rcode.NOERROR
        for _ in range(4):
            assert asked(server, f"n{number}.example.lan") == ["192.0.2.9"]


def test_what_is_signed_and_what_is_told_go_through(crew: Start) -> None:
    server = crew(f"--key=hmac-sha256:k:{SECRET}", "--allow-update=127.0.0.0/8#k")
    ring = dns.tsigkeyring.from_text({"k": SECRET})
    query = dns.message.make_query("www.example.lan", "A")
    query.use_tsig(ring, algorithm="hmac-sha256")
    for _ in range(6):  # each from another port; dnspython checks the signature
        answer = dns.query.udp(query, "127.0.0.1", 5, server.udp())
        assert answer.had_tsig
        assert answer.rcode() == dns.rcode.NOERROR
    change = dns.update.UpdateMessage("example.lan", keyring=ring, keyalgorithm="hmac-sha256")
    change.add("signed", 60, "A", "192.0.2.3")
    assert dns.query.udp(change, "127.0.0.1", 5, server.udp()).rcode() == dns.rcode.NOERROR
    assert asked(server, "signed.example.lan") == ["192.0.2.3"]
    unsigned = dns.message.from_wire(real.ask(server.udp(), adding("no")))
    assert unsigned.rcode() == dns.rcode.REFUSED
    notify = dns.message.make_query("example.lan", "SOA")
    notify.set_opcode(4)
    assert dns.query.udp(notify, "127.0.0.1", 5, server.udp()).rcode() == dns.rcode.NOTAUTH
    transfer = dns.message.make_query("example.lan", "AXFR").to_wire()
    assert dns.message.from_wire(real.ask(server.udp(), transfer)).rcode() != dns.rcode.NOERROR


def test_the_query_log_is_everybodys(crew: Start, tmp_path: Path) -> None:
    log = tmp_path / "queries.jsonl"
    server = crew(f"--query-log={log}")
    for _ in range(20):
        assert asked(server)
    until(lambda: log.read_text().count("www.example.lan") == 20)
    log.rename(tmp_path / "old")
    server.process.send_signal(signal.SIGHUP)
    until(log.exists)
    server.wait_for("query log of the workers: read again")
    for _ in range(20):
        assert asked(server)
    until(lambda: (log.read_text() + (tmp_path / "old").read_text()).count("www.example.lan") == 40)
    assert log.read_text()


def test_workers_outlive_a_folder_that_the_query_log_cannot_be_in(crew: Start, tmp_path: Path) -> None:
    (folder := tmp_path / "logs").mkdir()
    log = folder / "queries.jsonl"
    server = crew(f"--query-log={log}")
    before = workers(server)
    folder.rename(tmp_path / "away")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("worker 1: query log: not begun anew")
    server.wait_for("worker 2: query log: not begun anew")
    assert workers(server) == before
    os.kill(before[0], signal.SIGKILL)
    server.wait_for(r"(?s)2 workers answer.*2 workers answer")  # without its log
    folder.mkdir()
    with ExitStack() as stack:
        for client in clients(stack, 30):
            real.ask(server.udp(), dns.message.make_query("www.example.lan", "A").to_wire(), client=client)
    until(lambda: log.exists() and b"www.example.lan" in log.read_bytes())
    assert "Traceback" not in server.log


def test_a_cookie_of_one_is_known_by_the_others(crew: Start) -> None:
    server = crew()
    cookie = b"12345678"
    seen = set()
    for _ in range(12):
        option = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)
        query = dns.message.make_query("www.example.lan", "A", options=[option])
        answer = dns.query.udp(query, "127.0.0.1", 5, server.udp())
        (cookie,) = (each.to_wire() for each in answer.options)
        assert len(cookie) == 24
        seen.add(cookie)
    assert len(seen) <= 2  # made within a second or two, each with the same secret


def test_one_process_explains(start: Start) -> None:
    server = start("netapp-dns", *LISTEN, "--record=a.lan=192.0.2.7", "--workers=2", "--explain")
    server.wait_for("--workers 2: with --explain one process answers all")
    assert workers(server) == []
    assert asked(server, "a.lan") == ["192.0.2.7"]


def test_too_many_are_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    done = real.run_once("netapp-dns", *LISTEN, "--workers=65", state=tmp_path / "state")
    assert done.returncode == 1
    assert "--workers=65: write a number, 1 to 64" in done.stdout + done.stderr


def test_another_user_answers_at_a_port_bound_before(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("another user can only be had by root")
    if not all(each.stat().st_mode & 0o001 for each in Path(sys.base_prefix).parents):
        pytest.skip("another user may not run this Python")
    place = Path(tempfile.mkdtemp())
    os.chown(place, 65534, 65534)
    options = ("--uid=65534", "--gid=65534", "netapp-dns", *LISTEN, "--record=a.lan=192.0.2.7", "--workers=2")
    try:
        with real.launched("netapp-dns", *options, cwd=place, env=real.environment(place)) as server:
            server.wait_for(ANSWER.format(2))
            assert [Path(f"/proc/{each}").stat().st_uid for each in workers(server)] == [65534, 65534]
            os.kill(workers(server)[0], signal.SIGKILL)
            server.wait_for(rf"(?s)signal 9.*{ANSWER.format(2)}")
            assert asked(server, "a.lan") == ["192.0.2.7"]
    finally:
        shutil.rmtree(place)
