"""The command line of the file service, as an operator sees it answered in the log."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import real

pytestmark = pytest.mark.real


def test_the_log_names_the_folder_that_is_shared(start: Callable[..., real.Plugin], tmp_path: Path) -> None:
    shared = tmp_path / "共享"
    shared.mkdir()
    files = start("netapp-file", "--listen=tcp:0:interface=127.0.0.1", f"--root={shared}")
    files.wait_for(f"netapp-file: what lies in {re.escape(str(shared))} can be fetched$")
