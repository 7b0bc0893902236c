"""Class lists."""

import csv
import io
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netapp.core import limits, text
from netapp.core.languages import LANGS
from netapp.people.lists import roster
from netapp.people.lists.roster import Row, Unreadable
from netapp.people.model import Role

LIST = """\
学号,姓名,角色,班级
2024001,张三,,一班
2024002,李四,学生,一班 物理组

zhao,赵老师,管理员,"一班、二班"
"""
ROWS = (
    Row(2, "2024001", "张三", "member", frozenset({"一班"})),
    Row(3, "2024002", "李四", "member", frozenset({"一班", "物理组"})),
    Row(5, "zhao", "赵老师", "admin", frozenset({"一班", "二班"})),
)


def faults(text: str | bytes) -> list[str]:
    """What is wrong, in English; it is said in Chinese as well."""
    with pytest.raises(Unreadable) as refused:
        roster.read(text if isinstance(text, bytes) else text.encode())
    chinese = refused.value.say("zh").splitlines()
    assert len(chinese) == len(refused.value.say("en").splitlines())
    return str(refused.value).splitlines()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_in_any_encoding_a_spreadsheet_writes(codec: str, end: str) -> None:
    assert roster.read(LIST.replace("\n", end).encode(codec)) == ROWS


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_list_by_other_delimiters(delimiter: str) -> None:
    assert roster.read(LIST.replace(",", delimiter).encode()) == ROWS


def test_a_list_with_english_columns_in_another_order() -> None:
    text = 'Groups, Display Name ,ROLE,User_Name\n"a, b","Zhang, San",Moderator,zhang\n'
    assert roster.read(text.encode()) == (Row(2, "zhang", "Zhang, San", "moderator", frozenset({"a", "b"})),)


@pytest.mark.parametrize("between", [" ", ", ", "; ", "\u3001", "\uff0c", "\uff1b", "\u3000"])
def test_groups_stand_between_what_people_put_between(between: str) -> None:
    (row,) = roster.read(f'name,groups\nli,"一班{between}A/B"\n'.encode())
    assert row.groups == {"一班", "A/B"}


def test_a_list_of_names_and_nothing_else() -> None:
    assert [(row.line, row.name, row.shown, row.role) for row in roster.read(b"zhang\n\n  Li \nwang")] == [
        (1, "zhang", "zhang", "member"), (3, "Li", "Li", "member"), (4, "wang", "wang", "member"),
    ]  # fmt: skip


def test_people_by_their_names_alone_log_in_by_these() -> None:
    rows = roster.read("姓名,班级\n张三,一班\n".encode())
    assert [(row.name, row.shown, row.groups) for row in rows] == [("张三", "张三", {"一班"})]
    assert [row.name for row in roster.read("姓名\n张三\n".encode())] == ["张三"]


def test_columns_of_empty_cells_that_a_spreadsheet_leaves_are_nothing() -> None:
    assert [row.name for row in roster.read(b"name,role,,\nzhang,,,\nli\n,,,\n")] == ["zhang", "li"]


def test_everything_wrong_is_told_at_once_by_line() -> None:
    text = """\
name,role,display,groups
zhang,,,
ZHANG,,,
li,teacher,,
,member,,
w ang,,a\x1b[2J,
аdmin,,,g\u202eh
ok,member,,,more
"""
    told = faults(text)
    assert [line.partition(":")[0] for line in told] == [
        "line 3", "line 4", "line 5", "line 6", "line 6", "line 7", "line 7", "line 8",
    ]  # fmt: skip
    assert told[0] == "line 3: the name 'ZHANG' is the one of line 2 again"
    assert told[1] == "line 4: there is no role 'teacher'; there are: guest, member, moderator, admin"
    assert told[2] == "line 5: the name is empty"
    assert "⟦U+001B⟧[2J" in told[4]
    assert told[7] == "line 8: 5 cells, where 4 columns are named"
    assert not any("\x1b" in line or "\u202e" in line for line in told)


def test_it_is_told_in_chinese() -> None:
    with pytest.raises(Unreadable) as refused:
        roster.read("用户名,角色\n张三,班长\n张三,\n".encode())
    assert refused.value.say("zh").splitlines() == [
        "第 2 行:没有角色“班长”,可以用:guest, member, moderator, admin",
        "第 3 行:用户名“张三”和第 2 行的相同",
    ]


