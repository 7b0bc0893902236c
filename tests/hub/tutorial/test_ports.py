"""Which port each responder has, by values."""

import pytest

from netapp.core import limits
from netapp.errors import ConfigError
from netapp.hub.tutorial.ports import Place, placed
from netapp.hub.tutorial.rows import RESPONDERS, ROWS, Responder, Transport

TAKEN = "Address already in use"


def all_but(*taken: tuple[Transport, int]) -> dict[str, Place]:
    places = placed(lambda transport, port: TAKEN if (transport, port) in taken else "")
    assert [place.responder for place in places] == list(RESPONDERS)
    return {place.responder.name: place for place in places}


def test_each_has_its_own_where_all_are_free() -> None:
    assert all(place.port == place.responder.port and not place.reason for place in all_but().values())


def test_a_taken_one_is_answered_at_the_next_that_no_row_wants() -> None:
    places = all_but(("udp", 8080), ("tcp", 8888))
    assert places["names"].port == 8083  # 8081 and 8082 are others'
    assert places["names"].reason == TAKEN
    assert places["echo-tcp"].port == 8889  # which is another's as UDP only
    assert places["chat-gbk"].port == 8081


def test_two_that_move_do_not_meet() -> None:
    places = all_but(("udp", 8080), ("udp", 8081), ("udp", 8083))
    assert (places["names"].port, places["chat-gbk"].port) == (8084, 8085)


def test_port_80_has_another_place_to_go_to() -> None:
    places = placed(lambda _, port: "Permission denied" if port < 1024 else "")
    moved = [(place.responder.name, place.port) for place in places if place.reason]
    assert moved == [("http", 8000)]


def test_ip_messenger_needs_both_transports() -> None:
    assert all_but(("tcp", 2425))["feiq"].port == 2426
    assert all_but(("udp", 2425), ("tcp", 2426))["feiq"].port == 2427


def test_a_students_own_port_is_kept_for_it() -> None:
    own = min(row.own for row in ROWS if row.own and row.responder == "greeting")
    responder = Responder("greeting", "echo", "tcp", own - 1)
    rows = [row for row in ROWS if row.responder == "greeting"]
    (place,) = placed(lambda _, port: TAKEN if port == own - 1 else "", [responder], rows)
    assert place.port == own + 1


def test_the_search_ends() -> None:
    asked: list[int] = []

    def none(_: Transport, port: int) -> str:
        asked.append(port)
        return TAKEN

    with pytest.raises(ConfigError, match="udp port 8080 cannot be had"):
        placed(none)
    assert len(asked) <= limits.TUTORIAL_PORTS + 1
