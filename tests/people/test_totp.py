"""One-time codes by the clock."""

import base64
import subprocess
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.errors import ConfigError
from netapp.people import totp
from tests.real import tool

#: RFC 6238 appendix B: the secret, and seconds with the last six of its eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
NOW = 1_700_000_010.0
STEP = int(NOW // totp.STEP)
KEY, OTHER_KEY = bytes(32), bytes([1] * 32)


def code_at(step: int, secret: str = SECRET) -> str:
    """The code that is of one step and, here, of none beside it."""
    from pyotp import TOTP

    return TOTP(secret).generate_otp(step)


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.accepted_step(SECRET, code, seconds, 0) == seconds // 30


def test_a_code_is_good_one_step_early_and_one_step_late() -> None:
    assert {skew: totp.accepted_step(SECRET, code_at(STEP + skew), NOW, 0) for skew in range(-3, 4)} == {
        -3: None, -2: None, -1: STEP - 1, 0: STEP, 1: STEP + 1, 2: None, 3: None,
    }  # fmt: skip


def test_l35_a_code_is_good_once_and_so_is_the_one_of_the_enrolment() -> None:
    code = code_at(STEP)
    taken = totp.accepted_step(SECRET, code, NOW, 0)
    assert taken == STEP
    for later in (0.0, 5.0, 29.0):
        assert totp.accepted_step(SECRET, code, NOW + later, taken) is None
    assert totp.accepted_step(SECRET, code_at(STEP - 1), NOW, taken) is None  # nor an earlier one
    assert totp.accepted_step(SECRET, code_at(STEP + 1), NOW, taken) == STEP + 1


def test_l34_l35_a_clock_that_is_set_back_makes_no_old_code_good_again() -> None:
    assert totp.accepted_step(SECRET, code_at(STEP - 120), NOW - 3600, STEP) is None


def test_at_the_beginning_of_time_there_is_no_step_before() -> None:
    assert totp.accepted_step(SECRET, code_at(0), 3.0, -1) == 0
    assert totp.accepted_step(SECRET, code_at(0), -1000.0, -1) is None


@pytest.mark.parametrize("form", ["{0} {1}", " {0}{1} ", "{0}\u3000{1}", "{0}\u00a0{1}", "\t{0}{1}"])
def test_spaces_between_the_digits_are_nothing(form: str) -> None:
    code = code_at(STEP)
    assert totp.accepted_step(SECRET, form.format(code[:3], code[3:]), NOW, 0) == STEP


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_full_width_digits_are_digits(codec: str) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code_at(STEP))
    assert totp.accepted_step(SECRET, wide, NOW, 0) == STEP
    assert totp.accepted_step(SECRET, wide.encode(codec), NOW, 0) == STEP


@pytest.mark.parametrize(
    "code",
    ["", " ", "12345", "1234567", "-12345", "+12345", "12345a", "12.345", "١٢٣٤٥٦", "²³¹²³¹", "9" * 10**6],
)
def test_l35_what_is_no_code_is_never_taken(code: str) -> None:
    assert totp.accepted_step(SECRET, code, NOW, 0) is None
    assert totp.accepted_step(SECRET, code.encode(), NOW, 0) is None


@given(st.one_of(st.text(), st.binary()))
def test_whatever_is_typed_is_a_code_or_none(typed: str | bytes) -> None:
    assert totp.accepted_step(SECRET, typed, NOW, 0) in (None, STEP - 1, STEP, STEP + 1)


def test_l35_a_thousand_guesses_are_a_thousand_guesses() -> None:
    right = {code_at(STEP + skew) for skew in (-1, 0, 1)}
    for guess in range(1000):
        found = totp.accepted_step(SECRET, f"{guess:06}", NOW, 0)
        assert (found is not None) == (f"{guess:06}" in right)


def test_a_secret_is_160_random_bits() -> None:
    assert len({totp.new_secret() for _ in range(20)}) == 20
    assert len(base64.b32decode(totp.new_secret())) == 20


def test_an_authenticator_is_told_all_it_needs() -> None:
    uri = totp.uri(SECRET, "张三 &x", "School: 5")
    parsed = urllib.parse.urlparse(uri)
    assert (parsed.scheme, parsed.netloc) == ("otpauth", "totp")
    assert urllib.parse.unquote(parsed.path) == "/School: 5:张三 &x"
    assert urllib.parse.parse_qs(parsed.query) == {"secret": [SECRET], "issuer": ["School: 5"]}
    assert uri.isascii()


# Kept secrets ------------------------------------------------------------------------------------


def test_a_sealed_secret_shows_nothing_and_opens_again() -> None:
    sealed = totp.seal(SECRET, KEY, "a" * 32)
    assert SECRET not in sealed
    assert len(sealed) <= 256
    assert totp.unseal(sealed, KEY, "a" * 32) == SECRET
    assert totp.seal(SECRET, KEY, "a" * 32) != sealed


def test_l41_another_key_another_account_and_damage_are_told_with_the_cure() -> None:
    sealed = totp.seal(SECRET, KEY, "a" * 32)
    changed = ("A" if sealed[30] != "A" else "B").join((sealed[:30], sealed[31:]))
    for args in (
        (sealed, OTHER_KEY, "a" * 32),
        (sealed, KEY, "b" * 32),
        (changed, KEY, "a" * 32),
        (sealed[:-8], KEY, "a" * 32),
        ("", KEY, "a" * 32),
        ("no base64 張", KEY, "a" * 32),
    ):
        with pytest.raises(ConfigError, match="totp-reset"):
            totp.unseal(*args)


@pytest.mark.real
def test_the_code_of_another_program_is_taken() -> None:
    oathtool = tool("oathtool", "oathtool")
    secret = totp.new_secret()
    made = subprocess.run(
        [oathtool, "--totp", "--base32", "--now=@1700000010", secret],
        capture_output=True,
        text=True,
        check=True,
    )
    assert totp.accepted_step(secret, made.stdout.strip(), NOW, 0) == STEP
