"""``netapp user`` by its commands: codes, class lists, export and import, settings, the audit trail."""

import json
import re
import stat
from pathlib import Path

import pytest

from netapp.people import KEY_FILE, codes, settings
from netapp.people.lists.roster import Row
from netapp.people.passwords import CHEAP
from tests.cli.user_tools import User, user

__all__ = ["user"]

CODE = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5,6}){4}")


def key_of(user: User) -> bytes:
    return codes.derived(codes.key_file(user.state / KEY_FILE), "invitation")


# Codes -------------------------------------------------------------------------------------------


def test_codes_are_one_a_line_in_a_pipe_and_signed_for_this_place(user: User) -> None:
    done = user("invite", "--role", "moderator", "--group", "a", "--count", "3", "--days", "1")
    made = done.out.splitlines()
    assert len(set(made)) == 3
    assert all(CODE.fullmatch(code) for code in made)
    listed = user.json("invitations")
    assert {each["id"] for each in listed} == {codes.read(code, key_of(user)) for code in made}
    assert [(each["role"], each["groups"], each["for"]) for each in listed] == [
        ("moderator", ["a"], None)
    ] * 3
    assert all(each["expires"] - each["created"] == 86400 for each in listed)
    assert not any(code in (user.state / "audit.jsonl").read_text() for code in made)


def test_a_code_for_an_account_takes_the_place_of_the_one_before(user: User) -> None:
    user.add("zhao")
    first, second = user.right("invite", "--for", "zhao"), user.right("invite", "--for", "ZHAO")
    assert first != second
    (listed,) = user.json("invitations")
    assert listed["for"] == "zhao"
    assert user.json("show", "zhao")["code_expires"] == listed["expires"]
    assert "\tzhao\t" in user.right("invitations")
    user.right("disable", "zhao")
    assert "is not active" in user.wrong("invite", "--for", "zhao")
    for option in (["--role", "guest"], ["--group", "a"], ["--count", "2"]):
        assert "--for goes without" in user.wrong("invite", "--for", "zhao", *option, status=2)


def test_a_code_is_shown_as_a_qr(user: User) -> None:
    code, *drawn = user.right("invite", "--qr").splitlines()
    assert CODE.fullmatch(code)
    assert len(drawn) > 10
    assert set("".join(drawn)) <= set(" ▀▄█")


def test_codes_are_withdrawn(user: User) -> None:
    user.right("invite", "--count", "3")
    first, *_ = (each["id"] for each in user.json("invitations"))
    user.right("withdraw", first)
    assert f"there is no code {first}" in user.wrong("withdraw", first)
    assert len(user.json("invitations")) == 2
    assert user.right("withdraw", "--all") == "codes that are no longer good: 2\n"
    assert user.json("invitations") == []
    assert "give a code's id" in user.wrong("withdraw", status=2)


# Class lists -------------------------------------------------------------------------------------

LIST = "用户名,姓名,角色,班级\nli,李明,学生,三班\nwang,王小红,,三班 美术\nzhang,张老师,版主,\n"


