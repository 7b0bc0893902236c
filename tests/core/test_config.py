"""Options from the command line, the environment and the configuration file."""

import tempfile
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.python import usage

from netapp.core import config, state
from netapp.errors import ConfigError, StartError


class Options(config.ServiceOptions):
    table = "echo"
    examples = ("twistd -n netapp-echo",)
    optFlags: ClassVar[list[list[Any]]] = [["once", None, "Once."]]
    optParameters: ClassVar[list[list[Any]]] = [
        ["reply", None, "{data}", "The answer."],
        ["number", None, 3, "A number.", int],
    ]
    opt_record = config.repeated("record", "A record; repeatable.")


Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a configuration file.  Gives the option that names it."""

    def write_it(text: str) -> str:
        path = tmp_path / "netapp.toml"
        path.write_text(text, "utf-8")
        return f"--config={path}"

    return write_it


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETAPP_INTERFACE", "NETAPP_STATE"):
        monkeypatch.delenv(name, raising=False)


def parsed(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def refused(*arguments: str) -> str:
    with pytest.raises(usage.UsageError) as caught:
        parsed(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The command line --------------------------------------------------------------------------------


def test_without_options_there_are_defaults() -> None:
    options = parsed()
    assert options.shared() == {
        "interface": None,
        "allow": (),
        "proxy": (),
        "lang": "zh",
        "encoding": "auto",
        "listen": (),
    }
    assert (options["reply"], options["number"], options["once"]) == ("{data}", 3, 0)


def test_repeatable_options_are_kept_in_order() -> None:
    options = parsed(
        "-l",
        "tcp:1",
        "--listen=udp:2",
        "--record",
        "a=1",
        "--record=b=2",
        "--allow=192.0.2.9/24",
        "--proxy=::1",
    )
    assert options.shared()["listen"] == ("tcp:1", "udp:2")
    assert options["record"] == ("a=1", "b=2")
    assert options.shared()["allow"] == (ip_network("192.0.2.0/24"),)
    assert options.shared()["proxy"] == (ip_network("::1"),)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lang=fr"], "--lang=fr: choose one of zh, en"),
        (["--encoding", "big5"], "--encoding=big5: choose one of auto, utf-8, gbk"),
        (["--number=x"], "--number=x: invalid literal"),
        (["--allow=all"], "'all' is no network: write 192.0.2.0/24"),
        (["--proxy=home"], "'home' is no network: write 192.0.2.0/24"),
        (["--bogus"], "bogus"),
        (["--reply"], "reply"),
        (["--once=yes"], "once"),
        (["stray"], "unexpected argument 'stray'"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], said: str) -> None:
    assert said in refused(*arguments)


def test_help_shows_examples_and_every_option() -> None:
    shown = Options().getUsage()
    for text in ("twistd -n netapp-echo", "--listen", "--record", "--allow", "--reply", "--once"):
        assert text in shown
    assert Options().getSynopsis() == "Usage: twistd [twistd's options] netapp-echo [options]"


# The environment ---------------------------------------------------------------------------------


def test_the_interface_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    monkeypatch.setenv("NETAPP_INTERFACE", "127.0.0.1")
    assert parsed()["interface"] == "127.0.0.1"
    file = write("interface = '10.0.0.2'")
    assert parsed(file)["interface"] == "10.0.0.2"
    assert parsed(file, "--interface=10.0.0.3")["interface"] == "10.0.0.3"
    monkeypatch.setenv("NETAPP_INTERFACE", "")
    assert parsed()["interface"] is None


def test_the_state_directory_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    assert parsed().state_path == state.default_state({})
    monkeypatch.setenv("NETAPP_STATE", "/env")
    assert parsed().state_path == Path("/env")
    assert parsed(write("state = '/file'")).state_path == Path("/file")
    assert parsed(write("state = '/file'"), "--state=/line").state_path == Path("/line")


# The file ----------------------------------------------------------------------------------------


def test_the_command_line_wins_over_the_table_over_what_is_shared(write: Write) -> None:
    file = write("lang = 'en'\nencoding = 'gbk'\n[echo]\nencoding = 'utf-8'\nnumber = 5\nreply = 'file'\n")
    options = parsed("--reply=line", file)
    assert (options["lang"], options["encoding"]) == ("en", "utf-8")
    assert (options["number"], options["reply"]) == (5, "line")


def test_a_list_is_given_for_what_repeats_and_the_command_line_replaces_it(write: Write) -> None:
    file = write(
        "allow = ['192.0.2.0/24']\nproxy = '192.0.2.1'\n[echo]\nlisten = ['tcp:1', 'udp:2']\nrecord = 'a=1'\n"
    )
    options = parsed(file)
    assert options.shared()["listen"] == ("tcp:1", "udp:2")
    assert options["record"] == ("a=1",)
    assert options["allow"] == (ip_network("192.0.2.0/24"),)
    assert options["proxy"] == (ip_network("192.0.2.1"),)
    assert parsed(file, "-l", "tcp:9").shared()["listen"] == ("tcp:9",)


def test_flags_are_true_or_false(write: Write) -> None:
    assert parsed(write("[echo]\nonce = true"))["once"] == 1
    assert parsed(write("[echo]\nonce = false"))["once"] == 0
    assert parsed(write("[echo]\nonce = false"), "--once")["once"] == 1


def test_tables_of_services_that_do_not_run_are_passed_over(write: Write) -> None:
    assert parsed(write("[dns]\nrecord = ['x=1']\nwhatever = 1\n[netapp]\nwithout = ['chat']\n"))


def test_values_that_look_like_options_are_values(write: Write) -> None:
    assert parsed(write("[echo]\nreply = '--once'"))["reply"] == "--once"
    assert parsed(write("[echo]\nreply = '来自{data} = \"x\"'"))["reply"] == '来自{data} = "x"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[echo]\nbogus = 1", r"unknown key 'bogus' in [echo]; there are allow, "),
        ("bogus = 1", "unknown key 'bogus'; outside the tables there are allow, "),
        ("once = true", "unknown key 'once'; outside the tables"),
        ("[bogus]\na = 1", "unknown table [bogus]; there are [dns], [login], [chat], "),
        ("[dsn]\na = 1", "unknown table [dsn]; is it [dns]?"),
        ("[[ehco]]\na = 1", "unknown table [ehco]; is it [echo]?"),
        ("[echo]\nlistne = 'tcp:1'", "unknown key 'listne' in [echo]; is it listen?"),
        ("langg = 'en'", "unknown key 'langg'; is it lang?"),
        ("record = ['a=1']", "unknown key 'record'; outside the tables there is none: write it below [echo]"),
        ("[echo]\nconfig = 'other.toml'", "unknown key 'config'"),
        ("echo = 1", "'echo' is no table: write [echo]"),
        ("dns = 1", "'dns' is no table: write [dns]"),
        ("[[echo]]\nonce = true", "'echo' is no table: write [echo]"),
        ("[echo]\nonce = 1", "once takes true or false"),
        ("[echo]\nonce = 'yes'", "once takes true or false"),
        ("[echo]\nreply = true", "reply takes a text or a number"),
        ('[echo]\nreply = "a\\u0000b"', "reply holds a NUL"),
        ('state = "/tmp/\\u0000"', "state holds a NUL"),
        ('[echo]\nlisten = ["tcp:0", "\\u0000"]', "listen holds a NUL"),
        ("[echo]\nreply = ['a']", "reply takes a text or a number"),
        ("[echo]\nrecord = {a = 1}", "record takes a list of texts"),
        ("[echo]\nrecord = [['a']]", "record takes a list of texts"),
        ("[echo]\nnumber = 'x'", "--number=x: invalid literal"),
        ("lang = 'fr'", "--lang=fr: choose one of zh, en"),
        ("allow = ['all']", "'all' is no network"),
        ("a = ", "is no TOML: "),
        ("a = 1\na = 2", "is no TOML: "),
        ("a = " + "[" * 5000, "is no TOML: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named(write: Write, text: str, said: str) -> None:
    message = refused(write(text))
    assert said in message
    assert "netapp.toml" in message or "network" in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "none.toml cannot be read: No such file" in refused(f"--config={tmp_path / 'none.toml'}")
    assert "cannot be read: Is a directory" in refused(f"--config={tmp_path}")
    (tmp_path / "gbk.toml").write_bytes("[echo]\nreply = '您好'".encode("gbk"))
    assert "gbk.toml is no TOML: line 2 is not UTF-8: save the file as UTF-8" in refused(
        f"--config={tmp_path / 'gbk.toml'}"
    )
    (tmp_path / "wide.toml").write_bytes("[echo]\n".encode("utf-16"))
    assert "wide.toml is no TOML: line 1 is not UTF-8" in refused(f"--config={tmp_path / 'wide.toml'}")


def test_the_mark_that_editors_write_before_utf_8_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "marked.toml").write_bytes("[echo]\nreply = '您好'".encode("utf-8-sig"))
    assert parsed(f"--config={tmp_path / 'marked.toml'}")["reply"] == "您好"


@given(st.text(max_size=200))
def test_no_text_of_a_file_is_a_traceback(text: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="replace", suffix=".toml") as file:
        file.write(text)
        file.flush()
        try:
            parsed(f"--config={file.name}")
        except usage.UsageError:
            return


# Starts ------------------------------------------------------------------------------------------


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_what_the_operator_did_wrong_ends_the_start_in_one_line() -> None:
    assert config.starting("netapp-x", lambda: 5) == 5
    with pytest.raises(StartError, match=r"^netapp-x: choose another$") as caught:
        config.starting("netapp-x", failing(ConfigError("choose another")))
    assert isinstance(caught.value, SystemExit)
    with pytest.raises(StartError, match=r"^netapp-x: /etc/x: Permission denied$"):
        config.starting("netapp-x", failing(PermissionError(13, "Permission denied", "/etc/x")))


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        config.starting("netapp-x", lambda: 1 / 0)


def test_one_of_few_values() -> None:
    assert config.one_of("a", "b")("a") == "a"
    with pytest.raises(ValueError, match="choose one of a, b"):
        config.one_of("a", "b")("c")
