"""``--explain`` on the command line, in the file, and through the hub to its services."""

from pathlib import Path

import pytest
from twisted.python.usage import UsageError

from netapp.echo.tap import Options as EchoOptions
from netapp.hub.tap import Options as HubOptions


def parsed(*arguments: str, hub: bool = False) -> EchoOptions | HubOptions:
    options = HubOptions() if hub else EchoOptions()
    options.parseOptions(arguments)
    return options


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "netapp.toml"
    path.write_text(text, "utf-8")
    return f"--config={path}"


def test_it_is_off_until_asked_for() -> None:
    assert not parsed()["explain"]
    assert parsed("--explain")["explain"]


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("explain = true", True),
        ("explain = false", False),
        ("[echo]\nexplain = true", True),
        ("explain = true\n[echo]\nexplain = false", False),
    ],
)
def test_the_file_can_ask_for_it(tmp_path: Path, text: str, on: bool) -> None:
    assert bool(parsed(file(tmp_path, text))["explain"]) is on


def test_the_file_takes_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="explain takes true or false"):
        parsed(file(tmp_path, 'explain = "yes"'))


def test_the_hub_passes_it_on_as_its_services_read_it() -> None:
    passed_on = parsed("--explain", "--lang=en", hub=True).passed_on
    assert passed_on == ["--explain", "--lang=en"]
    assert parsed(*passed_on)["explain"]
