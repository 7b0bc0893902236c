"""What CONTRIBUTING.md teaches works: its example is built and its own test is run."""

import re
import sys
from pathlib import Path

import pytest

from tests.real import PROJECT

_FILE = re.compile(r"```python\n# (\S+\.py)\n(.*?)```", re.DOTALL)


def test_the_worked_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = dict(_FILE.findall(guide))
    assert len(files) == 7, sorted(files)
    for name, code in files.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(code, encoding="utf-8")

    import netapp

    monkeypatch.setattr(netapp, "__path__", [*netapp.__path__, str(tmp_path / "netapp")])
    taught: dict[str, object] = {}
    exec(compile(files["tests/daytime/test_daytime.py"], "CONTRIBUTING.md", "exec"), taught)
    tests = [value for name, value in taught.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        assert callable(test)
        test()

    from netapp.daytime.tap import Options  # type: ignore[import-not-found]

    options = Options()
    options.parseOptions(["--format=%H"])
    assert options["format"] == "%H"
    for module in [name for name in sys.modules if name.startswith("netapp.daytime")]:
        del sys.modules[module]
