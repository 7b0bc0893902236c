"""Wait until the log says that netapp is ready, then type every line that it says to try."""

import re
import subprocess
import sys
import time
from pathlib import Path

#: What each service's line must print, whatever else it prints.
EXPECTED = {
    "netapp-dns": r"\d+\.\d+\.\d+\.\d+",
    "netapp-login": "请输入用户名:",
    "netapp-chat": r"昵称|\bCAP\b|Irssi|001",
    "netapp-file": "netapp",
    "netapp-udpchat": r"已收到|:33:\d+",
    "netapp-echo": "hello",
}
WAIT_FOR_START = 300.0


def wait_until_ready(log: Path) -> str:
    deadline = time.monotonic() + WAIT_FOR_START
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if re.search(r"netapp: ready$", text, re.MULTILINE):
            return text
        time.sleep(0.2)
    sys.exit(f"netapp did not become ready:\n{text}")


def try_line(line: str) -> str:
    """Type a line into a terminal, as a person would; what it showed within some seconds."""
    done = subprocess.run(
        ["timeout", "4", "script", "-qec", line, "/dev/null"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace")


def main() -> None:
    text = wait_until_ready(Path(sys.argv[1]))
    hints = re.findall(r"(netapp[\w-]*): try  (.+)$", text, re.MULTILINE)
    silent = set(EXPECTED) - {owner for owner, _ in hints}
    if silent:
        sys.exit(f"no line to try for {', '.join(sorted(silent))} in:\n{text}")
    for owner, line in hints:
        shown = try_line(line)
        good = re.search(EXPECTED[owner], shown) is not None
        print(f"{'ok' if good else 'FAILED'}  {owner}: {line}")
        if not good:
            sys.exit(f"it showed:\n{shown}")


if __name__ == "__main__":
    main()
