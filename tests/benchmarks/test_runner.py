"""What the benchmarks read and write: reports, pages, the command line, their own processes."""

import argparse
import sys
from pathlib import Path

import pytest

from benchmarks import __main__, dns, page, process
from benchmarks.peers import Peer, Run
from benchmarks.table import CPU, Results

REPORT = """\
Statistics:

  Queries sent:         1000
  Queries completed:    1000 (100.00%)
  Queries lost:         0 (0.00%)

  Response codes:       NOERROR 1000 (100.00%)
  Average packet size:  request 51, response 67
  Run time (s):         0.008139
  Queries per second:   122865.216857
"""


def test_a_report_of_dnsperf_is_read() -> None:
    assert dns.completed(REPORT) == 1000
    assert dns.rate(REPORT) == pytest.approx(122865.2, abs=0.1)
    assert dns.waits("> NOERROR host00001.bench.test A 0.000125\n> T nothing A -\n") == [0.125]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("NOERROR 1000", "NOERROR 900 (90%), REFUSED 100", "errors"),
        ("lost:         0", "lost:         20", "lost 20 of 1000"),
        ("Queries completed", "Nothing", "dnsperf says"),
    ],
)
def test_a_report_of_a_run_that_failed_is_no_figure(right: str, wrong: str, told: str) -> None:
    with pytest.raises(process.Failed, match=told):
        dns.completed(REPORT.replace(right, wrong))


def test_a_page_keeps_the_words_around_its_tables(tmp_path: Path) -> None:
    file, results = tmp_path / "benchmarks.md", Results()
    results.record("An answer", "netapp-dns", CPU, 6.0)
    file.write_text(f"# Benchmarks\n\nBefore.\n\n{page.BEGIN}\nold\n{page.END}\n\nAfter.\n")

    page.save(file, ["Machine: here"], results)
    page.save(file, ["Machine: there"], results)

    text = file.read_text()
    assert text.startswith("# Benchmarks\n\nBefore.\n")
    assert text.endswith("\nAfter.\n")
    assert text.count("### An answer") == 1
    assert "- Machine: there" in text
    assert "old" not in text
    assert "here\n" not in text.replace("there\n", "")


def test_a_page_that_is_not_there_is_made(tmp_path: Path) -> None:
    page.save(tmp_path / "new.md", [], Results())

    assert (tmp_path / "new.md").read_text().startswith(f"# Benchmarks\n\n{page.BEGIN}\n")


def test_areas_are_chosen_by_name() -> None:
    assert __main__.areas("dns,chat") == ["dns", "chat"]
    with pytest.raises(argparse.ArgumentTypeError, match="no area 'web'"):
        __main__.areas("dns,web")


@pytest.mark.parametrize(
    "argument", ["--rounds=0", "--seconds=0", "--seconds=3600", "--rounds=many", "--only="]
)
def test_a_run_without_bounds_is_refused(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        __main__.main([argument])

    assert ended.value.code == 2
    assert "error: argument --" in capsys.readouterr().err


def test_a_peer_that_is_not_installed_is_a_line(tmp_path: Path) -> None:
    run = Run(Results(), 1.0, tmp_path)
    peer = Peer("Nobody", "no-such-program-here", ("no-such-program-here",), lambda place: [])

    assert not run.can(peer, "An answer")
    assert [work.missing for work in run.results] == [{"Nobody": "no-such-program-here is not installed"}]


@pytest.mark.real
def test_a_server_is_watched_and_ended(tmp_path: Path) -> None:
    mark = tmp_path / "up"
    burn = (
        f"import pathlib,time; pathlib.Path({str(mark)!r}).touch(); [0 for _ in range(10**6)]; time.sleep(60)"
    )

    with process.started([sys.executable, "-c", burn], tmp_path, mark.exists) as server:
        assert server.pids() == [server.process.pid]
        assert server.rss() > 2**20
        assert 0 < server.cpu() < 60

    assert server.process.returncode is not None


@pytest.mark.real
def test_a_server_that_ends_at_once_is_told_with_its_last_word(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('port taken')"]

    with (
        pytest.raises(process.Failed, match="ended with status 1: port taken"),
        process.started(command, tmp_path, lambda: False),
    ):
        pass
