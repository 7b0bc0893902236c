"""``netapp user``: accounts from a command line."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
import pytest

from netapp.cli.chinese import line
from netapp.cli.user import user as commands
from netapp.core.cells import cells
from netapp.people import store
from netapp.people.passwords import Hasher
from tests import real
from tests.cli.user_tools import User

NETAPP = str(Path(sys.executable).with_name("netapp"))


@pytest.fixture
def user(tmp_path: Path) -> User:
    """What stands there before the command that is looked at, and commands that need no process."""
    return User(tmp_path)


def password_of(state: Path, name: str) -> str:
    with store.rows(state) as rows:
        account = rows.accounts.find(name)
        assert account is not None
        password = rows.accounts.password(account.id)
    assert password is not None
    return password.phc


pytestmark = pytest.mark.real


def run(
    state: Path, *arguments: str | Path, typed: str = "", lang: str = "C.UTF-8"
) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, which reads what the user's language is, with a pipe."""
    return subprocess.run(
        [NETAPP, "user", *map(str, arguments)],
        env=real.environment(state) | {"LC_ALL": lang},
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=real.PATIENCE,
        check=False,
    )


def said_in_chinese(state: Path, *arguments: str | Path, typed: str = "") -> str:
    """What it says in one line; it must fail."""
    done = run(state, *arguments, typed=typed, lang="zh_CN.UTF-8")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
    return done.stderr