def test_l15_names_that_look_alike_are_told() -> None:
    assert faults("name\nzhang1\nzhangl\n") == ["line 3: the name 'zhangl' looks like the one of line 2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: there is nobody in the list"),
        (" \n,,\n", "line 1: there is nobody in the list"),
        ("name,role\n", "line 1: there is nobody in the list"),
        ("zhang,张三\n", "line 1: the first line must name the columns, as: name,display,role,groups"),
        ("role\nadmin\n", "line 1: no column holds the names"),
        (
            "\nname,rol\nzhang,admin\n",
            "line 2: no column 'rol' is known; there are: name, display, role, groups",
        ),
        ("学号,账号\n1,zhang\n", "line 1: the columns '账号' and '学号' mean the same: keep one of them"),
        ('name\n"zhang\nli\n', "line 2: the quotes do not match; nothing after it was read"),
        ('name\nli\n"zhang"x\n', "line 3: the quotes do not match; nothing after it was read"),
    ],
)
def test_a_list_that_is_none(text: str, told: str) -> None:
    assert told in faults(text)


def test_an_encoding_that_is_none_is_told_where() -> None:
    assert faults(b"name\nzhang\n\xff\xff\n") == [
        "line 3: this is neither UTF-8 nor GB18030: save it as 'CSV UTF-8'"
    ]
    assert len(faults(b"\xff\xfen")) == 1  # half a character of UTF-16


def test_bounds_are_told() -> None:
    assert "octets" in faults(b"x" * (limits.ROSTER + 1))[0]
    many = "".join(f"{number}\n" for number in range(2 * limits.ROSTER_ROWS))
    assert faults(many) == ["line 2001: there may be 2000 people in a list: make several files of it"]
    assert len(roster.read("".join(f"{n}\n" for n in range(limits.ROSTER_ROWS)).encode())) == 2000
    groups = " ".join(f"g{number}" for number in range(limits.ROSTER_GROUPS + 1))
    assert faults(f"name,groups\nli,{groups}\n") == ["line 2: more than 16 groups"]
    assert len(faults(f"name,groups\nli,{'g' * (limits.GROUP_NAME + 1)}\n")) == 1
    assert len(faults(f"name,display\nli,{'x' * (limits.NAME + 1)}\n")) == 1
    told = faults("name\n" + "a b\n" * 200)
    assert len(told) == limits.ROSTER_FAULTS + 1
    assert told[-1] == "... and 150 more"


NAMES = st.from_regex(r"s[0-9]{1,6}", fullmatch=True)
WORDS = st.text("abc张三李四 '<>&", min_size=1, max_size=20).map(str.strip).filter(bool)
GROUPS = st.frozensets(st.text("abc一二班", min_size=1, max_size=8), max_size=4)


@given(
    st.lists(
        st.tuples(NAMES, WORDS, st.sampled_from(get_args(Role)), GROUPS),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from(",;\t"),
)
def test_what_is_written_is_read(
    people: list[tuple[str, str, Role, frozenset[str]]], codec: str, delimiter: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow(("name", "display", "role", "groups"))
    for name, shown, role, groups in people:
        writer.writerow((name, shown, role, ",".join(sorted(groups))))
    octets = written.getvalue().encode(codec)
    assume(codec != "gb18030" or text.decode(octets)[0] == written.getvalue())  # some of GBK is UTF-8 too
    found = roster.read(octets)
    assert [(row.name, row.shown, row.role, row.groups) for row in found] == people


@given(st.one_of(st.binary(max_size=200), st.text(',;\t\n\r"name角色一 \0', max_size=60).map(str.encode)))
def test_any_file_is_a_list_or_is_told_why_not(octets: bytes) -> None:
    try:
        rows = roster.read(octets)
    except Unreadable as refused:
        rows, told = (), [refused.say(lang) for lang in LANGS] + [min(each.line for each in refused.faults)]
    else:
        told = [len({row.name for row in rows}) == len(rows)]
    assert all(told)
    assert rows or len(told) == 3
