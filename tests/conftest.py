"""What every test may ask for."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import real
from tests.plain import hiding


def pytest_addoption(parser: pytest.Parser) -> None:
    hidden = ", ".join(hiding.PLAIN)
    parser.addoption(
        "--plain-platform", action="store_true", help=f"Hide {hidden}: another system than Linux."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Hide it here, before netapp is imported, and in every process that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background: what it starts
        signal.signal(signal.SIGINT, signal.default_int_handler)  # would be deaf to Ctrl-C too
    if config.getoption("--plain-platform"):
        hiding.hide(*hiding.PLAIN)
        os.environ[hiding.VARIABLE] = ",".join(hiding.PLAIN)
        before = filter(None, [os.environ.get("PYTHONPATH")])
        os.environ["PYTHONPATH"] = os.pathsep.join([str(real.PROJECT / "tests" / "plain"), *before])


@pytest.fixture(autouse=True, scope="session")
def _nothing_of_the_users_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes into, or reads settings from, the state directory of who runs it."""
    os.environ["NETAPP_STATE"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., real.Plugin]]:
    """``start("netapp-echo", "--listen=tcp:0:interface=127.0.0.1")``: a real process until the test ends."""
    with ExitStack() as stack:

        def begin(plugin: str, *options: str, **more: object) -> real.Plugin:
            state = tmp_path / "state"
            state.mkdir(mode=0o700, exist_ok=True)
            return stack.enter_context(
                real.running(plugin, *options, state=state, **more)  # type: ignore[arg-type]
            )

        yield begin
