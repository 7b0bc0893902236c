"""What the log has once."""

from netapp.dns.once import Once


def test_what_is_said_once_is_bounded() -> None:
    once = Once(2)
    assert [once.is_new(key) for key in "aabacab"] == [True, False, True, False, True, False, True]
