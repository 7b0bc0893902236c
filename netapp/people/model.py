"""Accounts, what changes them, and what is said of a refusal: values only."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from netapp.core.languages import Lang, Phrases
from netapp.errors import NetappError

AccountState = Literal["active", "disabled", "locked"]
#: What an account may do, the least first; each may do what those before it may.
Role = Literal["guest", "member", "moderator", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
#: What doors ask an application password for; "file" is all that begins with it.
SCOPES: Final = ("chat", "file", "file:read", "file:write", "http", "ldap")
ChangeKind = Literal[
    "added",
    "password",
    "disabled",
    "enabled",
    "locked",
    "removed",
    "role",
    "groups",
    "name",
    "factor",
    "keys",
    "application",
    "session",  # one was revoked
    "revoked",  # all were, and whatever else was given out
]


@dataclass(frozen=True, slots=True)
class Account:
    """One person.  The id never changes and is never given again; the rest may change."""

    id: str  # 32 hexadecimal digits
    number: int  # as lasting as the id, for systems that want a number
    name: str  # as mapped by mapped_name: what it is found by
    shown: str  # as its owner writes it
    state: AccountState
    reason: str  # why it is not active, if somebody has said
    role: Role
    generation: int  # raised to revoke everything that was given out
    created: float  # seconds since 1970
    seen: float | None  # the last time it was let in

    @property
    def active(self) -> bool:
        return self.state == "active"

    def may(self, role: Role) -> bool:
        """Whether its role is this one or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class Password:
    """What is kept of a password."""

    phc: str = field(repr=False)  # Argon2id: RFC 9106
    pepper: str | None = None  # the id of the one that went in
    alone: bool = False  # long enough for an account without a second factor, whatever the policy


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Published on a topic when an account has changed; ``account`` is as it is now, or was."""

    kind: ChangeKind
    account: Account
    session: str | None = None  # the id of the one that was revoked, or of the one that goes on;
    # of the application password that has come or gone


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that is logged in, of kind "live", or a "token" that its owner has put elsewhere."""

    id: str
    account: str  # the account's id
    kind: Literal["live", "token"]
    door: str  # what it came in by
    source: str  # the address it came from
    label: str
    created: float  # seconds since 1970
    seen: float
    expires: float
    opener: str | None = None  # the id of the token that a live one came in by


@dataclass(frozen=True, slots=True)
class Application:
    """A password of its own for a client that cannot ask for a second factor."""

    id: str
    account: str
    label: str
    scopes: frozenset[str]  # the doors that it opens: "http", "file:read"
    created: float
    seen: float | None


