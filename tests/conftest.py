"""What every test may ask for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import real


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
