"""``netapp doctor``: what is wrong on this machine, each finding with what cures it."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.cli.options import STATE
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "ok": ("正常", "ok  "),
        "note": ("注意", "note"),
        "bad": ("异常", "bad "),
        "cure": ("解决办法", "cure"),
        "all well": ("一切正常", "nothing is wrong"),
        "in all": ("异常 {bad} 项,注意 {note} 项", "{bad} bad, {note} to note"),
    }
)
say: Final = common.words(PHRASES)


@click.command(
    epilog="""\b
Examples:
  netapp doctor
  netapp doctor --config netapp.toml
  netapp doctor netapp-echo --listen tcp:7777    before it is started so
""",
    context_settings={"ignore_unknown_options": True},
)
@click.option("--state", "folder", type=STATE, metavar="DIR", help="Look at this one.")
@click.option("--config", "-c", "config", metavar="FILE", help="The services' configuration file.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
@click.argument("words", metavar="[PLUGIN OPTIONS...]", nargs=-1, type=click.UNPROCESSED)
def doctor(folder: Path | None, config: str | None, as_json: bool, words: tuple[str, ...]) -> None:
    """Look for what is wrong on this machine.

    Ports and who has them, who answers on which address, firewalls, the resolver, the clock, disks,
    limits, the state directory and its databases.  Looked at are the services that run, else those of
    --config or of a plugin and its options as twistd would take them.  Each finding names its cure;
    nothing is changed, and no service notices.  Root sees more.  The exit status is 1 if something is
    wrong.
    """
    from netapp.cli.doctor.looking import findings

    given = bool(words or config)
    line = [*(words or ("netapp",))]
    if config is not None:
        line.append(f"--config={config}")
    if folder is not None:
        line.append(f"--state={folder}")
    found = findings(line, folder, given=given)
    if as_json:
        shown = json.dumps([each.as_json() for each in found], ensure_ascii=False, indent=1, default=str)
        common.write(shown, keep="\t\n")
    else:
        _show(found)
    click.get_current_context().exit(int(any(each.verdict == "bad" for each in found)))


def _show(found: Sequence[Finding]) -> None:
    for each in found:
        common.write(f"{say(each.verdict)}  {each.text}")
        if each.cure:
            common.write(f"      {say('cure')}: {each.cure}")
    counted = Counter(each.verdict for each in found)
    wrong = counted["bad"] + counted["note"]
    common.write(say("in all", bad=counted["bad"], note=counted["note"]) if wrong else say("all well"))