@dataclass(frozen=True, slots=True)
class Key:
    """An SSH public key."""

    id: str
    account: str
    kind: str  # its algorithm, as "ssh-ed25519"
    blob: str  # in base64: RFC 4253 section 6.6
    comment: str
    created: float
    seen: float | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that can be used once: to make an account, or to choose the password of one."""

    id: str
    account: str | None  # the id of the account that it is for
    role: Role  # of the account that it makes
    groups: frozenset[str]
    created: float
    expires: float


PHRASES: Final = Phrases(
    {
        "name empty": ("用户名不能为空", "the name is empty"),
        "name long": ("用户名最多 {most} 个字符", "the name is longer than {most} characters"),
        "name first": ("用户名要以文字或数字开头", "the name must begin with a letter or a digit"),
        "name character": (
            "用户名里不能有“{char}”,只能用文字、数字和 . _ -",
            "the name has '{char}' in it: letters, digits and . _ - may be used",
        ),
        "name scripts": (
            "用户名混用了容易混淆的文字({scripts})",
            "the name mixes scripts that look alike ({scripts})",
        ),
        "name direction": (
            "用户名里从左到右和从右到左的文字不能这样混写",
            "the name mixes text from left to right with text from right to left",
        ),
        "name reserved": (
            "用户名 {name} 留给系统使用,请换一个",
            "the name {name} is the system's own: choose another",
        ),
        "password empty": ("密码不能为空", "the password is empty"),
        "password short": (
            "密码至少要 {least} 个字符,请换一个更长的",
            "the password is shorter than {least} characters: choose a longer one",
        ),
        "password alone": (
            "密码至少要 {least} 个字符;开启两步验证后,{beside} 个就够",
            "the password is shorter than {least} characters: choose a longer one, "
            "or set up a second factor, beside which {beside} are enough",
        ),
        "password common": (
            "这个密码太常见,很容易被猜到:请换一个,比如几个不相干的词连起来",
            "the password is one of the most common ones: choose another, such as a few unrelated words",
        ),
        "password name": (
            "密码不能只是用户名或 netapp 加几个数字,请换一个",
            "the password is little more than a name that everybody knows: choose another",
        ),
        "password long": ("密码最多 {most} 个字节", "the password is longer than {most} octets"),
        "password text": ("密码不是有效的文字", "the password is no text"),
        "taken": ("用户名 {name} 已经有人用了", "the name {name} is taken"),
        "lookalike": (
            "用户名 {name} 和已有的 {other} 太像了,请换一个",
            "the name {name} looks like {other}, which is taken: choose another",
        ),
        "unknown": ("没有账号 {name}", "there is no account {name}"),
        "gone": ("这个账号已经不能用了", "this account is no longer in use"),
        "last admin": (
            "{name} 是唯一能登录的管理员:请先让另一个能登录的账号当管理员(netapp user role NAME admin)",
            "{name} is the only admin who can log in: make another who can one first "
            "(netapp user role NAME admin)",
        ),
        "password wrong": ("原密码不对", "the old password is wrong"),
        "code wrong": ("验证码不对", "the code is wrong"),
        "code used": ("这个邀请码无效、已用过或已过期", "this code is not valid, was used, or has expired"),
        "password set": (
            "密码已设好:请用它和验证码登录",
            "the password is set: log in with it and a code of your second factor",
        ),
        "factor on": ("两步验证已经开启", "the second factor is on already"),
        "factor off": ("两步验证没有开启", "the second factor is off"),
        "factor not begun": ("请先用 totp on 开始设置", "begin with totp on"),
        "password not alone": (
            "密码不到 {least} 个字符,不能关闭两步验证:请先改成更长的密码",
            "the password has fewer than {least} characters and needs the second factor: "
            "choose a longer one first",
        ),
        "no session": ("没有这个会话", "there is no such session"),
        "session over": ("这个会话已经结束,请重新登录", "this session is over: log in again"),
        "by token": (
            "这个会话是用令牌登录的,不能这样做:请用密码登录后再试",
            "this session came in by a token and may not do that: log in with your password for it",
        ),
        "key none": (
            "这不是可以使用的公钥:请粘贴 id_ed25519.pub 里的那一行({kinds})",
            "this is no public key that is taken: paste the line of your id_ed25519.pub ({kinds})",
        ),
        "key weak": ("RSA 密钥至少要 {least} 位", "an RSA key must have {least} bits or more"),
        "key there": ("这个公钥已经添加过了", "this key is there already"),
        "no key": ("没有这个公钥", "there is no such key"),
        "scope": (
            "没有范围“{scope}”,可以用:{scopes}",
            "there is no scope '{scope}'; there are: {scopes}",
        ),
        "no scope": (
            "请至少给一个范围,例如 --scope file:read",
            "give a scope, for example --scope file:read",
        ),
        "no application": ("没有这个应用密码", "there is no such application password"),
        "too many sessions": (
            "这个账号已经登录了 {most} 处:请先退出几处",
            "this account is logged in {most} times already: log out somewhere first",
        ),
        "shown": (
            "显示名“{shown}”不能用:1 到 {most} 个字符,不能有看不见的字符",
            "the display name '{shown}' cannot be: 1 to {most} characters, and none that is not seen",
        ),
        "group": (
            "组名“{group}”不能用:1 到 {most} 个字符,不能有空格、逗号、分号和看不见的字符",
            "the group '{group}' cannot be: 1 to {most} characters, no space, comma or semicolon, "
            "and none that is not seen",
        ),
        "groups": ("最多 {most} 个组", "there can be {most} groups at most"),
        "label": (
            "说明最多 {most} 个字符,不能有看不见的字符",
            "a label has at most {most} characters, and none that is not seen",
        ),
        "reason": (
            "原因最多 {most} 个字符,不能有看不见的字符",
            "a reason has at most {most} characters, and none that is not seen",
        ),
        "too many": ("最多只能有 {most} 个,请先删掉一些", "there can be {most} at most: remove some first"),
    }
)


class Refused(NetappError):
    """A name, a password or a change that the rules forbid; :meth:`say` tells why."""

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(PHRASES.say("en", key, **fields))
        self.key, self.fields = key, fields

    def say(self, lang: Lang) -> str:
        return PHRASES.say(lang, self.key, **self.fields)
