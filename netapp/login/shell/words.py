"""The shell's words: what it says, and what each command is called."""

from typing import Final

from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        # The beginning and the end
        "greeting": (
            "\n您好,{name}!输入“帮助”(help)查看命令,输入“退出”(quit)离开。\n",
            "Hello {name}. Type help for the commands, quit to leave.\n",
        ),
        "prompt": ("{name}> ", "{name}> "),
        "bye": ("再见!\n", "Goodbye.\n"),
        "idle": ("\n太久没有输入,再见!\n", "\nNothing was typed for too long, goodbye.\n"),
        "total": ("\n会话时间已到,请重新登录。\n", "\nThis session is over, please log in again.\n"),
        "flood": ("\n一次输入太多,再见!\n", "\nToo much at once, goodbye.\n"),
        "revoked": ("\n这个会话已被吊销,再见!\n", "\nThis session was revoked, goodbye.\n"),
        "disabled": ("\n这个账号已停用,再见!\n", "\nThis account was disabled, goodbye.\n"),
        "stopping": ("\n服务正在关闭,再见!\n", "\nThe service is stopping, goodbye.\n"),
        # What goes wrong
        "unknown": (
            "没有命令“{word}”,输入“帮助”查看所有命令。\n",
            "There is no command {word!r}; help lists them.\n",
        ),
        "unknown near": (
            "没有命令“{word}”,您是不是要输入“{near}”?\n",
            "There is no command {word!r}; did you mean {near}?\n",
        ),
        "usage": ("用法:{usage}\n", "Usage: {usage}\n"),
        "refused": ("失败:{reason}\n", "Refused: {reason}\n"),
        "busy": ("服务器正忙,请稍后再试。\n", "Too much at once, try again later.\n"),
        "unavailable": ("暂时做不到,请稍后再试。\n", "Not possible now, try again later.\n"),
        "overlong": ("这一行太长,没有处理。\n", "That line is too long and was not read.\n"),
        "which": ("编号:", "Number: "),
        "number": ("没有第 {number} 项。\n", "There is no number {number}.\n"),
        "cancelled": ("已取消,什么都没有改变。\n", "Cancelled; nothing has changed.\n"),
        # help
        "commands": (
            "可用的命令(中文、英文都可以):\n",
            "Commands (in English or in Chinese):\n",
        ),
        "more": ("输入“帮助 命令”查看用法。\n", "help COMMAND tells more.\n"),
        # whoami
        "me": ("{name},{role}\n", "{name}, {role}\n"),
        "me shown": ("{name}(显示为 {shown}),{role}\n", "{name} (shown as {shown}), {role}\n"),
        "role guest": ("访客", "guest"),
        "role member": ("成员", "member"),
        "role moderator": ("协管员", "moderator"),
        "role admin": ("管理员", "admin"),
        "my groups": ("组:{groups}\n", "Groups: {groups}\n"),
        "my session": (
            "{since} 从 {source} 登录({door})\n",
            "Logged in {since} from {source} ({door})\n",
        ),
        "factor on": (
            "两步验证:已开启,还剩 {left} 个恢复码\n",
            "Second factor: on, {left} recovery codes left\n",
        ),
        "factor off": ("两步验证:未开启\n", "Second factor: off\n"),
        # passwd
        "old": ("当前密码:", "Current password: "),
        "new": ("新密码:", "New password: "),
        "again": ("再输入一次新密码:", "The new password again: "),
        "differ": ("两次输入的不一样。\n", "The two are not the same.\n"),
        "password changed": (
            "密码已更改,其他会话、令牌和应用密码都已失效。\n",
            "The password is changed; other sessions, tokens and application passwords have ended.\n",
        ),
        "keys left": (
            "仍有 {count} 个 SSH 公钥可以登录:输入“密钥”查看,用“密钥 删除 编号”删除。\n",
            "SSH keys that still log in: {count}. See them with keys, remove one with key remove N.\n",
        ),
        # totp
        "factor is on": ("两步验证已经开启。\n", "The second factor is on already.\n"),
        "factor is off": ("两步验证没有开启。\n", "The second factor is off already.\n"),
        "enrol": (
            "用身份验证器扫描下面的二维码,或手工输入密钥:\n",
            "Scan this with an authenticator, or type the secret into it:\n",
        ),
        "secret": ("密钥:{secret}\n地址:{uri}\n", "Secret: {secret}\nAddress: {uri}\n"),
        "code": ("验证码:", "Code: "),
        "code or recovery": ("验证码或恢复码:", "One-time or recovery code: "),
        "factor turned on": (
            "两步验证已开启。以下恢复码每个只能用一次,只显示这一次,请抄下来:\n",
            "The second factor is on. Each of these recovery codes works once; they are shown this once, "
            "so write them down:\n",
        ),
        "factor turned off": ("两步验证已关闭。\n", "The second factor is off.\n"),
        # sessions, revoke, token
        "sitting": (
            "{number:>3}  {kind}  {door}  {source}  {since} 起{opened}{mine}\n",
            "{number:>3}  {kind}  {door}  {source}  since {since}{opened}{mine}\n",
        ),
        "live": ("会话", "session"),
        "token": ("令牌", "token"),
        "by token": ("  用令牌 {number} 登录", "  by token {number}"),
        "by a token": ("  用令牌登录", "  by a token"),
        "mine": ("  ← 当前", "  <- this one"),
        "no sessions": ("没有会话。\n", "There are no sessions.\n"),
        "revoke mine": (
            "那是当前会话,要离开请输入“退出”。\n",
            "That is this session; leave it with quit.\n",
        ),
        "revoked count": ("已结束 {count} 个。\n", "Ended: {count}.\n"),
        "revoked none": ("没有别的会话或令牌。\n", "There are no other sessions or tokens.\n"),
        "minted": (
            "令牌(只显示这一次):\n\n  {token}\n\n在要密码的地方粘贴它即可;{idle} 小时不用就失效,"
            "最长 {total} 天。\n",
            "A token, shown this once:\n\n  {token}\n\nPaste it wherever your password is asked for; it ends "
            "after {idle} hours without use, and after {total} days.\n",
        ),
        # keys
        "key": (
            "{number:>3}  {kind}  {fingerprint}  {comment}\n",
            "{number:>3}  {kind}  {fingerprint}  {comment}\n",
        ),
        "no keys": (
            "还没有 SSH 公钥;用“密钥 添加 ssh-ed25519 ...”添加。\n",
            "There are no SSH keys; add one with: key add ssh-ed25519 ...\n",
        ),
        "key added": ("已添加 {fingerprint}\n", "Added {fingerprint}\n"),
        "key removed": ("已删除 {fingerprint}\n", "Removed {fingerprint}\n"),
        # application passwords
        "application": ("{number:>3}  {label}  {scopes}\n", "{number:>3}  {label}  {scopes}\n"),
        "no applications": (
            "还没有应用密码;用“应用密码 添加 名称 --scope file:read”添加。\n",
            "There are no application passwords; add one with: app-password add LABEL --scope file:read\n",
        ),
        "application added": (
            "{label} 的密码(只显示这一次):\n\n  {password}\n\n",
            "The password of {label}, shown this once:\n\n  {password}\n\n",
        ),
        "application removed": ("已删除 {label}\n", "Removed {label}\n"),
    }
)

