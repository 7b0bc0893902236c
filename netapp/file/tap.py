"""``twistd netapp-file``: the command line of the file service, nothing else."""

from pathlib import Path
from typing import Any, ClassVar

from twisted.application.service import IService

from netapp.core.config import ServiceOptions
from netapp.core.running import Shared, alone
from netapp.core.services import Notice
from netapp.file.config import PLUGIN, Config
from netapp.file.service import file_service
from netapp.share import open_share


def _folder(given: str) -> str:
    if not given:
        raise ValueError("give the path of the folder that is shared")
    return given


class Options(ServiceOptions):
    table = "file"
    longdesc = "Files for everybody on the network: bare names, frames, lines and HTTP on one port."
    examples = (
        "twistd -n netapp-file",
        "twistd -n netapp-file --root /srv/files --listen tcp:8080",
        "twistd -n netapp-file --lang en --encoding gbk",
    )
    optParameters: ClassVar[list[list[Any]]] = [
        ["root", None, None, "The folder that is shared.  [share, in the state directory]", _folder],
    ]


def config_from(options: Options) -> Config:
    return Config(**options.shared())


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    root = Path(options["root"]) if options["root"] else None
    share = shared.noun("share", lambda: open_share(root, options.state_path, shared.reactor))
    service = file_service(config_from(options), share, shared.metrics, shared.reactor, shared.page)
    folder = root or options.state_path / "share"
    line = f"what lies in {folder.absolute()} can be fetched"
    Notice(PLUGIN, line, f"shares {folder.absolute()}").setServiceParent(service)
    return service


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
