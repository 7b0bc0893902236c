"""Files whose loss would be noticed: what was told of them is there after a power cut."""

import subprocess
import sys
from pathlib import Path

import pytest

from netapp.cli.feiq import next_number
from netapp.core.ssh.hostkeys import open_host_keys
from netapp.core.state import open_state
from netapp.udpchat.ipmsg.numbers import Numbers
from tests.durable.conftest import Place, some
from tests.durable.disk import sent

pytestmark = pytest.mark.real
PROGRAM = """
import os
from pathlib import Path
from netapp.cli.feiq import next_number
from netapp.core.ssh.hostkeys import open_host_keys
from netapp.core.state import open_state
from netapp.udpchat.ipmsg.numbers import Numbers
for _ in range(8):
    os.write(1, b"feiq %d is sent" % next_number(Path("state/deep/er"), 1_000))
numbers = Numbers(open_state(Path("state")) / "ipmsg-numbers", lambda: 1_000.0)
numbers.reserve()
for _ in range(9000):
    number = numbers()
    if number % 1000 == 0:
        os.write(1, b"number %d is sent" % number)
os.write(1, open_host_keys(open_state(Path("state"))).fingerprints[0].encode())
"""


@pytest.fixture(scope="module")
def written(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    """A place in which all of that was done, and what was said of it."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "root").mkdir()
    place = Place(folder / "root", shim, folder / "journal")
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, cwd=place.root, env=place.environment(), check=True, stdout=subprocess.PIPE
    )
    return place, done.stdout.decode()


def test_packet_numbers_rise_after_a_power_cut(written: tuple[Place, str], tmp_path: Path) -> None:
    place, _ = written
    journal = place.records()
    told = {sent(journal, b"number %d is" % number): number for number in range(2000, 10_000, 1000)}
    for moment, _, state in place.cuts([*told, *some(journal)], tmp_path / "cut"):
        again = Numbers(open_state(state) / "ipmsg-numbers", lambda: 1_000.0)
        again.reserve()
        assert again() > max((number for each, number in told.items() if each <= moment), default=0)


def test_feiq_numbers_rise_after_a_power_cut(written: tuple[Place, str], tmp_path: Path) -> None:
    place, _ = written
    journal = place.records()
    told = {sent(journal, b"feiq %d is" % number): number for number in range(1000, 1008)}
    for moment, _, state in place.cuts([*told, *some(journal)], tmp_path / "cut"):
        assert next_number(state / "deep" / "er", 999) > max(
            (n for each, n in told.items() if each <= moment), default=0
        )


def test_a_host_key_that_was_shown_is_the_one_after_a_power_cut(
    written: tuple[Place, str], tmp_path: Path
) -> None:
    place, said = written
    shown = said[said.index("SHA256:") :]
    journal = place.records()
    moment = sent(journal, shown.encode())
    for cut, _, state in place.cuts([moment, *some(journal)], tmp_path / "cut"):
        key = open_host_keys(open_state(state)).fingerprints[0]
        assert cut < moment or key == shown
