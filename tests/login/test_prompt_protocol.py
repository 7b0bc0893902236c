"""The prompt and what follows it with transports in memory, People over a store in memory, cred as it is."""

from typing import Any

import pytest
from twisted.internet import defer
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import qr
from netapp.testing import connect
from tests.login import ADMITTED, NAME, PASSWORD, WRONG, Door, now

HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"


@pytest.fixture
def door() -> Door:
    return Door(lang="zh")


@pytest.fixture
def held(door: Door) -> Door:
    """One whose checks wait for the test."""
    door.people.held = True
    return door


def live(door: Door) -> list[str]:
    """The doors of zhao's live sessions."""
    return [each.door for each in now(door.people.sessions.of(door.zhao.id)) if each.kind == "live"]


# The tutorials' conversation -----------------------------------------------------------------


def test_t11_l28_the_conversation_over_a_transport(held: Door) -> None:
    visit = held.visit()
    assert visit.take() == NAME
    assert visit.say(b"zhao") == b""
    assert visit.after(limits.QUIET) == PASSWORD
    visit.say(b"123")
    assert visit.after(limits.QUIET) == b""
    name, password, source, answer = held.people.tries[0]
    assert (name, password, source) == (b"zhao", b"123", "192.168.1.5")
    answer.callback(held.zhao)
    assert visit.take() == ADMITTED
    assert visit.after(limits.LOGIN_GAP - 0.01) == b""
    assert visit.after(0.01).decode().startswith("\n您好,zhao!")


def test_t11_a_client_that_closes_after_the_verdict_leaves_nothing_behind(door: Door) -> None:
    visit = door.visit()
    assert visit.say(b"zhao\n123\n") == NAME + PASSWORD + ADMITTED
    assert live(door) == ["login"]
    visit.transport.loseConnection()
    assert live(door) == []
    assert visit.after(60.0) == b""


def test_a_wrong_try_is_told_at_once_and_asked_again_later(door: Door) -> None:
    visit = door.visit()
    assert visit.say(b"zhao\n124\n") == NAME + PASSWORD + WRONG
    assert visit.after(limits.LOGIN_GAP) == NAME
    assert live(door) == []


def test_octets_one_by_one_make_the_same(held: Door) -> None:
    visit = held.visit()
    for octet in b"zhao\n123\n":
        visit.protocol.dataReceived(bytes([octet]))
    assert visit.take() == NAME + PASSWORD
    assert held.people.tries[0][:2] == (b"zhao", b"123")


# Half-closed and early lines -----------------------------------------------------------------


