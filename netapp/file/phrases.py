"""What the file service says, in both languages."""

from typing import Final

from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "help": (
            "LIST [文件夹]   列出文件\n"
            "GET 文件名      取一个文件,发完即断开(只发文件名也行)\n"
            "HELP            显示本帮助\n"
            "QUIT            断开\n"
            "浏览器和 curl 也可以访问这个端口。\n",
            "LIST [FOLDER]   list the files\n"
            "GET NAME        fetch a file; the connection ends with it (just the name will do, too)\n"
            "HELP            this text\n"
            "QUIT            hang up\n"
            "Browsers and curl can use this port as well.\n",
        ),
        "empty": ("(空)\n", "(empty)\n"),
        "more": ("(还有更多,未列出)\n", "(there is more, left out)\n"),
        "missing": ("没有这个文件:{name}\n", "no such file: {name}\n"),
        "missing folder": ("没有这个文件夹:{name}\n", "no such folder: {name}\n"),
        "read only": ("这里只能下载,不能上传\n", "files can be fetched here, not stored\n"),
        "ssh": ("这里不是 SSH 端口\n", "wrong port: this is not SSH\n"),
        "bye": ("再见\n", "bye\n"),
        "index": ("共享文件夹 {path}", "Shared folder {path}"),
        "name": ("名称", "Name"),
        "size": ("大小", "Size"),
        "changed": ("修改时间", "Changed"),
        "up": ("上一级", "Up"),
        "400": ("请求有误\n", "this is no proper request\n"),
        "404": ("没有这个文件\n", "no such file\n"),
        "405": ("这里只能下载,不能上传\n", "files can be fetched here, not stored\n"),
        "412": ("文件已经变了\n", "the file has changed\n"),
        "416": ("文件没有这么长\n", "the file is not that long\n"),
        "503": ("现在太忙,请稍后再试\n", "too busy just now, try again later\n"),
    }
)
