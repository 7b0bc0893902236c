"""The line in the log for each try that was refused: fail2ban and its like read it.

It stays as it is: ``docs/howto/fail2ban/netapp.conf`` and other people's filters depend on it.  It has
no name in it, since people type passwords there.
"""

from enum import StrEnum

from twisted.logger import Logger

from netapp.people.throttling.origins import printable_host

_log = Logger(namespace="netapp.people")


class Reason(StrEnum):
    """Why somebody was not let in; the word in the log."""

    BAD = "bad"  # the name or the password
    CODE = "code"  # the second factor
    LOCKED = "locked"  # the account may not come in at all
    THROTTLED = "throttled"  # it was not even looked at


def tell_refused(source: str, door: str, reason: Reason) -> None:
    """Log one refused try.

    :param source: the peer's address; the line says ``-`` where it has none.
    :param door: a word of ours: "login", "ssh", "http", "ldap", "chat", ...
    """
    _log.info(
        "netapp-login: authentication failure rhost={rhost} service={service} reason={reason}",
        rhost=printable_host(source) or "-",
        service="".join(char for char in door.partition(":")[0] if char.isalnum() and char.isascii()) or "-",
        reason=reason.value,
    )