def test_a_class_list_makes_accounts_with_a_code_each(user: User, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_bytes(LIST.encode("gb18030"))
    done = user("import", tmp_path / "class.csv", "--group", "2026")
    assert done.status == 0
    given = dict(line.split("\t") for line in done.out.splitlines())
    assert list(given) == ["li", "wang", "zhang"]
    listed = {each["name"]: each for each in user.json("list")}
    assert listed["wang"]["groups"] == ["2026", "三班", "美术"]
    assert (listed["zhang"]["shown"], listed["zhang"]["role"]) == ("张老师", "moderator")
    invitations = {each["for"]: each["id"] for each in user.json("invitations")}
    assert {name: codes.read(code, key_of(user)) for name, code in given.items()} == invitations
    again = user("import", tmp_path / "class.csv")
    assert (again.status, again.out) == (0, "")
    assert "there already, and left as they are (3): li, wang, zhang" in again.err
    assert {each["for"]: each["id"] for each in user.json("invitations")} == invitations


def test_slips_are_a_page_for_their_owner_alone(user: User, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text(LIST)
    slips = tmp_path / "slips.html"
    arguments = ("import", tmp_path / "class.csv", "--slips", slips, "--server", "192.0.2.5:9999")
    done = user(*arguments)
    assert (done.status, done.out) == (0, "")
    assert stat.S_IMODE(slips.stat().st_mode) == 0o600
    page = slips.read_text("utf-8")
    assert all(word in page for word in ("李明", "王小红", "zhang", "telnet 192.0.2.5 9999"))
    printed = CODE.findall(page)
    assert len(printed) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.csv", "slips.html", "state"]
    assert "is there already" in user.wrong(*arguments)
    (tmp_path / "class.csv").write_text(LIST + "zhou,周,,\n")
    user.right(*arguments, "--force")
    assert CODE.findall(slips.read_text("utf-8")) != printed
    assert "--slips needs --server" in user.wrong(
        "import", tmp_path / "class.csv", "--slips", slips, status=2
    )


def test_a_list_with_faults_tells_them_all_and_adds_nobody(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    (tmp_path / "class.csv").write_text("name,role\nli,\nzhaо,\nroot,\nwang,king\n")  # a Cyrillic o
    done = user("import", tmp_path / "class.csv")
    assert done.status == 1
    assert all(f"line {number}: " in done.err for number in (3, 4, 5))
    assert "nobody was added" in done.err.splitlines()[-1]
    (tmp_path / "class.csv").write_text("name\nli\nzha0\n")
    done = user("import", tmp_path / "class.csv", "--slips", tmp_path / "s.html", "--server", "a:1")
    assert (done.status, "line 3: the name zha0 looks like zhao" in done.err) == (1, True)
    assert [each["name"] for each in user.json("list")] == ["zhao"]
    assert not (tmp_path / "s.html").exists()


def test_a_dry_run_changes_nothing(user: User, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text(LIST)
    slips = tmp_path / "slips.html"
    done = user("import", tmp_path / "class.csv", "--dry-run", "--slips", slips, "--server", "a:1")
    assert done.out == "would add (3): li, wang, zhang\n"
    assert "nothing was changed" in done.err
    assert user.json("list") == user.json("invitations") == user.audit() == []
    assert not slips.exists()


def test_a_list_comes_from_a_pipe_too(user: User) -> None:
    assert user.right("import", "-", typed="li\nwang\n").count("\n") == 2
    assert "there is no" in user.wrong("import", "nowhere.csv")


def test_slips_that_cannot_be_written_make_nobody(user: User, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text(LIST)
    slips = tmp_path / "missing" / "slips.html"
    assert "there is no" in user.wrong("import", tmp_path / "class.csv", "--slips", slips, "--server", "a:1")
    assert user.json("list") == []


def test_accounts_that_cannot_be_stored_take_the_slips_along(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "class.csv").write_text(LIST)
    (user.state / "audit.jsonl").mkdir()  # so that the trail cannot be written
    slips = tmp_path / "slips.html"
    arguments = ("import", tmp_path / "class.csv", "--slips", slips, "--server", "a:1")
    assert "the audit trail" in user.wrong(*arguments)
    assert user.json("list") == []
    assert not slips.exists()


def test_a_row_is_what_the_roster_reads(user: User) -> None:
    """The columns of the examples are those that are read."""
    from netapp.people.lists.roster import read

    assert read(LIST.encode())[1] == Row(3, "wang", "王小红", "member", frozenset({"三班", "美术"}))


# Export and import -------------------------------------------------------------------------------


def test_an_export_comes_back_elsewhere(user: User, tmp_path: Path) -> None:
    user.add("zhao", "--role", "admin", "--group", "a")
    user.add("li", "--display", "李明")
    file = tmp_path / "accounts.json"
    done = user("export", file)
    assert (done.status, done.out) == (0, "")
    assert "keep it secret" in done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "is there already" in user.wrong("export", file)
    user.right("export", file, "--force")
    other = User(tmp_path / "other")
    assert other.right("import", file) == "imported accounts: 2\n"
    assert other.json("list") == user.json("list")
    li = user.account("li").id
    kept = user.read(lambda rows: rows.accounts.password(li))
    assert other.read(lambda rows: rows.accounts.password(li)) == kept
    assert json.loads(user.right("export"))["accounts"] == json.loads(file.read_text())["accounts"]


def test_an_import_overwrites_only_when_told_and_never_the_last_admin(user: User, tmp_path: Path) -> None:
    user.add("zhao", "--role", "admin")
    file = tmp_path / "accounts.json"
    user.right("export", file)
    user.right("rename", "zhao", "another")
    done = user("import", file)
    assert "left as they are: zhao" in done.err
    assert user.account("zhao").shown == "another"
    assert "brought back (1): zhao" in user.right("import", file, "--overwrite")
    assert user.account("zhao").shown == "zhao"
    whole = json.loads(file.read_text())
    good = {key: whole["accounts"][0][key] for key in ("role", "state", "password")}
    for wrong in ({"role": "member"}, {"state": "disabled"}, {"state": "locked"}, {"password": None}):
        whole["accounts"][0] |= good | wrong
        file.write_text(json.dumps(whole))
        assert "no admin would be left" in user.wrong("import", file, "--overwrite")
        assert user.account("zhao").role == "admin"
        assert user.account("zhao").active


def test_a_dry_run_of_an_import_changes_nothing(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    user.right("export", tmp_path / "accounts.json")
    other = User(tmp_path / "other")
    done = other("import", tmp_path / "accounts.json", "--dry-run")
    assert (done.out, other.json("list")) == ("would import accounts: 1\n", [])
    assert "nothing was changed" in done.err
    told = user.wrong("import", tmp_path / "accounts.json", "--group", "a", status=2)
    assert "--group is for class lists" in told
    assert "is for what netapp user export writes" in user.wrong("import", "-", "--overwrite", status=2)
    assert "no JSON" in user.wrong("import", "-", typed="{")


# Settings ----------------------------------------------------------------------------------------


def test_the_cost_is_measured_and_saved_when_asked(user: User) -> None:
    done = user("tune", "--target-ms", "10")
    assert done.status == 0
    assert all(len(line.split("\t")) == 4 for line in done.out.splitlines())
    assert "proposed" in done.out
    assert "add --save" in done.err
    assert user.read(settings.read).cost() == CHEAP
    user.right("tune", "--target-ms", "10", "--save")
    cost = user.read(settings.read).cost()
    assert cost.memory >= 19 * 1024
    (event,) = user.audit()
    assert (event["event"], event["memory"], event["rounds"]) == ("hash cost", cost.memory, cost.rounds)


def test_a_pepper_is_made_used_and_left_out_again(user: User, tmp_path: Path) -> None:
    assert user.right("pepper") == "no pepper is used\n"
    user.add("zhao")
    path = tmp_path / "pepper"
    done = user("pepper", "--new", path)
    assert done.status == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "passwords that have none yet: 1" in done.err
    kid = user.read(settings.read).peppers().current
    user.add("li")
    assert user.read(lambda rows: rows.accounts.password(rows.accounts.find("li").id)).pepper == kid
    assert user.json("show", "li")["password"]["pepper"] == kid
    assert "peppered" in user.right("show", "li")
    done = user("pepper", "--off")
    assert done.out == "no pepper is used\n"
    assert f"passwords that still have the pepper {kid}: 1" in done.err
    user.right("passwd", "li", "--password-stdin", typed="another word of mine")
    user.right("pepper", "--off")
    assert user.read(settings.read).peppers().files == {}
    assert str(path) in user.right("pepper", path)
    assert "is there already" in user.wrong("pepper", "--new", path)
    assert "one of FILE" in user.wrong("pepper", path, "--off", status=2)


def test_a_pepper_in_use_that_is_gone_is_told_of(user: User, tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    user.right("pepper", "--new", path)
    assert "can be checked" not in user("pepper").err
    kept = path.rename(tmp_path / "kept")
    assert "can be checked" in (told := user("pepper").err)
    assert "cannot be read (No such file or directory)" in told
    path.write_bytes(b"x" * 32)
    path.chmod(0o600)
    assert f"can be checked: {path} holds another pepper now" in user("pepper").err
    kept.rename(path)
    assert "can be checked" not in user("pepper").err


def test_a_pepper_that_is_none_is_refused_with_its_cure(user: User, tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    assert "openssl rand" in user.wrong("pepper", path)
    path.write_text("short")
    path.chmod(0o600)
    assert "does not have 32" in user.wrong("pepper", path)
    path.write_text("x" * 40)
    path.chmod(0o644)
    assert "chmod 600" in user.wrong("pepper", path)
    assert user.read(settings.read).peppers().current is None


def test_a_pepper_that_has_gone_is_told_before_a_password_is_asked(user: User, tmp_path: Path) -> None:
    user.right("pepper", "--new", tmp_path / "pepper")
    (tmp_path / "pepper").unlink()
    assert "pepper" in user.wrong("add", "zhao", "--password-stdin", typed="correct horse")
    assert user.json("list") == []


# The audit trail ---------------------------------------------------------------------------------


def test_the_trail_is_shown_sifted_and_as_json(user: User) -> None:
    assert "there is nothing yet" in user("audit").err
    user.add("zhao")
    user.add("li")
    user.right("disable", "zhao", "--reason", "has left")
    shown = user.right("audit").splitlines()
    assert [line.split()[2] for line in shown] == ["added", "added", "disabled"]
    assert "has left" in shown[-1]
    assert "by=" in shown[-1]
    assert len(user.right("audit", "--name", "ZHAO").splitlines()) == 2
    assert len(user.right("audit", "--most", "1").splitlines()) == 1
    events = [json.loads(line) for line in user.right("audit", "--json").splitlines()]
    assert events == user.audit()


def test_l30_what_somebody_put_into_the_trail_moves_no_terminal(user: User) -> None:
    user.add("zhao")
    with (user.state / "audit.jsonl").open("a") as file:
        file.write('{"time":"x\\u001b[2J","event":"\\u001b]0;x\\u0007","name":"\\u202ezhao"}\nnonsense\n')
    done = user("audit")
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out
    assert "left out: 1" in done.err


def test_a_name_that_is_no_accounts_is_found_by_its_hash(user: User) -> None:
    from netapp.people.trail.audit import Audit

    secret = codes.derived(codes.key_file(user.state / KEY_FILE), "audit")

    class Clock:
        def seconds(self) -> float:
            return 5.0

    trail = Audit(user.state / "audit.jsonl", secret, Clock())
    trail.record("refused", name="ghost", source="192.0.2.7", door="login")
    trail.record("refused", name="other", source="192.0.2.8", door="login")
    trail.close()
    (line,) = user.right("audit", "--name", "ghost").splitlines()
    assert "192.0.2.7" in line
    assert "ghost" not in line