def test_an_account_is_added_with_the_very_password(tmp_path: Path) -> None:
    """With a hash that costs what it costs."""
    done = run(tmp_path, "add", "Zhao", "--password-stdin", typed=" 83625417 \n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "added Zhao\n", "")
    phc = password_of(tmp_path, "zhao")
    assert phc.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert Hasher().verify(phc, b" 83625417 ")


@pytest.mark.parametrize(
    ("arguments", "typed", "english", "chinese"),
    [
        (("add", "li"), "1234567", "shorter than 8 characters", "至少要 8 个字符"),
        (("passwd", "li"), "83625417", "there is no account li", "没有账号 li"),
    ],
)
def test_what_the_rules_forbid_is_one_line_in_the_users_language(
    user: User, arguments: tuple[str, ...], typed: str, english: str, chinese: str
) -> None:
    assert english in user.wrong(*arguments, "--password-stdin", typed=typed)
    assert chinese in said_in_chinese(user.state, *arguments, "--password-stdin", typed=typed)


def test_a_state_directory_that_cannot_be_used_is_told_in_the_users_language(
    user: User, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    below, broken = tmp_path / "file" / "below", tmp_path / "broken"
    told = said_in_chinese(tmp_path, "list", "--state", below)
    assert told == f"netapp user list: 状态目录 {below} 无法写入:请用 --state 换一个\n"
    assert user.wrong("list", "--state", below) == (
        f"netapp user list: the state directory {below} cannot be written: choose another with --state\n"
    )
    (broken / "people.db").mkdir(parents=True)
    told = said_in_chinese(tmp_path, "list", "--state", broken)
    assert told == f"netapp user list: 数据库 {broken}/people.db 不能写:请检查它的权限和所在的磁盘\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could do harm here")
def test_root_is_sent_to_the_owner_of_the_state_directory(user: User, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    assert "sudo -u nobody" in user.wrong("list", "--state", theirs)
    assert list(theirs.iterdir()) == []


def test_without_a_terminal_it_says_where_the_password_may_come_from(user: User) -> None:
    told = user.wrong("add", "zhao", typed="12345678\n")
    assert told == "netapp user add: there is no terminal to ask for the password: use --password-stdin\n"


def every_command(command: click.Command = commands, path: str = "netapp user") -> Iterator[str]:
    yield path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from every_command(below, f"{path} {name}")


@pytest.mark.parametrize("command", list(every_command()))
def test_every_command_has_help_with_an_example_in_both_languages(command: str) -> None:
    """In this process: there are many."""
    found = commands
    for word in command.split()[2:]:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    assert found.epilog is not None
    assert command in found.epilog
    texts = [*cleandoc(found.help or "").split("\n\n")]
    texts += [param.help or "" for param in found.params if isinstance(param, click.Option)]
    for each in texts:
        assert re.search("[\u4e00-\u9fff]", line(each)), each


@pytest.mark.parametrize("arguments", [["--help"], ["add", "--help"], ["import", "--help"]])
def test_help_loads_no_database(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom netapp.cli.main import main\n"
        "try:\n    main(['user', *sys.argv[1:]])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'twisted', 'rich', 'argon2', 'precis_i18n', 'segno'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.splitlines()[-1] == "[]"


# On a terminal -------------------------------------------------------------------------------


def at_terminal(state: Path, arguments: list[str], typed: list[str]) -> tuple[int, str]:
    """The command on a terminal, each answer typed once something is asked.

    :returns: (exit status, what is seen).
    """
    ours, its = pty.openpty()
    environment = real.environment(state) | {"LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [NETAPP, "user", *arguments],
        env=environment,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    seen = b""
    while select.select([ours], [], [], real.PATIENCE)[0]:
        try:
            octets = os.read(ours, 4096)
        except OSError:
            break  # the program has left the terminal
        seen += octets
        if octets.endswith(b": ") and typed:
            os.write(ours, typed.pop(0).encode() + b"\n")
    os.close(ours)
    return process.wait(real.PATIENCE), seen.decode()


def test_on_a_terminal_the_password_is_asked_twice_and_not_shown(user: User, tmp_path: Path) -> None:
    status, seen = at_terminal(tmp_path, ["add", "zhao"], ["83625417", "83625417"])
    assert status == 0
    assert "Password: " in seen
    assert "Again: " in seen
    assert "83625417" not in seen
    assert Hasher().verify(password_of(tmp_path, "zhao"), b"83625417")


def test_on_a_terminal_two_passwords_that_differ_change_nothing(user: User, tmp_path: Path) -> None:
    status, seen = at_terminal(tmp_path, ["add", "zhao"], ["83625417", "12345679"])
    assert status == 1
    assert "the two passwords differ" in seen
    with store.rows(tmp_path) as rows:
        assert rows.accounts.all() == []


def test_on_a_terminal_the_list_is_a_table_whose_wide_characters_stand_in_line(
    user: User, tmp_path: Path
) -> None:
    assert "netapp user add zhao" in at_terminal(tmp_path, ["list"], [])[1]
    user.right("add", "小明", "--no-password", "--group", "三班")
    user.right("add", "zhao", "--no-password")
    seen = re.sub(r"\x1b\[[0-9;]*m", "", at_terminal(tmp_path, ["list"], [])[1])
    head, rule, *rows = (line for line in seen.splitlines() if line.strip())
    assert set(rule) == {"─"}
    assert cells(rule) <= 80
    assert "second factor" not in head  # nobody has one
    for column, values in (("role", ("member", "member")), ("groups", ("-", "三班"))):
        begins = cells(head[: head.index(column)])
        for row, cell in zip(rows, values, strict=True):
            assert cells(row[: row.rindex(cell)]) == begins


def test_on_a_terminal_nobody_is_removed_unasked(user: User, tmp_path: Path) -> None:
    user.right("add", "zhao", "--no-password")
    status, seen = at_terminal(tmp_path, ["remove", "zhao"], ["n"])
    assert (status, "zhao was not removed" in seen) == (1, True)
    status, seen = at_terminal(tmp_path, ["remove", "zhao"], ["y"])
    assert (status, "removed zhao" in seen) == (0, True)
    assert user.right("list") == ""


def test_on_80_columns_the_list_breaks_no_words(user: User, tmp_path: Path) -> None:
    user.right("add", "wangxiaoming", "--no-password", "--role", "moderator", "--display", "Wang Xiaoming")
    user.right("group", "wangxiaoming", "--add", "class-1", "--add", "chess", "--add", "一年级二班")
    user.right("add", "zhao", "--no-password", "--role", "admin")
    user.right("lock", "zhao", "--reason", "password seen on a wall")
    with store.rows(tmp_path) as rows:
        zhao = rows.accounts.find("zhao")
        assert zhao is not None
        rows.accounts.saw(zhao.id, 1_800_000_000.0)
        rows.factors.begin(zhao.id, "sealed", 1.0)
        rows.factors.confirm(zhao.id)
    seen = re.sub(r"\x1b\[[0-9;]*m", "", at_terminal(tmp_path, ["list"], [])[1])
    assert max(map(cells, seen.splitlines())) <= 80
    whole = {
        "wangxiaoming",
        "moderator",
        "Xiaoming",
        "class-1,",
        "chess,",
        "一年级二班",
        "locked",
        "never",
        "second",
    }
    assert whole <= set(seen.split())
    assert re.search(r"2027-01-1[45] ", seen)  # by the time zone
