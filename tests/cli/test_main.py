"""The command as a whole: help, errors in the user's language, what it imports."""

import re
import subprocess
import sys
from contextlib import suppress

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from netapp.cli import common
from netapp.cli.console import Form, NotHex
from netapp.cli.main import COMMANDS
from netapp.core.text import Tongue
from tests.cli.tools import environment, netapp

real = pytest.mark.real


@real
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "user"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    for lang, heading in (("C", "Examples?:"), ("zh_CN.UTF-8", "例子:")):
        done = netapp(command, "--help", lang=lang)
        assert done.returncode == 0
        assert re.search(rf"{heading}\s+.*netapp {command}", done.stdout)
        shown = re.split(heading, done.stdout)[0].splitlines()  # a command line is not broken
        assert [line for line in shown if cell_len(line) > 80] == []


@real
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_all_chinese_for_who_reads_chinese(command: str) -> None:
    arguments = [[command, "--help"]] if command else [["--help"]]
    if command == "user":
        arguments += [["user", each, "--help"] for each in ("add", "import", "revoke", "pepper", "audit")]
    for each in arguments:
        shown = netapp(*each).stdout.partition("例子:")[0]
        assert [line for line in shown.splitlines() if cell_len(line) > 80] == []
        plain = [line for line in shown.splitlines() if not line.startswith("用法:")]
        text = [re.sub(r"^  (-|[a-z]+  ).*?  +", "", line) for line in plain]
        english = [line for line in text if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", line)]
        assert english == [], each


@real
def test_the_commands_help_names_all_and_imports_none() -> None:
    done = netapp("--help", lang="C")
    assert done.returncode == 0
    assert all(re.search(rf"^  {command}  ", done.stdout, re.MULTILINE) for command in COMMANDS)
    script = (
        "import sys\nfrom netapp.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'twisted', 'rich', 'dns', 'sqlalchemy', 'http', 'attr'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    for arguments, heavy in (
        (["--help"], []),
        (["tcp", "--help"], []),
        (["udp", "127.0.0.1:9", "--send", "x", "--wait", "0"], []),
        (["dns", "localhost"], []),
        (["get", "--help"], ["http"]),
    ):
        loaded = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=environment("C"),
            capture_output=True,
            text=True,
            check=True,
        )
        assert loaded.stdout.splitlines()[-1] == str(heavy), arguments


@real
@pytest.mark.parametrize(
    ("arguments", "chinese", "english"),
    [
        (["nonsense"], "没有 nonsense 这个命令", "there is no command nonsense"),
        (["tcp", "--nonsense"], "没有 --nonsense 这个选项", "there is no option --nonsense"),
        (["http"], "缺少 URL", "URL is missing"),
        (["feiq", "x", "--to"], "选项 --to 后面缺少值", "--to needs a value"),
        (["tcp", "a:1", "--every", "x"], "--every 应为数字", "--every is a number"),
        (
            ["feiq", "x", "--to", "a", "--port", "0"],
            "--port 应为数字 (1-65535)",
            "--port is a number (1-65535)",
        ),
        (
            ["udp", "a:1", "--encoding", "x"],
            "--encoding 只能是 auto, utf-8, gbk 之一",
            "--encoding is one of",
        ),
        (["tcp", "a"], "a 缺少端口", "a has no port"),
        (["tcp", "::1:80"], "IPv6 地址要加方括号", "an IPv6 address needs brackets"),
        (["tcp"], "请写一个:HOST:PORT, --listen PORT", "give one of HOST:PORT, --listen PORT"),
        (["tcp", "a:1", "--every", "1"], "--every 要和", "--every needs --send or --file"),
        (["dns", "a", "--plain"], "要和 --server 一起用", "need --server"),
        (
            ["login", "a:1", "b"],
            "netapp login: 多出的参数:b(用法",
            "login: unexpected extra argument: b (see",
        ),
        (["tcp", "a:1", "b", "c (d)"], "多出的参数:b c (d)(用法", "unexpected extra argument: b c (d) (see"),
        (["tcp", "a:1", "--hex=1"], "选项 --hex 后面不带值", "--hex takes no value"),
    ],
)
def test_a_wrong_call_is_one_line_in_the_users_language(
    arguments: list[str], chinese: str, english: str
) -> None:
    for lang, expected in (("zh_CN.UTF-8", chinese), ("en_GB.UTF-8", english)):
        done = netapp(*arguments, lang=lang)
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_language_is_the_first_that_is_set() -> None:
    assert common.language({}) == "en"
    assert common.language({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert common.language({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}) == "en"
    assert common.language({"LANG": "en_US", "LC_ALL": "zh_TW.Big5"}) == "zh"
    assert common.language({"LANG": "zh_CN", "LC_ALL": ""}) == "zh"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("127.0.0.1:8888", ("127.0.0.1", 8888)),
        ("[::1]:80", ("::1", 80)),
        ("pc1.lan:1", ("pc1.lan", 1)),
        ("主机:65535", ("主机", 65535)),
    ],
)
def test_a_place_is_read_and_written(written: str, place: common.HostPort) -> None:
    assert common.Place().convert(written, None, None) == place
    assert common.shown(place) == written


def test_a_places_default_port_and_a_lone_port() -> None:
    assert common.Place(53).convert("[::1]", None, None) == ("::1", 53)
    assert common.Place(53).convert("ns1", None, None) == ("ns1", 53)
    assert common.Place(anywhere=True).convert("8080", None, None) == ("", 8080)
    assert common.Place(anywhere=True).convert("127.0.0.1:0", None, None) == ("127.0.0.1", 0)


@given(st.text())
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        host, port = common.Place().convert(text, None, None)
    except click.BadParameter:
        return
    assert host
    assert 1 <= port <= 65535


def test_an_address_of_a_dual_stack_socket_is_shown_as_what_it_is() -> None:
    assert common.shown(("::ffff:192.0.2.1", 80)) == "192.0.2.1:80"


@given(st.binary())
def test_hex_is_shown_as_it_is_typed(octets: bytes) -> None:
    form = Form(hex=True)
    assert form.octets(form.text(octets, Tongue("auto")), Tongue("auto")) == octets


@given(st.text())
def test_what_is_typed_goes_out_or_is_no_hex(typed: str) -> None:
    with suppress(NotHex):
        Form(hex=True).octets(typed, Tongue("auto"))
    assert isinstance(Form(encoding="gbk").octets(typed.replace("\ud800", ""), Tongue("gbk")), bytes)


def test_t32_text_to_octets_and_back() -> None:
    for encoding, codec in (("utf-8", "utf-8"), ("gbk", "gbk")):
        form, tongue = Form(encoding=encoding), Tongue(encoding)  # type: ignore[arg-type]
        assert form.octets("您好", tongue) == "您好".encode(codec)
        assert form.text("您好".encode(codec), tongue) == "您好"
