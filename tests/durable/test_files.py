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
NUMBERS = """
import os
from pathlib import Path
from netapp.core.state import open_state
from netapp.udpchat.ipmsg.numbers import Numbers
numbers = Numbers(open_state(Path("state")) / "ipmsg-numbers", lambda: 1_000.0)
numbers.reserve()
for _ in range(9000):
    number = numbers()
    if number % 1000 == 0:
        os.write(1, b"number %d is sent" % number)
"""
HOST_KEY = """
import os
from pathlib import Path
from netapp.core.ssh.hostkeys import open_host_keys
from netapp.core.state import open_state
os.write(1, open_host_keys(open_state(Path("state"))).fingerprints[0].encode())
"""


FEIQ = """
import os
from pathlib import Path
from netapp.cli.feiq import next_number
for _ in range(20):
    os.write(1, b"feiq %d is sent" % next_number(Path("state/deep/er"), 1_000))
"""


def run(place: Place, program: str) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=place.root, env=place.environment(), check=True, stdout=subprocess.PIPE
    )
    return done.stdout.decode()


def test_packet_numbers_rise_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    run(place, NUMBERS)
    journal = place.records()
    told = {sent(journal, b"number %d is" % number): number for number in range(2000, 10_000, 1000)}
    for moment, _, state in place.cuts([*told, *some(journal)], tmp_path / "cut"):
        again = Numbers(open_state(state) / "ipmsg-numbers", lambda: 1_000.0)
        again.reserve()
        assert again() > max((number for each, number in told.items() if each <= moment), default=0)


def test_feiq_numbers_rise_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    run(place, FEIQ)
    journal = place.records()
    told = {sent(journal, b"feiq %d is" % number): number for number in range(1000, 1020)}
    for moment, _, state in place.cuts([*told, *some(journal)], tmp_path / "cut"):
        assert next_number(state / "deep" / "er", 999) > max(
            (n for each, n in told.items() if each <= moment), default=0
        )


def test_a_host_key_that_was_shown_is_the_one_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    shown = run(place, HOST_KEY)
    journal = place.records()
    moment = sent(journal, shown.encode())
    for cut, _, state in place.cuts([moment, *some(journal, 15)], tmp_path / "cut"):
        key = open_host_keys(open_state(state)).fingerprints[0]
        assert cut < moment or key == shown
