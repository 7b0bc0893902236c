"""What is said of backups that cannot be made or put back, and of a state that one is put back as."""

from typing import Final

from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "other": ("{path} 不是 netapp 的备份", "{path} is no backup of netapp"),
        "pipe": ("{path} 不是普通文件:请写备份的文件名", "{path} is no file: name the backup's file"),
        "cut": (
            "备份 {path} 不完整,后面缺了一截:请换一份备份",
            "the backup {path} is cut off: take another one",
        ),
        "newer": (
            "备份 {path} 是更新版本的 netapp({version})做的:请先升级 netapp",
            "the backup {path} is of a newer netapp ({version}): upgrade netapp first",
        ),
        "damaged": (
            "备份 {path} 已损坏({name}):请换一份备份",
            "the backup {path} is damaged ({name}): take another one",
        ),
        "outside": (
            "备份 {path} 里有不该有的 {name}:不要用它",
            "the backup {path} holds {name}, which no backup of netapp does: do not use it",
        ),
        "large": (
            "备份 {path} 太大,这里放不下(还有 {room} MB):请先腾出空间",
            "the backup {path} is larger than what is free here ({room} MB): make room first",
        ),
        "many": ("备份 {path} 里的文件太多", "the backup {path} holds too many files"),
        "too many": (
            "{path} 里的文件超过 {most} 个:请加 --without-files,共享文件另外备份",
            "{path} holds more than {most} files: give --without-files, and save the shared ones otherwise",
        ),
        "long names": (
            "{path} 里的文件名加起来太长:请加 --without-files,共享文件另外备份",
            "the names in {path} are too long together: give --without-files, "
            "and save the shared ones otherwise",
        ),
        "no database": (
            "{path} 不是数据库,或已损坏:请看 netapp db check",
            "{path} is no database, or is damaged: see netapp db check",
        ),
        "in use": (
            "状态目录 {path} 正在使用:请先停下 netapp(fuser {path} 可以看到是谁)",
            "the state directory {path} is in use: stop netapp first (fuser {path} names it)",
        ),
        "not empty": (
            "状态目录 {path} 里已有内容:加 --force 换上备份(旧的会改名留在旁边)",
            "the state directory {path} holds something: give --force to replace it (it is kept beside)",
        ),
        "no folder": (
            "{path} 不是目录:请用 --state 换一个",
            "{path} is no directory: choose another with --state",
        ),
        "anybody's": (
            "别人可以改动 {folder}(权限 {mode}),root 不在里面恢复:"
            "请先 chmod go-w {folder},或用 --state 换一个",
            "others can change {folder} (mode {mode}), so root restores nothing in it: "
            "chmod go-w {folder}, or choose another place with --state",
        ),
        "not theirs": (
            "{state} 在 {owner} 的目录里,而 {owner} 不能写 {path}:"
            "请 chown {owner} {path},或用 --state 换一个",
            "{state} is in a place of {owner}'s, who may not write {path}: "
            "chown {owner} {path}, or choose another with --state",
        ),
        "mounted": (
            "{path} 是挂载点,不能整个换掉:请恢复到它里面的目录,如 --state {path}/netapp",
            "{path} is a mount point and cannot be replaced: restore into it, such as --state {path}/netapp",
        ),
        "put back": (
            "正在把备份恢复到 {path}:请等它完成再试",
            "a backup is just put back as {path}: start again when that is done",
        ),
        "locked": (
            "{path} 被锁住了:正在恢复备份,或者因为权限是 {mode},被别的用户锁住:"
            "请结束占用它的程序(fuser {path} 可以看到是谁),再 chmod 700 {path}",
            "{path} is locked: a backup is just put back, or somebody else locks it, as its mode {mode} lets "
            "them: end who holds it (fuser {path} names it), then chmod 700 {path}",
        ),
        "restore cut": (
            "{path} 的恢复中断了:请再恢复一次,或者改回原来的:mv {old} {path}",
            "a restore of {path} was cut: run it again, or put back what was there: mv {old} {path}",
        ),
        "busy": (
            "数据库 {path} 一直被占用:请稍后再试",
            "the database {path} is held by another program: try again later",
        ),
    }
)
