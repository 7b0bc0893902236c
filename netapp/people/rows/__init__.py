"""The rows of ``people.db`` as one transaction sees them: a small class for each kind.

They store and find, and decide nothing: the rules are :mod:`netapp.people.admin`'s.
"""

from sqlalchemy import Connection

from netapp.people.rows.accounts import AccountRows
from netapp.people.rows.applications import ApplicationRows
from netapp.people.rows.changes import ChangeRows
from netapp.people.rows.factors import FactorRows
from netapp.people.rows.invitations import InvitationRows
from netapp.people.rows.keys import KeyRows
from netapp.people.rows.sessions import SessionRows
from netapp.people.rows.settings import SettingRows
from netapp.people.rows.throttles import ThrottleRows

__all__ = ["Rows"]


class Rows:
    """Everything about people, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.settings = SettingRows(connection)
        self.accounts = AccountRows(connection, self.settings)
        self.applications = ApplicationRows(connection)
        self.changes = ChangeRows(connection)
        self.factors = FactorRows(connection)
        self.invitations = InvitationRows(connection)
        self.keys = KeyRows(connection)
        self.sessions = SessionRows(connection)
        self.throttles = ThrottleRows(connection)
