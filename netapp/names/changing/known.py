"""Whether a zone, as somebody has it in a file, has anything that is not kept here."""

from netapp.names.changing.changes import History, condensed, difference
from netapp.names.changing.storing import Whole
from netapp.names.zone import BadZone, Zone


def is_known(zone: Zone, whole: Whole) -> bool:
    """Whether it is what the owner's file was when it was taken in, or what was served then or later.

    :param whole: what is kept.
    """
    if whole.file is not None and difference(zone, whole.file) is None:
        return True
    since = History(whole.history).since(zone.serial)
    if since is not None:
        step = condensed(since)
        try:
            zone = zone.changed(step.removed, step.added)
        except BadZone:
            return False
    return difference(zone, whole.zone) is None
