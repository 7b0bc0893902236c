"""``--primary`` and ``--notify``, on the command line and in the configuration file."""

from pathlib import Path

import pytest

from netapp.dns.tap import Options, config_from
from tests import real
from tests.dns.transfer.foreign import KEY, zone_text


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def test_both_may_be_repeated_and_stand_in_the_file(tmp_path: Path) -> None:
    config = config_from(
        parse(
            "--primary=a.lan@10.0.0.1",
            "--primary=a.lan@10.0.0.2",
            "--notify=10.0.0.3",
            "--notify",
            "10.0.0.4:5353",
        )
    )
    assert config.primary == ("a.lan@10.0.0.1", "a.lan@10.0.0.2")
    assert config.notify == ("10.0.0.3", "10.0.0.4:5353")
    file = tmp_path / "netapp.toml"
    file.write_text('[dns]\nprimary = ["a.lan@10.0.0.1"]\nnotify = ["10.0.0.3"]\n')
    config = config_from(parse(f"--config={file}"))
    assert (config.primary, config.notify) == (("a.lan@10.0.0.1",), ("10.0.0.3",))
    assert config_from(parse()).notify == ()
    allows = ("--allow-notify=10.0.0.0/8", "--allow-notify=10.1.0.1#laptop")
    assert config_from(parse(*allows)).allow_notify == ("10.0.0.0/8", "10.1.0.1#laptop")
    assert config_from(parse()).allow_notify == ()


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--primary=example.lan"], "--primary example.lan: write ORIGIN@HOST[:PORT][#KEY], such as"),
        (["--primary=example.lan@nowhere"], "'nowhere' is no address: HOST is an address, such as"),
        (["--primary=example.lan@10.0.0.1#k"], "there is no key 'k': give it with --key, or make it with"),
        (["--allow-notify=10.0.0.0/8#k"], "--allow-notify 10.0.0.0/8#k: there is no key 'k'"),
        (["--allow-notify=somewhere"], "--allow-notify somewhere: "),
        (["--notify=10.0.0.1:99999"], "'99999' is no port: write 1 to 65535, or nothing for 53"),
        (
            ["--primary=Example.LAN@10.0.0.1", "--zone=example.lan=zone"],
            "--primary: the zone example.lan has a file too: leave out the one or the other",
        ),
    ],
)
def test_a_start_that_cannot_work_is_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "zone").write_text(zone_text(1))
    listen = "--listen=udp:0:interface=127.0.0.1"
    ended = real.run_once("netapp-dns", listen, f"--key={KEY}", *options, state=tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr.strip().splitlines()[-1]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "listening" not in ended.stdout
