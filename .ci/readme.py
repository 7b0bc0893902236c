"""Take the README's two commands, and see that the Chinese README has the same."""

import re
import sys
from pathlib import Path


def commands(readme: str) -> list[str]:
    """The one-line commands that make an environment: the run command, then the test command."""
    text = Path(readme).read_text(encoding="utf-8")
    return re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)


def main() -> None:
    english, chinese = commands("README.md"), commands("README.zh.md")
    if len(english) != 2 or english != chinese:
        sys.exit(f"the READMEs do not have the same two commands: {english} {chinese}")
    run, test = english
    if "twistd" not in run or "pytest" not in test or "git clone" in run + test:
        sys.exit(f"not the run command and the test command: {english}")
    for name, command in (("run", run), ("test", test)):
        Path(sys.argv[1], name).write_text(command + "\n", encoding="utf-8")
        print(f"{name}: {command}")


if __name__ == "__main__":
    main()
