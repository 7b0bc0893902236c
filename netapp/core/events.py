"""How a noun tells what has happened: frozen values on a topic, to whoever subscribed."""

from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.logger import Logger

T = TypeVar("T")


class Topic(Generic[T]):
    """Values of one type to any number of subscribers, in the order they were published."""

    _log = Logger()

    def __init__(self) -> None:
        self._subscribers: list[Callable[[T], object]] = []

    def subscribe(self, subscriber: Callable[[T], object]) -> Callable[[], None]:
        """Have ``subscriber`` called with each value.  :returns: call it to end that."""
        self._subscribers = [*self._subscribers, subscriber]

        def unsubscribe() -> None:
            self._subscribers = [each for each in self._subscribers if each is not subscriber]

        return unsubscribe

    def publish(self, value: T) -> None:
        """Give a value to all; one that fails is logged and does not keep it from the others."""
        for subscriber in self._subscribers:
            try:
                subscriber(value)
            except Exception:
                self._log.failure("{subscriber} failed", subscriber=subscriber)
