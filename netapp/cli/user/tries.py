"""What failed tries have cost an account: cleared, for the services that run too."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netapp.cli.user.base import Transaction
    from netapp.people.model import Account
    from netapp.people.throttling.throttle import Throttle


def forgive(transaction: "Transaction", account: "Account") -> None:
    """Forget the failures at an account, from everywhere."""
    throttle = _stored(transaction)
    throttle.forgive(account.name, transaction.now)
    transaction.rows.throttles.store(throttle.changed(transaction.now))


def forget(transaction: "Transaction", account: "Account") -> None:
    """The account is no more: its failures, and where it came from."""
    throttle = _stored(transaction)
    throttle.forget(account.name, transaction.now)
    transaction.rows.throttles.store(throttle.changed(transaction.now))


def _stored(transaction: "Transaction") -> "Throttle":
    from netapp.people.throttling.throttle import Throttle

    stored, throttle = transaction.rows.throttles, Throttle(transaction.key_for("throttle"))
    throttle.restore(stored.failures(), stored.places(), transaction.now)
    return throttle
