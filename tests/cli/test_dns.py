"""``netapp dns`` met by T4, by a server that speaks DNS, and by this machine."""

import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.cli.tools import Server, netapp, tcp_server, terminal, udp_server

pytestmark = pytest.mark.real
TABLE = {"www.baidu.com": "192.168.1.2", "www.sixstar.com": "192.168.1.3", "www.google.com": "192.168.1.4"}


def t4(octets: bytes) -> bytes:
    return TABLE.get(octets.decode(), "i dont know").encode()


def by_dns(octets: bytes) -> bytes:
    query = dns.message.from_wire(octets)
    response = dns.message.make_response(query)
    name = query.question[0].name
    if str(name).startswith("none"):
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif str(name).startswith("long"):
        response.flags |= dns.flags.TC
    elif query.question[0].rdtype == 1:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.7", "192.0.2.8"))
    return response.to_wire()


def test_t5_a_name_is_a_datagram_and_so_is_the_answer() -> None:
    with udp_server(t4) as server:
        done = netapp("dns", "www.baidu.com", "www.google.com", "--plain", "--server", server.place)
        unknown = netapp("dns", "nobody", "--plain", "--server", server.place)
    assert (done.returncode, done.stdout) == (0, "192.168.1.2\n192.168.1.4\n")
    assert (unknown.returncode, unknown.stdout) == (1, "i dont know\n")
    assert server.got == [b"www.baidu.com", b"www.google.com", b"nobody"]


def test_t5_asks_again_and_again_until_nothing_is_entered() -> None:
    with udp_server(t4) as server, terminal("dns", "--plain", "--server", server.place) as person:
        person.wait_for("请输入域名")
        person.type("www.baidu.com\n")
        person.wait_for(r"192\.168\.1\.2(?s:.*)请输入域名")
        person.type("www.sixstar.com\n")
        person.wait_for(r"192\.168\.1\.3(?s:.*)请输入域名")
        person.type("\n")
        assert person.end() == 0


def test_t5_names_from_a_pipe() -> None:
    with udp_server(t4) as server:
        done = netapp("dns", "--plain", "--server", server.place, typed="www.google.com\nwww.baidu.com\n")
    assert (done.returncode, done.stdout) == (0, "192.168.1.4\n192.168.1.2\n")


def test_t5_a_lost_answer_is_asked_for_again_and_that_is_said() -> None:
    lost = iter([True])
    with udp_server(lambda octets: None if next(lost, False) else t4(octets)) as server:
        done = netapp("dns", "www.baidu.com", "--plain", "--server", server.place)
    assert (done.returncode, done.stdout) == (0, "192.168.1.2\n")
    assert "正在重试" in done.stderr
    assert server.got == [b"www.baidu.com"] * 2


def test_t31_this_hosts_own_names_and_addresses() -> None:
    done = netapp("dns", lang="C")
    assert done.returncode == 0
    assert f"host name: {socket.gethostname()}\n" in done.stdout
    assert f"full name: {socket.getfqdn()}\n" in done.stdout
    assert "address: " in done.stdout


def test_t31_a_name_by_this_machines_resolver() -> None:
    try:
        found = {str(address[0]) for *_, address in socket.getaddrinfo("localhost", None)}
    except socket.gaierror:
        pytest.skip("this machine has no address for localhost, so nothing to compare with")
    done = netapp("dns", "localhost", "--short")
    assert done.returncode == 0
    assert set(done.stdout.split()) == found
    none = netapp("dns", "no-such-name.invalid", lang="C")
    assert (none.returncode, none.stderr) == (1, "netapp dns: no-such-name.invalid has no address\n")


def test_a_query_shows_records() -> None:
    with udp_server(by_dns) as server:
        done = netapp("dns", "pc1.lan", "--server", server.place)
        short = netapp("dns", "pc1.lan", "--server", server.place, "--short")
    assert (done.returncode, short.returncode) == (0, 0)
    lines = sorted(done.stdout.splitlines())  # dnspython's server side shuffles them
    assert lines == ["pc1.lan.\t60\tIN\tA\t192.0.2.7", "pc1.lan.\t60\tIN\tA\t192.0.2.8"]
    assert sorted(short.stdout.splitlines()) == ["192.0.2.7", "192.0.2.8"]


