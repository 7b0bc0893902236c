"""One ``twistd -n netapp --tutorial`` for all rows, in a network of its own where every port is free."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests import real
from tests.hub.tutorial import namespace
from tests.hub.tutorial.programs import PUBLIC


@pytest.fixture(scope="package")
def network() -> Iterator[int]:
    with namespace.empty_network(PUBLIC) as handle:
        yield handle


@pytest.fixture(scope="package")
def tutorial(network: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Plugin]:
    state = tmp_path_factory.mktemp("state")
    with ExitStack() as stack:
        with namespace.inside(network):
            options = ("--tutorial", f"--allow={PUBLIC}/32")
            started = stack.enter_context(real.running("netapp", *options, state=state))
        yield started


@pytest.fixture
def in_the_network(network: int, tutorial: real.Plugin) -> Iterator[None]:
    """The test's thread is where the process is, and so is what the test starts."""
    with namespace.inside(network):
        yield
