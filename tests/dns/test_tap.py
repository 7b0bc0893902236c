"""The command line of the name service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.python import usage

from netapp.dns.config import Config
from netapp.dns.tap import Options, config_from, keyring_from, names_config_from
from netapp.dns.tsig.keys import Keyring
from netapp.errors import ConfigError
from netapp.names.naming import wire_name
from tests import real
from tests.dns.asking import record


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def kept(ring: Keyring) -> list[str]:
    """Which of three keys there are."""
    return [name for name in "abc" if ring.get(wire_name(name)) is not None]


def test_records_hosts_and_the_unknown_text() -> None:
    options = parse(
        "--record=a.lan=10.0.0.1", "--record", "a.lan=fd00::1", "--hosts=x", "--hosts=y", "--unknown=?"
    )
    names = names_config_from(options)
    assert names.records == (record("a.lan", "10.0.0.1"), record("a.lan", "fd00::1"))
    assert names.hosts == ("x", "y")
    assert config_from(options).unknown == "?"
    assert config_from(parse()).unknown == "i dont know"


def test_a_configuration_file_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[dns]\nrecord = ["a.lan=10.0.0.1"]\nhosts = ["x"]\nunknown = "?"\n')
    options = parse(f"--config={file}")
    assert names_config_from(options).records == (record("a.lan", "10.0.0.1"),)
    assert config_from(options).unknown == "?"


@pytest.mark.parametrize("unknown", ["", " ", "a\nb", "\x00", "字" * 400])
def test_an_unknown_text_that_could_not_be_sent(unknown: str) -> None:
    with pytest.raises(ConfigError, match="--unknown"):
        Config(unknown=unknown)


def test_keys_and_rules(tmp_path: Path) -> None:
    options = parse(
        f"--state={tmp_path}", "--key=hmac-sha256:a:MDEy", "--key", "hmac-sha512:b:MDEy",
        "--allow-transfer=10.0.0.0/8#a", "--allow-update=192.0.2.1", "--allow-update=::1#b",
    )  # fmt: skip
    assert kept(keyring_from(options)) == ["a", "b"]
    assert config_from(options).allow_transfer == ("10.0.0.0/8#a",)
    assert config_from(options).allow_update == ("192.0.2.1", "::1#b")
    assert config_from(parse()).allow_transfer == config_from(parse()).allow_update == ()


def test_limits_and_the_query_log() -> None:
    config = config_from(parse("--rate-limit=all:5", "--query-log=x", "--query-log-sample=10"))
    assert (config.rate_limit, config.rate_limit_local) == (5, True)
    assert (config.query_log, config.query_log_sample) == ("x", 10)
    config = config_from(parse())
    assert (config.rate_limit, config.rate_limit_local, config.query_log) == (200, False, None)
    assert config_from(parse("--rate-limit=off")).rate_limit is None
    for option in ("--rate-limit=fast", "--query-log-sample=0", "--query-log-sample=x"):
        with pytest.raises(usage.UsageError, match=f"^{option}: write "):
            parse(option)


def test_keys_of_the_configuration_file_are_read_again(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[dns]\nkey = ["hmac-sha256:a:MDEy"]\n')
    options = parse(f"--config={file}", f"--state={tmp_path}")
    assert not options.secret_shown
    ring = keyring_from(options)
    file.write_text('[dns]\nkey = ["hmac-sha256:b:MDEy", "hmac-sha256:c:MDEy"]\n')
    ring.reload()
    assert kept(ring) == ["b", "c"]


def test_a_secret_on_the_command_line_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("MDEy")
    assert parse("--key=hmac-sha256:a:MDEy").secret_shown
    assert parse("--key", "hmac-sha256:a:MDEy").secret_shown
    assert not parse(f"--key=hmac-sha256:a:@{tmp_path}/key").secret_shown


def test_options_of_later_are_not_there_yet() -> None:
    with pytest.raises(usage.UsageError):
        parse("--forward=10.0.0.1")


@pytest.mark.real
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--query-log=nowhere/log", "netapp-dns: the query log nowhere/log cannot be written: No such file"),
        ("--key=hmac-sha256:a", "netapp-dns: --key: write ALGORITHM:NAME:SECRET or ALGORITHM:NAME:@FILE"),
        ("--key=hmac-sha256:a:@gone", "netapp-dns: the key file gone cannot be read: No such file"),
        ("--allow-transfer=10.0.0.0/8#a", "netapp-dns: --allow-transfer 10.0.0.0/8#a: there is no key 'a'"),
        ("--allow-update=ten", "netapp-dns: --allow-update ten: 'ten' is no network: write 192.0.2.0/24"),
        ("--record=www", "netapp-dns: --record 'www': there is no =; write NAME=ADDRESS"),
        ("--hosts=missing", "netapp-dns: the hosts file missing cannot be read: No such file"),
        (
            "--zone=missing",
            "netapp-dns: missing: it cannot be read: No such file or directory: see whether the path",
        ),
        ("--zone=/dev/null", "netapp-dns: /dev/null: it is no regular file: name a zone's file"),
        ("--zone=example.com=broken", "netapp-dns: broken:1: there is no record type box"),
        ("--zones=missing", "netapp-dns: --zones missing: No such file or directory: name a folder"),
        ("--hosts=broken", "netapp-dns: broken:2: '10.0.0' is no address"),
        ("--rate-limit=abc", "netapp-dns: --rate-limit=abc: write off, or answers a second"),
        ("--workers=0", "netapp-dns: --workers=0: write a number, 1 to 64"),
        ("--query-log-sample=0", "netapp-dns: --query-log-sample=0: write a number, 1 to "),
        ("--zon=x", "netapp-dns: option --zon not a unique prefix; is it --zone?"),
        ("--unknown=", "netapp-dns: --unknown '': write some words"),
    ],
)
def test_a_start_that_cannot_work_is_one_line(tmp_path: Path, option: str, said: str) -> None:
    (tmp_path / "broken").write_text("10.0.0.1 box\n10.0.0 www\n")
    ended = real.run_once("netapp-dns", "--listen=udp:0:interface=127.0.0.1", option, state=tmp_path)
    assert ended.returncode == 1
    (only,) = ended.stderr.strip().splitlines()
    assert only.startswith(said)
    assert "Usage:" not in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "listening" not in ended.stdout


@pytest.mark.real
def test_the_plugin_pulls_in_no_more_than_it_needs(tmp_path: Path) -> None:
    script = (
        "import sys; from netapp.dns.tap import Options, makeService; o = Options();"
        "o.parseOptions(['--record=a=1.2.3.4', '--listen=udp:0', '--listen=tcp:0']); makeService(o);"
        "print(*sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script],
        env=real.environment(tmp_path) | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=True,
    )
    loaded = set(shown.stdout.split())
    assert "twisted" in loaded
    heavy = {"sqlalchemy", "alembic", "klein", "twisted.conch", "twisted.web", "prometheus_client", "argon2"}
    assert loaded & heavy == set()


def test_who_serves_no_zone_waits_for_no_zone_reader_at_the_start() -> None:
    program = (
        "import sys, netapp.dns.tap; print(*(each for each in sys.modules if each.split('.')[0] == 'dns'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
