"""The arithmetic of the benchmarks' tables."""

import pytest

from benchmarks import chat, dns
from benchmarks.goals import judged
from benchmarks.table import CPU, RATE, Measure, Results, Spread, behind, markdown, number, percentile


def results(*figures: tuple[str, Measure, float]) -> Results:
    made = Results()
    for server, measure, value in figures:
        made.record("An answer", server, measure, value)
    return made


def test_a_spread_is_the_median_with_the_least_and_the_most() -> None:
    spread = Spread.of([5.0, 1.0, 3.0])

    assert (spread.middle, spread.least, spread.most) == (3.0, 1.0, 5.0)
    assert str(spread) == "3.00 (1.00-5.00)"
    assert str(Spread.of([2.5])) == "2.50"
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.00954, "0.0095"),
        (0.266, "0.266"),
        (4.5945, "4.59"),
        (23.46, "23.5"),
        (999.6, "1,000"),
        (122840.4, "122,840"),
    ],
)
def test_a_number_shows_three_figures_and_thousands(value: float, text: str) -> None:
    assert number(value) == text


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(each) for each in range(100, 0, -1)]

    assert percentile(values, 0.99) == 99.0
    assert percentile(values, 1) == 100.0
    assert percentile([7.0], 0.99) == 7.0
    for share in (0, 1.5):
        with pytest.raises(ValueError, match="no values"):
            percentile(values, share)


def test_a_ratio_is_of_the_medians_and_stands_on_the_peers_row() -> None:
    made = results(
        ("Knot", CPU, 4.0), ("Knot", CPU, 5.0), ("Knot", CPU, 9.0), ("netapp-dns", CPU, 10.0),
        ("NSD", RATE, 1.0),
    )  # fmt: skip
    (work,) = made

    assert work.servers == ["netapp-dns", "Knot", "NSD"]
    assert work.ratio("Knot", CPU) == 2.0
    assert work.ratio("netapp-dns", CPU) is None
    assert work.ratio("NSD", RATE) is None  # netapp has no such figure
    assert work.ratio("NSD", CPU) is None


def test_a_table_has_a_line_for_who_is_missing() -> None:
    made = results(("netapp-dns", CPU, 6.0), ("Knot", CPU, 4.0), ("Knot", RATE, 100.0))
    made.miss("An answer", "NSD", "nsd is not installed")

    assert markdown(made).splitlines() == [
        "### An answer",
        "",
        "| server | CPU, µs | rate, /s |",
        "|---|---|---|",
        "| netapp-dns | 6.00 |  |",
        "| Knot | 4.00 ×1.50 | 100 |",
        "| NSD | nsd is not installed |  |",
    ]


def test_a_table_with_nobody_says_why() -> None:
    made = Results()
    made.miss("A file", "netapp-file", "ended with status 1: no | such root")

    assert markdown(made).splitlines()[2:] == [
        "| server |",
        "|---|",
        r"| netapp-file: ended with status 1: no \| such root |",
    ]


def test_behind_tells_what_is_worse_and_by_whom() -> None:
    made = results(
        ("netapp-dns", CPU, 6.0), ("Knot", CPU, 4.0), ("dnsmasq", CPU, 9.0),
        ("netapp-dns", RATE, 50.0), ("Knot", RATE, 200.0), ("dnsmasq", RATE, 40.0),
    )  # fmt: skip

    assert behind(made) == [
        "An answer: CPU 6.00 µs; Knot 4.00 (×1.50)",
        "An answer: rate 50.0 /s; Knot 200 (×0.25)",
    ]


def test_what_differs_no_more_than_the_rounds_is_not_behind() -> None:
    made = results(("netapp-dns", CPU, 6.0), ("netapp-dns", CPU, 4.0), ("Knot", CPU, 4.5), ("Knot", CPU, 3.5))

    assert behind(made) == []


def test_goals_are_figures_or_ratios() -> None:
    made = Results()
    made.record(dns.EDNS, "netapp-dns", CPU, 6.0)
    made.record(dns.EDNS, "Knot", CPU, 4.0)
    made.record(chat.ALONE, "netapp-chat", CPU, 5.0)

    lines = judged(made).splitlines()

    assert f"| {dns.EDNS}: CPU at most 20 µs | 6.00 µs | reached |" in lines
    assert f"| {dns.EDNS}: CPU at most ×1 that of Knot | ×1.50 | not reached |" in lines
    assert f"| {chat.ALONE}: CPU at most ×1 that of Ergo | | not measured |" in lines


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="CPU is nan"):
        results(("Knot", CPU, float("nan")))
