"""The table of the tutorials' programs: all are there, and what it names exists."""

import importlib
import shlex
import string
from collections import Counter

import pytest
from click.testing import CliRunner

from netapp.cli.main import cli
from netapp.hub.tutorial import rows

NAMES = {each.name: each for each in rows.RESPONDERS}


def test_every_program_has_one_row() -> None:
    assert [row.number for row in rows.ROWS] == list(range(1, 33))


def test_every_responder_that_a_row_names_exists_and_each_is_named() -> None:
    assert {row.responder for row in rows.ROWS} - {None} == set(NAMES)
    assert len(NAMES) == len(rows.RESPONDERS)


def test_the_wanted_ports_are_different_ones() -> None:
    wanted = Counter((transport, each.port) for each in rows.RESPONDERS for transport in each.transports)
    assert wanted.most_common(1)[0][1] == 1


def test_a_server_of_the_students_own_never_meets_ours() -> None:
    wanted = {(transport, each.port) for each in rows.RESPONDERS for transport in each.transports}
    own = [(NAMES[row.responder or ""].transport, row.own) for row in rows.ROWS if row.own]
    assert not wanted & set(own)
    assert len(own) == len(set(own))


@pytest.mark.parametrize("responder", rows.RESPONDERS, ids=lambda each: each.name)
def test_a_responder_is_what_its_own_plugin_would_take(responder: rows.Responder) -> None:
    tap = importlib.import_module(f"netapp.{responder.plugin}.tap")
    options = tap.Options()
    options.parseOptions([f"{responder.option}={responder.transport}:{responder.port}", *responder.arguments])
    assert tap.config_from(options).listen
    assert not responder.operator or "operator" in options.known_keys()


@pytest.mark.parametrize("row", rows.ROWS, ids=lambda row: f"T{row.number}")
def test_a_row_is_complete_in_both_languages(row: rows.Row) -> None:
    chinese, english = row.title
    assert chinese
    assert english.isascii()
    fields = {field for _, field, _, _ in string.Formatter().parse(row.line) if field}
    assert fields == (set() if row.kind == "local" else {"host", "port"})
    assert (row.kind in ("server", "both")) == (row.bind_at("127.0.0.1") is not None)


@pytest.mark.parametrize("row", [row for row in rows.ROWS if row.command], ids=lambda row: f"T{row.number}")
def test_a_rows_command_is_one_that_there_is(row: rows.Row) -> None:
    """Its options are known; ``--help`` at the end keeps it from being run."""
    command = row.command_at("127.0.0.1", {"echo-udp": 8888})
    assert command is not None
    program, *words = shlex.split(command)
    assert program == "netapp"
    done = CliRunner().invoke(cli, [*words, "--help"])
    assert done.exit_code == 0, done.output


def test_a_line_names_the_responders_port_or_a_servers_own() -> None:
    ports = {each.name: each.port + 1 for each in rows.RESPONDERS}
    by_number = {row.number: row for row in rows.ROWS}
    assert by_number[27].line_at("127.0.0.1", ports) == 'connect(("127.0.0.1", 8889))'
    assert by_number[26].line_at("127.0.0.1", ports) == 'bind(("127.0.0.1", 18888))'
    assert by_number[10].bind_at("127.0.0.1") == 'bind(("127.0.0.1", 17878))'
    assert by_number[1].bind_at("127.0.0.1") is None
    assert by_number[29].command_at("127.0.0.1", ports) == "netapp udp 127.0.0.1:18888 --send 你好"