#: What each command does, in one line of help; then how it is written.
HELP: Final = Phrases(
    {
        "whoami": ("查看自己的账号", "who you are here"),
        "whoami usage": ("我是谁", "whoami"),
        "passwd": ("更改密码", "change your password"),
        "passwd usage": ("改密码", "passwd"),
        "totp": (
            "开启或关闭两步验证(关闭时恢复码也行)",
            "turn the second factor on, or off (a recovery code will do)",
        ),
        "totp usage": ("两步验证 开|关", "totp on|off"),
        "sessions": ("列出会话和令牌", "list your sessions and tokens"),
        "sessions usage": ("会话", "sessions"),
        "revoke": (
            "结束一个会话或令牌,或所有别的(连同应用密码)",
            "end a session or token, or all the others and application passwords",
        ),
        "revoke usage": ("吊销 编号|全部", "revoke N|all"),
        "token": ("生成令牌,到别处粘贴代替密码", "a fresh token to paste elsewhere for your password"),
        "token usage": ("令牌", "token"),
        "keys": ("列出、添加、删除 SSH 公钥", "list, add and remove SSH keys"),
        "keys usage": (
            "密钥 | 密钥 添加 ssh-ed25519 AAAA... | 密钥 删除 编号",
            "keys | key add ssh-ed25519 AAAA... | key remove N",
        ),
        "app-passwords": (
            "列出、添加、删除应用密码",
            "list, add and remove passwords for programs",
        ),
        "app-passwords usage": (
            "应用密码 | 应用密码 添加 名称 --scope file:read | 应用密码 删除 编号",
            "app-passwords | app-password add LABEL --scope file:read | app-password remove N",
        ),
        "help": ("查看命令和用法", "the commands, or how one is written"),
        "help usage": ("帮助 [命令]", "help [COMMAND]"),
        "quit": ("离开", "leave"),
        "quit usage": ("退出", "quit"),
    }
)
