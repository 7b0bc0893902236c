"""Topics."""

from twisted.logger import capturedLogs

from netapp.core.events import Topic


def test_values_come_in_order_to_all() -> None:
    topic: Topic[int] = Topic()
    first: list[int] = []
    second: list[int] = []
    topic.subscribe(first.append)
    end = topic.subscribe(second.append)
    topic.publish(1)
    end()
    end()
    topic.publish(2)
    assert (first, second) == ([1, 2], [1])


def test_one_that_fails_keeps_no_other_from_it() -> None:
    topic: Topic[int] = Topic()
    heard: list[int] = []
    topic.subscribe(lambda value: 1 / 0)
    topic.subscribe(heard.append)
    with capturedLogs() as events:
        topic.publish(1)
    assert heard == [1]
    assert len(events) == 1


def test_subscribers_may_come_and_go_while_they_are_told() -> None:
    topic: Topic[int] = Topic()
    heard: list[int] = []

    def come_and_go(value: int) -> None:
        end()
        topic.subscribe(heard.append)

    end = topic.subscribe(come_and_go)
    topic.publish(1)
    topic.publish(2)
    assert heard == [2]
