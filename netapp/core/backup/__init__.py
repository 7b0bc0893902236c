"""A backup: the state directory in one file, taken while netapp runs, put back whole or not at all.

The file is a tar archive in gzip, as any ``tar`` reads it: first ``netapp-backup.json``, which says
what it is; then the state directory as ``netapp/...``; last ``MANIFEST.json`` with every member's size
and SHA-256, without which it is no backup.

:mod:`members` decides what is saved, :mod:`rows` copies databases, :mod:`writing` makes the archive,
:mod:`reading` verifies one, :mod:`restoring` puts one in a state directory's place, :mod:`workshop`
is where both work until they are done.  Nothing here knows which nouns there are.
"""

from typing import Final

from netapp.core.backup.words import PHRASES
from netapp.core.languages import Lang
from netapp.errors import ConfigError

#: Of the archive; an archive of a higher one is refused.
FORMAT: Final = 1
#: The first member, the folder of the state directory, the last member.
HEAD: Final = "netapp-backup.json"
TOP: Final = "netapp"
MANIFEST: Final = "MANIFEST.json"


class Unfit(ConfigError):
    """A backup that cannot be made or put back; :meth:`say` tells why, and what to do."""

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(PHRASES.say("en", key, **fields))
        self.key, self.fields = key, fields

    def say(self, lang: Lang) -> str:
        return PHRASES.say(lang, self.key, **self.fields)
