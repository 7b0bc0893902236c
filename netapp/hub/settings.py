"""The file of settings that a first start writes: comments, to be made true one by one.

The language alone is as that start was told: who has named English once would not expect Chinese later.
"""

from typing import Final

from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "file": (
            """\
# netapp 的设置。去掉一行开头的 # 就生效,然后重新启动 netapp。
# 这里是几个常用的;每项服务的全部选项:twistd netapp-chat --help,等等。
# 启动命令里写的选项优先于这个文件;用 --config 指定了别的文件时,不读这个文件。

# 提示语的语言:zh 或 en
# lang = "en"
# 只在这个地址上提供服务
# interface = "192.168.1.5"
# 除局域网外,还允许这些网段
# allow = ["203.0.113.0/24"]
# 聊天记录保留的天数,0 表示一直保留
# keep-talk = 365

[netapp]
# 不启动这些服务
# without = ["echo"]

[dns]
# record = ["printer=192.168.1.9"]

[login]
# ssh = ["tcp:2022"]

[chat]
# irc = "none"

[file]
# root = "/srv/files"

[udpchat]
# announce = true

[echo]
# reply = "OK!"
""",
            """\
# netapp's settings.  Take the # off a line's beginning to make it true, then start netapp again.
# These are a few; twistd netapp-chat --help and so on list every service's own.
# What the command line says wins; --config FILE has another file read instead of this one.

# Language of prompts, as the first start was told: zh or en
lang = "en"
# Serve at this address only
# interface = "192.168.1.5"
# Networks that may come, beside the local ones
# allow = ["203.0.113.0/24"]
# Days that what is said is kept, 0 for ever
# keep-talk = 365

[netapp]
# Services that are not started
# without = ["echo"]

[dns]
# record = ["printer=192.168.1.9"]

[login]
# ssh = ["tcp:2022"]

[chat]
# irc = "none"

[file]
# root = "/srv/files"

[udpchat]
# announce = true

[echo]
# reply = "OK!"
""",
        )
    }
)
