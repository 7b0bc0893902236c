"""The file service's own options."""

import pytest
from twisted.python import usage

from netapp.file.tap import Options


def test_a_root_that_is_empty_is_refused() -> None:
    with pytest.raises(usage.UsageError, match=r"^--root=: give the path"):
        Options().parseOptions(["--root", ""])
    options = Options()
    options.parseOptions(["--root", "."])
    assert options["root"] == "."
