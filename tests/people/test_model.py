"""What is said of a refusal."""

from netapp.people import model


def test_every_phrase_is_there_in_both_languages() -> None:
    for chinese, english in model.PHRASES.phrases.values():
        assert chinese
        assert english.isascii()