def test_what_has_no_answer_is_said_in_one_line() -> None:
    with udp_server(by_dns) as server:
        none = netapp("dns", "none.lan", "--server", server.place)
        empty = netapp("dns", "pc1.lan", "--type", "mx", "--server", server.place, lang="C")
        wrong = netapp("dns", "pc1.lan", "--type", "nonsense", "--server", server.place)
    assert (none.returncode, none.stderr) == (1, "netapp dns: 域名 none.lan 不存在\n")
    assert (empty.returncode, empty.stderr) == (1, "netapp dns: pc1.lan has no MX record\n")
    called = "(用法见 netapp dns --help)"
    assert (wrong.returncode, wrong.stderr) == (2, f"netapp dns: 没有 nonsense 这种记录类型{called}\n")


def test_the_server_may_be_written_as_dig_has_it() -> None:
    with udp_server(by_dns) as server:
        done = netapp("dns", "pc1.lan", f"@{server.place}", "--short")
        two = netapp("dns", "pc1.lan", f"@{server.place}", "--server", server.place, lang="C")
    assert (done.returncode, sorted(done.stdout.split())) == (0, ["192.0.2.7", "192.0.2.8"])
    assert (two.returncode, len(server.got)) == (2, 1)
    assert f"@{server.place} and --server do not go together" in two.stderr
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 53))  # else somebody is there, who answers as they like
        except OSError:
            return
    none = netapp("dns", "pc1.lan", "@::1", lang="C")
    assert (none.returncode, none.stderr) == (
        1,
        "netapp dns: [::1]:53 refuses: the service may not be running\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a..b"], "a..b is no domain name"),
        (["a..b", "--server", "127.0.0.1:9"], "a..b is no domain name"),
        (["@"], "nothing is written: write 192.168.1.5:53"),
        (["x", "--server", ""], "nothing is written: write 192.168.1.5:53"),
        (["x", "@127.0.0.1:99999"], "127.0.0.1:99999: a port is 1 to 65535"),
        ([""], "a name is empty"),
        (["", "--server", "127.0.0.1:9"], "a name is empty"),
        (["x", " ", "--plain", "--server", "127.0.0.1:9"], "a name is empty"),
        (["x", "-x", "--server", "127.0.0.1:9"], "x is no address"),
        (["x", "--type", "FOO"], "there is no record type FOO"),
        (["x", "--key", "hmac-sha256:a:@nofile", "--server", "127.0.0.1:9"], "nofile cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_wrongly_called(words: list[str], said: str) -> None:
    done = netapp("dns", *words, lang="C")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def one_over_tcp(server: Server, connection: socket.socket) -> None:
    length = int.from_bytes(connection.recv(2), "big")
    query = dns.message.from_wire(connection.recv(length))
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 1, "IN", "A", "192.0.2.9"))
    wire = response.to_wire()
    connection.sendall(len(wire).to_bytes(2, "big") + wire)
    server.got.append(wire)


@pytest.mark.parametrize("options", [("long.lan",), ("pc1.lan", "--tcp")])
def test_a_cut_answer_and_tcp(options: tuple[str, ...]) -> None:
    with tcp_server(one_over_tcp) as stream, udp_server(by_dns, port=stream.port) as server:
        done = netapp("dns", *options, "--short", "--server", server.place)
    assert (done.returncode, done.stdout, len(stream.got)) == (0, "192.0.2.9\n", 1)


def test_an_answer_cannot_drive_the_terminal() -> None:
    with udp_server(lambda _: b"\x1b]0;owned\x07") as server:
        done = netapp("dns", "x", "--plain", "--server", server.place)
    assert "\x1b" not in done.stdout
    assert done.returncode == 1


def test_nobody_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    for options in ((), ("--plain",), ("--tcp",)):
        done = netapp("dns", "x", "--server", place, *options)
        assert (done.returncode, done.stderr) == (1, f"netapp dns: {place} 拒绝连接:服务可能没有启动\n")
