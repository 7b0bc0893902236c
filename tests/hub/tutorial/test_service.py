"""The responders in one process, on a fake reactor."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from netapp.core.listen import DatagramListener, Listener, StreamListener
from netapp.core.running import Shared
from netapp.core.services import parts
from netapp.errors import ConfigError
from netapp.hub.tap import Options, part
from netapp.hub.tutorial.rows import RESPONDERS
from netapp.testing import FakeReactor, connect
from tests.hub.tutorial.programs import ELSEWHERE


class Tutorial:
    """Everything that ``--tutorial`` builds, listening."""

    def __init__(self, state: Path, *arguments: str) -> None:
        options = Options()
        options.parseOptions(["--tutorial", f"--interface={ELSEWHERE}", f"--state={state}", *arguments])
        self.reactor = FakeReactor()
        self.shared = Shared(self.reactor)
        self.options, self.house = options, part(options, self.shared)
        self.house.privilegedStartService()

    def listeners(self, kind: type[Listener]) -> list[Any]:
        return [each for each in parts(self.house) if isinstance(each, kind)]


def test_every_responder_listens_at_the_one_address(tmp_path: Path) -> None:
    tutorial = Tutorial(tmp_path)
    assert {server[2] for server in tutorial.reactor.udpServers} == {ELSEWHERE}
    assert len(tutorial.listeners(DatagramListener)) == sum("udp" in each.transports for each in RESPONDERS)
    assert len(tutorial.listeners(StreamListener)) == sum("tcp" in each.transports for each in RESPONDERS)
    assert tutorial.options["explain"]


def test_allow_reaches_all_but_the_login(tmp_path: Path) -> None:
    tutorial = Tutorial(tmp_path, "--allow=203.0.113.0/24")
    public = IPv4Address("TCP", "203.0.113.5", 40000)
    for each in tutorial.listeners(StreamListener):
        let_in = each.factory.buildProtocol(public) is not None
        assert let_in == (each.owner != "netapp-login"), each.description
        connect(each.factory, ("192.168.1.5", 40000))


def test_all_readings_of_one_name_are_summed(tmp_path: Path) -> None:
    tutorial = Tutorial(tmp_path)
    echoes = [each for each in tutorial.listeners(DatagramListener) if each.owner == "netapp-echo"]
    assert len(echoes) == 3
    for each in echoes:
        each.handler.datagramReceived(b"hello", ("127.0.0.1", 40000))
    assert tutorial.shared.metrics.read()["netapp_echo_answers"] == 3


def test_one_desk_for_all_that_an_operator_answers(tmp_path: Path) -> None:
    tutorial = Tutorial(tmp_path, "--operator")
    assert tutorial.shared.desk("zh") is tutorial.shared.desk("zh")
    desks = [part for part in tutorial.shared.nouns if "Desk" in type(part).__name__]
    assert len(desks) == 1


def test_a_settings_file_of_the_normal_house_is_no_hindrance(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[netapp]\nonly = ["dns"]\n[echo]\nreply = "never"\n', encoding="utf-8")
    tutorial = Tutorial(tmp_path, f"--config={file}")
    echo = next(
        each for each in tutorial.listeners(DatagramListener) if each.description.startswith("udp:8888")
    )
    echo.handler.datagramReceived(b"hello", ("127.0.0.1", 40000))
    assert echo.handler.transport.written == [(b"hello", ("127.0.0.1", 40000))]
    with pytest.raises(ConfigError, match="leave --only and --without out"):
        Tutorial(tmp_path, f"--config={file}", "--only=echo")