def test_l24_who_has_sent_more_than_may_wait_and_no_more_gets_what_has_a_place(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\n123\nwhoami\nhelp\nsessions\nwhoami\nwhoami\n")
    visit.half_close()
    shown = visit.after(limits.LOGIN_GAP).decode()
    assert shown.count("zhao,成员") == 2
    assert shown.endswith("\n一次输入太多,再见!\n")
    assert not visit.connected
    assert live(door) == []


def test_l25_who_has_sent_all_gets_all_answers_and_then_the_end(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\n123\nwhoami\ntoken\n")
    visit.half_close()
    shown = visit.after(limits.LOGIN_GAP).decode()
    assert "zhao,成员" in shown
    assert "netapp_" in shown
    assert not visit.connected
    assert live(door) == []


def test_t11_l25_who_has_sent_a_name_and_a_password_alone_gets_the_verdict_alone(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\n123\n")
    assert visit.half_close() == b""
    assert visit.connected
    assert visit.after(limits.LOGIN_GAP) == b""
    assert not visit.connected


def test_l25_a_half_closed_shell_waits_for_what_is_being_done(door: Door) -> None:
    visit = door.inside()
    waiting: defer.Deferred[Any] = defer.Deferred()
    visit.protocol._desk.perform = lambda operation: waiting
    visit.say(b"token\n")
    visit.half_close()
    assert visit.connected
    waiting.callback("netapp_abc")
    assert b"netapp_abc" in visit.take()
    assert not visit.connected


def test_l24_lines_that_come_while_a_check_runs_are_at_most_four(held: Door) -> None:
    visit = held.visit()
    visit.say(b"zhao\n123\n" + b"whoami\n" * 4)
    assert visit.connected
    held.people.tries[0][-1].callback(held.zhao)
    assert visit.after(limits.LOGIN_GAP).decode().count("zhao,成员") == 4
    visit = held.visit()
    visit.say(b"zhao\n123\n" + b"whoami\n" * 1000)
    held.people.tries[1][-1].callback(held.zhao)
    shown = visit.after(limits.LOGIN_GAP).decode()
    assert shown.count("zhao,成员") == 4
    assert shown.endswith("一次输入太多,再见!\n")
    assert not visit.connected


# Disconnects ---------------------------------------------------------------------------------


def test_l26_who_hangs_up_while_it_is_checked_leaves_the_queue(held: Door) -> None:
    visit = held.visit()
    visit.say(b"zhao\n123\n")
    visit.transport.loseConnection()
    assert held.people.cancelled == 1
    assert held.factory.connections == 0


def test_l26_a_visit_ends_once(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\n123\n")
    realm = visit.protocol._portal.realm
    assert realm.present == 1
    visit.transport.loseConnection()
    assert realm.present == 0
    visit.protocol._leave()
    assert realm.present == 0


def test_l26_who_hangs_up_while_a_session_is_opened_leaves_none_behind(door: Door) -> None:
    opened: defer.Deferred[Any] = defer.Deferred()
    real = door.people.sessions.open

    async def slow(*args: Any, **more: Any) -> Any:
        session = await real(*args, **more)
        await opened
        return session

    door.people.sessions.open = slow  # type: ignore[method-assign]
    visit = door.visit()
    visit.say(b"zhao\n123\n")
    assert live(door) == ["login"]
    visit.transport.loseConnection()
    opened.callback(None)
    assert live(door) == []
    assert visit.protocol._portal.realm.present == 0


def test_l3_an_account_that_goes_between_check_and_entry_is_not_let_in(held: Door) -> None:
    visit = held.visit()
    visit.say(b"zhao\n123\n")
    visit.take()
    now(held.people.disable("zhao"))
    held.people.tries[0][-1].callback(held.zhao)
    assert visit.take() == WRONG


def test_l8_too_many_at_once_is_said_and_is_no_try(held: Door) -> None:
    visit = held.visit()
    for number in range(limits.LOGIN_TRIES + 1):
        visit.say(b"zhao\n123\n")
        held.people.tries[number][-1].errback(Busy("full"))
        assert visit.take() == "服务器正忙,请稍后再试\n".encode()
        assert visit.after(limits.LOGIN_GAP) == NAME
    assert held.people.refused == 0


class OurOwnFaults(SynchronousTestCase):
    def test_l41_they_are_logged_once_and_said_without_detail(self) -> None:
        door = Door()
        door.people.held = True
        visit = door.visit()
        visit.say(b"zhao\n123\n")
        door.people.tries[0][-1].errback(OSError(28, "No space left on device"))
        assert visit.take() == "暂时无法登录,请稍后再试\n".encode()
        assert len(self.flushLoggedErrors(OSError)) == 1

    def test_l41_in_the_shell_as_well(self) -> None:
        door = Door()
        visit = door.inside()
        door.people.sessions.of = lambda account: defer.fail(LookupError("odd"))  # type: ignore
        assert "暂时做不到,请稍后再试" in visit.say(b"sessions\n").decode()
        assert len(self.flushLoggedErrors(LookupError)) == 1
        assert visit.connected


def test_l27_a_silent_connection_ends(door: Door) -> None:
    visit = door.visit()
    assert visit.after(limits.LOGIN_ANSWER) == NAME + "等待超时,再见\n".encode()
    assert not visit.connected


def test_l27_an_octet_now_and_then_does_not_help(door: Door) -> None:
    visit = door.visit()
    for _ in range(3):
        visit.say(b"\xff\xf1z")  # a telnet, whose line no quiet ends
        visit.after(29.0)
    assert not visit.connected
    assert door.reactor.seconds() < 100.0


def test_l29_a_browser_gets_one_line_and_a_tls_hello_the_end(door: Door) -> None:
    protocol, transport = connect(door.factory)
    protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = transport.take()
    assert answer.startswith(b"HTTP/1.1 421 ")
    assert "netapp-login" in answer.decode()
    assert not transport.connected
    protocol, transport = connect(door.factory)
    protocol.dataReceived(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert (transport.take(), transport.connected) == (b"", False)


def test_l4_a_source_that_has_failed_waits_for_its_first_prompt_and_loopback_does_not(door: Door) -> None:
    for host in ("192.168.1.5", "127.0.0.1"):
        for _ in range(4):
            door.people.throttle.failed(host, ["zhao"], door.reactor.seconds())
    held, local = connect(door.factory, ("192.168.1.5", 1))[1], connect(door.factory)[1]
    door.reactor.advance(1.9)
    assert (held.take(), local.take()) == (b"", NAME)
    door.reactor.advance(0.2)
    assert held.take() == NAME


# A telnet's password -------------------------------------------------------------------------


def test_a_telnets_password_is_hidden_and_ncs_octets_stay_the_tutorials(door: Door) -> None:
    visit = door.visit()
    assert visit.say(b"zhao\r\n") == NAME + HIDE + PASSWORD
    assert visit.say(b"\xff\xfd\x01") == b"\xff\xfd\x00"  # it agrees: a telnet, which is asked for binary
    assert visit.say(b"123\r\n") == SHOW + ADMITTED
    assert visit.say(b"\xff\xfe\x01") == b""
    assert visit.after(limits.LOGIN_GAP).decode().startswith("\r\n您好,zhao!")
    assert visit.say(b"passwd\r\n") == HIDE + "当前密码:".encode()
    assert visit.say(b"123\r\n") == SHOW + HIDE + "新密码:".encode()
    assert visit.say(b"\r\n") == SHOW + "已取消,什么都没有改变。\r\nzhao> ".encode()


def test_l18_an_iac_in_a_password_is_no_part_of_it(held: Door) -> None:
    visit = held.visit()
    visit.say(b"zhao\n1\xff\xff2\xff\xfb\x01\xff\xfa\x18\x00\xff\xf03\n")
    assert held.people.tries[0][1] == b"123"


def test_l19_l20_options_without_end_end(door: Door) -> None:
    visit = door.visit()
    visit.say(b"\xff\xfd\x03" * 60_000)
    assert (door.factory.malformed, visit.connected) == (1, False)
    visit = door.visit()
    answers = b""
    for number in range(limits.TELNET_OPTIONS):
        answers += visit.say(bytes([255, 253, 10 + number % 40]))
    assert visit.connected
    assert answers.count(b"\xff\xfc") == 40  # each is refused once
    visit.say(b"\xff\xfd\x03")
    assert not visit.connected
    visit = door.visit()
    visit.say(b"\xff\xfa" + b"x" * 5000)
    assert not visit.connected


# A second factor, an invitation --------------------------------------------------------------


def code_of(secret: str, at: float) -> str:
    import pyotp

    return pyotp.TOTP(secret).at(int(at))


def test_l35_a_code_is_asked_for_whether_the_password_is_right_or_not(door: Door) -> None:
    setup = now(door.people.second_factor.begin(door.zhao))
    door.reactor.advance(1_800_000_000.0)
    now(door.people.second_factor.confirm(door.zhao.id, code_of(setup.secret, door.reactor.seconds())))
    door.reactor.advance(60.0)
    code = code_of(setup.secret, door.reactor.seconds()).encode()
    visit = door.visit()
    assert visit.say(b"zhao\n124\n").endswith("验证码或恢复码:".encode())
    assert visit.say(code + b"\n") == WRONG
    visit.after(limits.LOGIN_GAP)
    assert visit.say(b"zhao\n123\n").endswith("验证码或恢复码:".encode())
    assert visit.say(b"000000\n") == WRONG
    visit.after(limits.LOGIN_GAP)
    visit.say(b"zhao\n123\n")
    assert visit.say(code + b"\n") == ADMITTED
    assert door.people.refused == 2  # one try is all three words
    other = door.visit()
    other.say(b"zhao\n123\n")
    assert other.say(code + b"\n") == WRONG  # it was used


def test_an_invitation_makes_an_account_at_the_prompt(door: Door) -> None:
    code = now(door.people.invitations.invite()).lower().encode()
    visit = door.visit()
    assert visit.say(code + b"\n").decode() == "请输入用户名:邀请码有效,请设置您的账号\n新用户名:"
    assert "用户名不能为空" in visit.say(b"\n").decode()
    assert visit.say("小明\n".encode()).decode() == "新密码:"
    assert "密码至少要" in visit.say(b"short\n").decode()
    visit.say(b"correct horse\n")
    assert visit.say(b"correct hose\n").decode() == "两次输入的密码不一样\n新密码:"
    assert visit.say(b"correct horse\n").decode() == "再输入一次密码:"
    assert visit.say(b"correct horse\n") == ADMITTED
    assert visit.after(limits.LOGIN_GAP).decode().startswith("\n您好,小明!")
    assert now(door.people.find("小明")).active
    again = door.visit()
    said = again.say(code + b"\n").removeprefix(NAME).removesuffix(PASSWORD).decode()
    assert said == "邀请码无效、已用过或已过期\n"  # and then it is a name that nobody has


def test_an_invitation_to_a_name_that_is_taken_asks_for_another(door: Door) -> None:
    code = now(door.people.invitations.invite()).encode()
    visit = door.visit()
    visit.say(code + b"\n")
    for name, why in (("zhao", "已经有人用了"), ("ZHAO", "已经有人用了"), ("zha0", "太像")):
        shown = visit.say(name.encode() + b"\n").decode()  # before a password is asked for
        assert why in shown
        assert shown.endswith("新用户名:")
    assert visit.say(b"li\ncorrect horse\ncorrect horse\n").endswith(ADMITTED)


def test_a_name_that_was_taken_while_the_password_was_typed_is_asked_for_again(door: Door) -> None:
    code = now(door.people.invitations.invite()).encode()
    visit = door.visit()
    assert visit.say(code + b"\nli\n").decode().endswith("新密码:")
    now(door.people.add("li", "correct horse"))
    shown = visit.say(b"correct horse\ncorrect horse\n").decode()
    assert "已经有人用了" in shown
    assert shown.endswith("新用户名:")


def test_a_code_that_is_withdrawn_while_a_name_is_typed_is_told_of(door: Door) -> None:
    code = now(door.people.invitations.invite()).encode()
    visit = door.visit()
    visit.say(code + b"\n")
    (invitation,) = now(door.people.invitations.all())
    now(door.people._ground.store.write(lambda rows: rows.invitations.take(invitation.id, 0.0)))
    assert "无效、已用过" in visit.say(b"li\n").decode()


def test_a_code_that_is_good_no_more_is_told_of_and_may_be_somebodys_name(door: Door) -> None:
    now(door.people.add("Christopher-Maxwell-Smithson", "correct horse"))
    visit = door.visit()
    said = visit.say(b"christopher-maxwell-smithson\n").decode()
    assert said == "请输入用户名:邀请码无效、已用过或已过期\n请输入密码:"
    assert visit.say(b"correct horse\n") == ADMITTED


def test_an_invitation_for_an_account_sets_its_password(door: Door) -> None:
    code = now(door.people.invitations.invite(account=door.zhao)).encode()
    visit = door.visit()
    assert "请为账号 zhao 设置密码\n新密码:" in visit.say(code + b"\n").decode()
    assert visit.say(b"correct horse\ncorrect horse\n").endswith(ADMITTED)
    other = door.visit()
    assert other.say(b"zhao\ncorrect horse\n").endswith(ADMITTED)


def test_a_code_for_an_account_with_a_second_factor_opens_no_session(door: Door) -> None:
    door.reactor.advance(1_800_000_000.0)
    setup = now(door.people.second_factor.begin(door.zhao))
    now(door.people.second_factor.confirm(door.zhao.id, code_of(setup.secret, door.reactor.seconds())))
    door.reactor.advance(60.0)
    door.people.chosen_policy = "nist"  # which asks for 8 characters beside a second factor
    invitation = now(door.people.invitations.invite(account=door.zhao)).encode()
    visit = door.visit()
    visit.say(invitation + b"\n")
    said = visit.say(b"kite7 go\nkite7 go\n").decode()
    assert said == "再输入一次密码:密码已设好:请用它和验证码登录\n请输入用户名:"
    assert live(door) == []
    assert visit.say(b"zhao\nkite7 go\n").endswith("验证码或恢复码:".encode())
    assert visit.say(code_of(setup.secret, door.reactor.seconds()).encode() + b"\n") == ADMITTED


@pytest.mark.parametrize("bound", [True, False])
def test_a_newcomer_hears_at_the_first_typing_what_the_policy_says(door: Door, bound: bool) -> None:
    door.people.chosen_policy = "nist"
    code = now(door.people.invitations.invite(account=door.zhao if bound else None)).encode()
    visit = door.visit()
    visit.say(code + b"\n" + (b"" if bound else b"li\n"))
    said = visit.say(b"correct horse\n").decode()
    assert (said[:12], said[-4:]) == ("密码至少要 15 个字符", "新密码:")
    assert visit.say(b"correct horses run\ncorrect horses run\n").endswith(ADMITTED)


def test_who_is_invited_has_time_to_think_and_not_for_ever(door: Door) -> None:
    code = now(door.people.invitations.invite()).encode()
    visit = door.visit()
    visit.say(code + b"\n")
    visit.after(limits.LOGIN_TOTAL + 1)
    assert visit.connected
    visit.after(limits.LOGIN_INVITED_ANSWER)
    assert not visit.connected


def test_a_code_that_is_none_of_ours_is_told_of_like_one_that_is_over(door: Door) -> None:
    visit = door.visit()
    said = visit.say(b"00000-00000-00000-00000-00000-0\n")
    assert said == NAME + "邀请码无效、已用过或已过期\n".encode() + PASSWORD


# The shell -----------------------------------------------------------------------------------


def test_a_session_that_is_revoked_elsewhere_ends_with_one_line(door: Door) -> None:
    visit, other = door.inside(), door.inside()
    assert "已结束 1 个" in other.say("吊销 全部\n".encode()).decode()
    assert visit.take().decode() == "\n这个会话已被吊销,再见!\n"
    assert not visit.connected
    assert other.connected


@pytest.mark.parametrize("way", ["disable", "remove"])
def test_an_account_that_is_disabled_takes_its_sessions_with_it(door: Door, way: str) -> None:
    visit = door.inside()
    now(getattr(door.people, way)("zhao"))
    assert visit.take().decode() == "\n这个账号已停用,再见!\n"
    assert not visit.connected


def test_l32_passwd_ends_the_others_and_this_one_goes_on(door: Door) -> None:
    visit, other = door.inside(), door.inside()
    shown = visit.say(b"passwd\n123\ncorrect horse\ncorrect horse\n").decode()
    assert "密码已更改" in shown
    assert visit.connected
    assert not other.connected
    fresh = door.visit()
    assert fresh.say(b"zhao\n123\n").endswith(WRONG)


def test_a_password_that_is_set_by_an_admin_ends_them_all(door: Door) -> None:
    visit = door.inside()
    now(door.people.set_password("zhao", "correct horse"))
    assert not visit.connected


def test_totp_from_on_to_off(door: Door) -> None:
    door.reactor.advance(1_800_000_000.0)
    visit = door.inside()
    shown = visit.say("两步验证 开\n".encode()).decode()
    secret = shown.split("密钥:")[-1].split()[0]
    assert "▀" in shown
    assert "验证码不对" in visit.say(b"12\n").decode()
    shown = visit.say(code_of(secret, door.reactor.seconds()).encode() + b"\n").decode()
    recovery = shown.split("\n")[1].strip()
    assert "已开启,还剩 10 个恢复码" in visit.say(b"whoami\n").decode()
    assert visit.say(b"totp off\n").decode() == "验证码或恢复码:"
    assert "已关闭" in visit.say(recovery.encode() + b"\n").decode()


def test_a_token_opens_the_door_until_it_is_revoked(door: Door) -> None:
    visit = door.inside()
    token = visit.say(b"token\n").split()[1]
    other = door.visit()
    assert other.say(b"zhao\n" + token + b"\n").endswith(ADMITTED)
    other.transport.loseConnection()
    visit.say(b"sessions\n")
    assert "已结束 1 个" in visit.say(b"revoke 2\n").decode()
    fresh = door.visit()
    assert fresh.say(b"zhao\n" + token + b"\n").endswith(WRONG)


def test_keys_and_application_passwords(door: Door) -> None:
    visit = door.inside()
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl zhao@home"
    assert "还没有 SSH 公钥" in visit.say(b"keys\n").decode()
    assert "已添加 SHA256:" in visit.say(f"key add {line}\n".encode()).decode()
    assert "zhao@home" in visit.say("密钥\n".encode()).decode()
    assert "已删除 SHA256:" in visit.say(b"key remove 1\n").decode()
    assert "失败:" in visit.say(b"key add ssh-ed25519 nonsense\n").decode()
    assert "backup" in visit.say(b"app-password add backup --scope file:read\n").decode()
    assert "file:read" in visit.say("应用密码\n".encode()).decode()
    assert "可以用:chat" in visit.say(b"app-password add x --scope login\n").decode()
    assert "已删除 backup" in visit.say(b"app-password remove 1\n").decode()


def test_l22_erase_keys_take_whole_characters_in_the_shell(door: Door) -> None:
    visit = door.inside()
    assert "可用的命令" in visit.say("帮小\x7f助\n".encode()).decode()


def test_a_gbk_terminal_gets_gbk_and_a_picture_of_coloured_spaces(door: Door) -> None:
    visit = door.inside()
    assert "可用的命令" in visit.say("帮助\n".encode("gbk")).decode("gbk")
    shown = visit.say(b"totp on\n").decode("gbk")
    assert "密钥:" in shown
    assert "?" not in shown.replace("?issuer", "").replace("?secret", "")
    uri = shown.split("地址:")[1].split()[0]
    assert qr.spaces(uri, columns=80) in shown


def test_silence_ends_the_shell(door: Door) -> None:
    visit = door.inside()
    assert "太久没有输入" in visit.after(limits.SHELL_IDLE).decode()
    assert not visit.connected
    assert live(door) == []


def test_a_stop_ends_every_session(door: Door) -> None:
    visit = door.inside()
    door.service.stopService()
    assert not visit.connected
    assert live(door) == []


def test_too_many_sessions_of_one_account_are_told(door: Door) -> None:
    visits = [door.visit() for _ in range(limits.CREDENTIALS_EACH + 1)]
    for visit in visits[:-1]:
        assert visit.say(b"zhao\n123\n").endswith(ADMITTED)
    assert visits[-1].say(b"zhao\n123\n").endswith("这个账号的会话太多,请先退出一些\n".encode())


# The service ---------------------------------------------------------------------------------


def test_the_start_says_that_passwords_travel_in_clear_and_how_to_add_an_account() -> None:
    lines: list[str] = []

    def observe(event: Any) -> None:
        lines.append((event.get("log_format") or "").format(**event))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    try:
        Door(add_command="netapp user add zhao --admin --state /srv")
    finally:
        globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]
    assert sum("passwords travel in clear" in line for line in lines) == 1
    assert not any("netapp user add" in line for line in lines)  # there is one
    assert "netapp-login: try  telnet 127.0.0.1 9999" in lines


def test_everything_is_counted(door: Door) -> None:
    door.inside()
    door.visit()
    assert door.metrics.read() == {
        "netapp_login_admitted": 1,
        "netapp_login_refused": 0,
        "netapp_login_visitors": 1,
        "netapp_login_connections": 2,
    }


def test_a_telnets_terminal_shows_again_what_is_typed_whoever_ends_it(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\r\n")
    assert visit.after(limits.LOGIN_ANSWER) == SHOW + "等待超时,再见\n".encode()
    visit = door.visit()
    visit.say(b"zhao\r\n123\r\n")
    visit.after(limits.LOGIN_GAP)
    visit.say(b"passwd\r\n")
    now(door.people.disable("zhao"))
    assert visit.take().endswith("再见!\r\n".encode() + SHOW)
