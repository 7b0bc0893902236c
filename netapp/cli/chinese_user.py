"""``netapp user --help`` in Chinese; see :mod:`netapp.cli.chinese`."""

from typing import Final

from netapp.people.model import SCOPES

HEADINGS: Final = {
    "Accounts": "账号",
    "Letting in and keeping out": "停用和启用",
    "Codes": "邀请码",
    "Sessions and what else opens doors": "会话、公钥和应用密码",
    "All accounts": "全体账号",
}
HELP: Final = {
    "Services that run see a change at once.": "正在运行的服务立即生效。",
    # accounts
    "Add an account.": "添加账号。",
    "The name is what it logs in by: letters, digits and . _ -": "用户名用来登录,可以用文字、数字和 . _ -",
    "The same as --role admin.": "等同于 --role admin。",
    "What the account may do (member).": "角色(默认 member)。",
    "A group that it is in; repeatable.": "所在的组;可以写多个。",
    "The name that others see; by default the account's.": "别人看到的名字;默认同用户名。",
    "For one that is let in by a code or another directory.": "先不设密码:由邀请码来设,或由外部目录验证。",
    "Read the password from standard input.": "从标准输入读密码。",
    "Take a password that is short, common or the account's name.": "允许太短、太常见或与用户名相同的密码。",
    "What this password must be; by default as netapp user policy says.": (
        "这个密码的规则;默认用 policy 命令设定的。"
    ),
    "Change an account's password.": "修改密码。",
    "It ends the account's sessions, tokens and application passwords.": (
        "这个账号的会话、令牌和应用密码随之作废。"
    ),
    "Remove an account; a later one of the same name is another.": "删除账号;以后同名的是另一个账号。",
    "Do not ask.": "不再询问。",
    "Say what an account may do: guest, member, moderator or admin.": (
        "设置角色:guest(访客)、member(成员)、moderator(协管员)或 admin(管理员)。"
    ),
    "Change the name that others see; what the account logs in by stays.": "修改显示名;登录用的用户名不变。",
    "Put accounts into groups, and take them out; without either, show which they are in.": (
        "把账号加入组、移出组;都不写则显示所在的组。"
    ),
    "Put them into GROUP; repeatable.": "加入这个组;可以写多个。",
    "Take them out of GROUP; repeatable.": "移出这个组;可以写多个。",
    "List the groups, and who is in them.": "列出各组和成员。",
    # list, show
    "List the accounts: a table on a terminal, tab separated in a pipe.": (
        "列出账号:终端上是表格,管道里用制表符分隔。"
    ),
    "The columns are name, state, created, last seen, role, groups, second factor, display name.": (
        "各列是用户名、状态、创建、上次登录、角色、组、两步验证、显示名。"
    ),
    "Only those in this group.": "只列这个组的。",
    "Only those of this role.": "只列这个角色的。",
    "One JSON array, times in seconds since 1970.": "一个 JSON 数组,时间为 1970 年以来的秒数。",
    "Show all about one account, but for its secrets.": "显示一个账号的全部情况,机密除外。",
    "One JSON object, times in seconds since 1970.": "一个 JSON 对象,时间为 1970 年以来的秒数。",
    "The services' state directory. [$NETAPP_STATE, else netapp in the XDG state home]": (
        "服务的状态目录。[$NETAPP_STATE,否则为 XDG 状态目录下的 netapp]"
    ),
    # disable, enable, lock, unlock
    "Let nobody in by an account; it stays, and its name stays taken.": "停用账号;账号保留,用户名仍被占用。",
    "Its sessions end, and its tokens and application passwords are no longer good.": (
        "它的会话随即结束,令牌和应用密码作废。"
    ),
    "Why; netapp user show and list tell it.": "原因;show 和 list 命令会显示。",
    "As disable, for a while: until somebody has looked into it.": "和停用一样,但只是暂时的,查清楚再解锁。",
    "Let a disabled account in again.": "重新启用账号。",
    "Let a locked account in again, and forget what failed tries have cost it.": (
        "解锁账号,失败次数清零,不必再等。"
    ),
    # codes
    "Make a code that can be used once.": "生成一次性邀请码。",
    "Whoever types it where a login asks for the name makes an account, or, with --for, chooses a"
    " password. In a pipe the codes alone are printed, one a line.": (
        "登录时在问用户名的地方输入它,就能建一个账号;用了 --for 则是给那个账号设密码。"
        "在管道里只输出邀请码,每行一个。"
    ),
    "Of the account that it makes (member).": "所建账号的角色(默认 member)。",
    "A group that it will be in; repeatable.": "所建账号所在的组;可以写多个。",
    "How long a code is good (14).": "有效天数(默认 14)。",
    "Make no account: let this one choose a password.": "不建账号,让这个账号自己设密码。",
    "Show each as a QR code too.": "同时显示二维码。",
    "So many codes (1).": "生成几个(默认 1)。",
    "List the codes that can still be used; the codes themselves are not kept.": (
        "列出还能用的邀请码;邀请码本身不保存。"
    ),
    "Make codes useless that have not been used.": "作废还没用的邀请码。",
    "All that are out.": "全部作废。",
    # import, export
    "Make accounts of a class list (CSV), or take back what netapp user export wrote (JSON).": (
        "按名单(CSV)批量建账号,或导入 export 命令写的文件(JSON)。"
    ),
    "A list has a first line that names its columns: name, display, role, groups; or it is names alone."
    " Each account gets a code by which its owner chooses a password. All accounts are made, or none;"
    " those that are there already stay as they are. Without --slips the codes are printed, a name and a"
    " code a line.": (
        "名单的第一行是列名:用户名、姓名、角色、班级;也可以只有用户名,没有列名。每个账号得到一个邀请码,"
        "本人用它设密码。账号要么全部建成,要么一个也不建;已经有的保持不变。没有 --slips 时,"
        "逐行输出用户名和邀请码。"
    ),
    "Write a sheet of slips to print (HTML).": "生成可以打印的登录条(HTML)。",
    "What the slips say to connect to.": "登录条上写的连接地址。",
    "Put all of them into GROUP; repeatable.": "全部加入这个组;可以写多个。",
    "Only say what would be done.": "只说会做什么,不改动。",
    "Replace the file of slips if it is there.": "登录条的文件已经存在时覆盖它。",
    "Of an export: bring accounts back that are there, as in the file.": (
        "用于导出的文件:已经有的账号也恢复成文件里的样子。"
    ),
    "Write all accounts as JSON, to be taken back by netapp user import, here or elsewhere.": (
        "把全部账号写成 JSON,可以在这里或别处用 import 命令导入。"
    ),
    "Ids, names, roles, groups, password hashes, second factors and SSH keys are in it: keep it secret."
    " A file has mode 0600. Without FILE it goes to standard output; a file there gets that mode too.": (
        "包括 ID、名字、角色、组、密码哈希、两步验证和 SSH 公钥,注意保密。文件权限为 0600。"
        "没有 FILE 时写到标准输出;那是文件的话,也改成 0600。"
    ),
    "Replace FILE if it is there.": "文件已经存在时覆盖它。",
    # sessions, keys, second factors
    "List an account's connections that are logged in, and its tokens.": "列出一个账号的登录连接和令牌。",
    "End a session or a token of an account, or all at once.": "结束一个会话或令牌,或者全部。",
    "Passwords and SSH keys stay good.": "密码和 SSH 公钥仍然有效。",
    "All of them, and application passwords too.": "全部,包括应用密码。",
    "List an account's SSH keys.": "列出 SSH 公钥。",
    "Add and remove an account's SSH keys.": "添加、删除 SSH 公钥。",
    "Let an account in by an SSH key, from the file of its public half; - is standard input.": (
        "添加 SSH 公钥,从公钥文件读取;- 表示标准输入。"
    ),
    "Remove an SSH key, by its id or its fingerprint.": "按 ID 或指纹删除 SSH 公钥。",
    "Turn an account's second factor off, for who has lost the authenticator and the recovery codes.": (
        "关闭两步验证,用于验证器和恢复码都丢了的人。"
    ),
    "Passwords of their own for clients that cannot ask for a second factor.": (
        "应用密码:给不支持两步验证的客户端单独用。"
    ),
    "Make one, and show it once.": "生成一个,只显示一次。",
    f"A door that it opens: {', '.join(SCOPES)}; repeatable.": f"能用在哪里:{'、'.join(SCOPES)};可以写多个。",
    "What it is for.": "说明用途。",
    "List an account's, without the passwords themselves.": "列出应用密码的情况,密码本身不显示。",
    "Remove one, by its id or its label.": "按 ID 或说明删除。",
    # audit, policy, pepper, tune
    "Show what has happened: logins, refusals, changes and who made them, the newest last.": (
        "查看审计记录:登录、拒绝、改动和操作者,最新的在最后。"
    ),
    "The file is audit.jsonl in the state directory. A name that is no account's stands there as a hash"
    " only: people type passwords as names.": (
        "文件是状态目录里的 audit.jsonl。不存在的用户名只记哈希,因为常有人把密码输在用户名处。"
    ),
    "Go on with what happens, until Ctrl-C.": "持续显示新的记录,按 Ctrl-C 结束。",
    "So many events (50).": "显示多少条(默认 50)。",
    "Only those about this account.": "只看这个账号的。",
    "One JSON object a line, as in the file.": "每行一个 JSON 对象,和文件里一样。",
    "Show what new passwords must be, or change it.": "显示或修改新密码的规则。",
    "basic: 8 characters. nist: 15, or 8 beside a second factor (SP 800-63B-4). Services that run take"
    " it up at once; those with --password-policy of their own keep to that.": (
        "basic:至少 8 个字符。nist:至少 15 个,开了两步验证的 8 个(SP 800-63B-4)。"
        "正在运行的服务立即生效,自己带 --password-policy 的除外。"
    ),
    "Use the key in a file for all password hashes, so that a stolen database alone is of no use.": (
        "所有密码哈希都加上一个文件里的密钥(“胡椒”,pepper),这样光偷走数据库没有用。"
    ),
    "Hashes that there are change with the next login of each. Without arguments it shows what is used."
    " Services that run take it up at once.": (
        "已有的哈希在各人下次登录时更新。不带参数则显示现状。正在运行的服务立即生效。"
    ),
    "Make one, of mode 0600, and use it.": "新生成一个文件(权限 0600)并使用它。",
    "New hashes take none.": "新的哈希不再加胡椒。",
    "Measure what a password's hash may cost on this machine.": "测量这台机器适合的密码哈希参数。",
    "It takes ten seconds or more, best while little else runs. More memory is worth more than more"
    " rounds.": ("要十几秒,最好在机器空闲时做。同样的时间,多用内存比多算几轮更难破解。"),
    "Milliseconds that one hash may take (250).": "一次哈希可以用多少毫秒(默认 250)。",
    "Use what is proposed from now on.": "采用建议的参数。",
}
