"""What ``netapp service`` says."""

from typing import Final

from netapp.cli import common
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "not root": (
            "只有 root 能安装:请用 sudo 再运行,或者加 --print 只看不写",
            "only root can install: run it again with sudo, or add --print to look without writing",
        ),
        "no systemd": (
            "这台机器没有运行 systemd:什么都没有写,以上是单元文件的内容",
            "no systemd runs here: nothing was written, the units are shown above",
        ),
        "not root remove": (
            "只有 root 能移除:请用 sudo 再运行",
            "only root can remove: run it again with sudo",
        ),
        "foreign": (
            "{path} 不是 netapp 写的:请先把它移走",
            "{path} was not written by netapp: move it away first",
        ),
        "closed": (
            "用户 {user} 进不了 {folder},而这个环境要用到它:请装到大家都能读的目录,例如 /opt/netapp",
            "the user {user} cannot enter {folder}, which this environment needs: "
            "install it where everybody can read, such as /opt/netapp",
        ),
        "temporary": (
            "{folder} 是临时目录,服务看不到它:请装到别处,例如 /opt/netapp",
            "{folder} is a temporary place, which a service does not see: "
            "install elsewhere, such as /opt/netapp",
        ),
        "home": (
            "注意:{folder} 在主目录里,所以用的是 ProtectHome=read-only;装到 /opt/netapp 可以把主目录全部隐藏",
            "note: {folder} is in a home, so it is ProtectHome=read-only; "
            "from /opt/netapp all homes could be hidden",
        ),
        "no plugin": ("没有 {name} 这个插件,有:{names}", "there is no plugin {name}; there are {names}"),
        "bad user": ("{user} 不能作用户名", "{user} is no name for a user"),
        "bad socket": (
            "--socket {value}:请写成 {example}",
            "--socket {value}: write {example}",
        ),
        "no service": (
            "--socket {value}:没有 {name} 这个服务,有:{names}",
            "--socket {value}: there is no service {name}; there are {names}",
        ),
        "twice": ("--socket {value}:写了两次", "--socket {value} is given twice"),
        "bad options": ("这些选项启动不了:{reason}", "nothing starts with these options: {reason}"),
        "bad settings": ("设置有错:{reason}", "the settings cannot be taken: {reason}"),
        "no twistd": ("{path} 不存在:请重新安装 netapp", "there is no {path}: install netapp again"),
        "unprintable": (
            "路径和选项里不能有控制字符",
            "no path and no option may hold a control character",
        ),
        "colon": (
            "--state {path}:服务的目录名里不能有冒号",
            "--state {path}: a service's directory may have no colon in its name",
        ),
        "no user": (
            "没有 {user} 这个用户:请先建立(useradd --system {user}),或不写 --user",
            "there is no user {user}: make it first (useradd --system {user}), or leave out --user",
        ),
        "cannot write": ("{path} 写不了:{reason}", "{path} cannot be written: {reason}"),
        "removed": ("已删除 {path}", "removed {path}"),
        "nothing": ("{plugin} 没有安装成服务", "{plugin} is not installed as a service"),
        "next": ("接下来:", "Next:"),
        "listen": (
            "在 {path} 里加上(已有 listen 就替换):",
            "Put into {path}, instead of a listen that is there:",
        ),
        "start": ("现在启动,以后开机自动启动", "now, and at every start of this machine"),
        "log": ("日志", "its log"),
        "admin": ("第一个账号", "the first account"),
        "user": ("建立用户 {user}", "makes the user {user}"),
    }
)  # fmt: skip
say: Final = common.words(PHRASES)
