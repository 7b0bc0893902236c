"""Which services the hub runs, and what it tells each of them."""

from pathlib import Path

import pytest
from twisted.python import usage

from netapp.core.listen import Listener
from netapp.core.running import Shared
from netapp.core.services import parts
from netapp.echo.config import DEFAULTS
from netapp.errors import ConfigError, StartError
from netapp.hub.config import SERVICES, chosen
from netapp.hub.tap import Options, part
from netapp.testing import FakeReactor


def options(*arguments: str) -> Options:
    parsed = Options()
    parsed.parseOptions(arguments)
    return parsed


def test_only_and_without() -> None:
    assert chosen((), ()) == SERVICES
    assert chosen((), ("chat",)) == tuple(name for name in SERVICES if name != "chat")
    assert chosen(("echo", "dns"), ()) == ("dns", "echo")
    assert chosen(("echo", "dns"), ("dns",)) == ("echo",)


@pytest.mark.parametrize(
    ("only", "without", "complaint"),
    [
        (("mail",), (), "no service 'mail'"),
        ((), ("irc",), "no service 'irc'"),
        (("dns",), ("dns",), "no service to run"),
    ],
)
def test_a_choice_that_cannot_be(only: tuple[str, ...], without: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        chosen(only, without)


def test_shared_options_reach_every_service() -> None:
    reactor = FakeReactor()
    house = part(options("--only=echo", "--interface=127.0.0.9"), Shared(reactor))
    house.privilegedStartService()
    assert [server[0] for server in reactor.tcpServers] == [8888]
    assert [server[2] for server in reactor.udpServers] == ["127.0.0.9"]
    assert {each.owner for each in parts(house) if isinstance(each, Listener)} == {"netapp-echo"}
    assert len(DEFAULTS) == 2


def test_a_service_reads_its_own_table_and_the_hub_its_own(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text(
        'interface = "127.0.0.1"\n[netapp]\nonly = ["echo"]\n[echo]\nreply = "OK!"\nlisten = ["udp:9007"]\n',
        encoding="utf-8",
    )
    reactor = FakeReactor()
    house = part(options(f"--config={file}"), Shared(reactor))
    house.privilegedStartService()
    assert reactor.tcpServers == []
    handler = reactor.udpServers[0][1]
    handler.datagramReceived(b"?", ("127.0.0.1", 40000))
    assert handler.transport.written == [(b"OK!", ("127.0.0.1", 40000))]


def test_a_wrong_key_is_named_with_its_service(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[echo]\nrepyl = "OK!"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"echo: .*netapp\.toml: unknown key 'repyl' in \[echo\]"):
        part(options(f"--config={file}", "--only=echo"), Shared(FakeReactor()))


def test_what_all_services_share_stands_above_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[netapp]\nencoding = "gbk"\n', encoding="utf-8")
    with pytest.raises(usage.UsageError, match=r"unknown key 'encoding' in \[netapp\]"):
        options(f"--config={file}")


def test_an_option_of_one_service_is_none_of_the_hubs() -> None:
    with pytest.raises(usage.UsageError, match="reply"):
        options("--reply=x")


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (
            "--record=pc=10.0.0.1",
            "; write record = ... under [dns] in the configuration file, or start netapp-dns",
        ),
        ("--root=/srv", "; write root = ... under [file] in the configuration file, or start netapp-file"),
        ("--bogus", "; twistd netapp --help tells which there are"),
        ("--langs=en", "; is it --lang?"),
    ],
)
def test_an_option_of_one_service_is_led_to_it(given: str, cure: str) -> None:
    under = Options()
    under.parent = usage.Options()  # as twistd has it
    with pytest.raises(StartError) as caught:
        under.parseOptions([given])
    assert str(caught.value).endswith(f"not recognized{cure}")
