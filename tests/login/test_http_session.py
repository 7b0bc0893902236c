"""What the verification endpoint answers to whom."""

import base64
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.exchange import Asked, Response
from netapp.errors import WireError
from netapp.login.http.session import Person, Question, Requirement, Rules, requirement_of
from netapp.login.http.wire import Basic, Bearer
from netapp.people.model import ROLES

NOW = 1_760_000_000.0
ZHAO = Person("0" * 32, "zhao", "Zhao", "moderator", frozenset({"班级一", "a,b", "Lab"}))
RIGHT = "Basic " + base64.b64encode(b"zhao:12345678").decode()
CHALLENGE = ("WWW-Authenticate", 'Basic realm="netapp", charset="UTF-8"')


def ask(
    target: bytes = b"/verify", authorization: str | None = RIGHT, *, method: str = "GET", **headers: str
) -> Response | Question:
    fields = {name.replace("_", "-"): [value] for name, value in headers.items()}
    if authorization is not None:
        fields["authorization"] = [authorization]
    rules = Rules([ipaddress.ip_network("127.0.0.1")])
    return rules.begin(Asked(method, target, fields), "127.0.0.1", NOW)


def refused(step: Response | Question) -> Response:
    assert isinstance(step, Response)
    assert ("Cache-Control", "no-store") in step.headers
    assert not any(name.startswith("Remote-") for name, _ in step.headers)
    assert dict(step.headers)["Content-Length"] == str(sum(len(part) for part in step.parts))  # type: ignore[arg-type]
    return step


def question(target: bytes = b"/verify", authorization: str = RIGHT, **headers: str) -> Question:
    step = ask(target, authorization, **headers)
    assert isinstance(step, Question)
    return step


def test_credentials_are_a_question() -> None:
    assert question() == Question(Basic(b"zhao", b"12345678"), "127.0.0.1", Requirement())
    assert question(authorization="Bearer t0ken").credentials == Bearer(b"t0ken")
    assert question(x_forwarded_for="10.9.9.9, 192.168.1.7").source == "192.168.1.7"
    for method in ("HEAD", "POST", "PROPFIND"):
        assert isinstance(ask(method=method), Question)


@pytest.mark.parametrize("authorization", [None, "", "Basic !", "Basic emhhbw==", "Digest a=b", "Bearer"])
def test_l39_without_credentials_they_are_asked_for(authorization: str | None) -> None:
    response = refused(ask(authorization=authorization))
    assert response.status == 401
    assert CHALLENGE in response.headers


def test_who_is_let_in_is_told_to_the_proxy() -> None:
    response = Rules().verdict(question(), ZHAO, NOW)
    assert (response.status, response.parts) == (204, ())
    assert response.headers == (
        ("Date", "Thu, 09 Oct 2025 08:53:20 GMT"),
        ("Cache-Control", "no-store"),
        ("Remote-User", "zhao"),
        ("Remote-Name", "Zhao"),
        ("Remote-Role", "moderator"),
        ("Remote-Groups", "Lab,a%2Cb,%E7%8F%AD%E7%BA%A7%E4%B8%80"),
        ("Remote-Id", "0" * 32),
    )


def test_a_chinese_name_travels_percent_encoded() -> None:
    person = Person("1" * 32, "赵六", "赵六 (Zhao)", "guest")
    fields = dict(Rules().verdict(question(), person, NOW).headers)
    assert fields["Remote-User"] == "%E8%B5%B5%E5%85%AD"
    assert fields["Remote-Name"] == "%E8%B5%B5%E5%85%AD%20%28Zhao%29"
    assert fields["Remote-Groups"] == ""


def test_nobody_gets_a_401() -> None:
    response = refused(Rules().verdict(question(), None, NOW))
    assert response.status == 401
    assert [field for field in response.headers if field[0] == "WWW-Authenticate"] == [CHALLENGE]
    by_token = refused(Rules().verdict(question(authorization="Bearer t"), None, NOW))
    assert by_token.status == 401
    assert CHALLENGE in by_token.headers
    assert ("WWW-Authenticate", 'Bearer realm="netapp", error="invalid_token"') in by_token.headers


def test_who_cannot_be_verified_now_is_to_come_back() -> None:
    response = refused(Rules().unavailable(NOW))
    assert response.status == 503
    assert ("Retry-After", "5") in response.headers


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"role=guest", 204),
        (b"role=moderator", 204),
        (b"role=admin", 403),
        (b"user=zhao", 204),
        (b"user=ZHAO", 204),
        (b"user=li", 403),
        (b"user=li&user=zhao", 204),
        (b"group=lab", 204),
        (b"group=a%2Cb", 204),
        (b"group=a", 403),
        (b"group=x&group=%E7%8F%AD%E7%BA%A7%E4%B8%80", 204),
        (b"group=lab&role=admin", 403),
        (b"group=lab&role=member&user=zhao", 204),
        (b"group=lab&user=li", 403),
    ],
)
def test_requirements(query: bytes, status: int) -> None:
    response = Rules().verdict(question(b"/verify?" + query), ZHAO, NOW)
    assert response.status == status
    if status == 403:
        refused(response)


@pytest.mark.parametrize(
    "query", ["role=root", "role=", "group=", "user=", "rolle=admin", "role=guest&role=admin"]
)
def test_a_requirement_that_there_is_not_lets_nobody_in(query: str) -> None:
    assert refused(ask(b"/verify?" + query.encode())).status == 400
    assert refused(ask(b"/verify?" + query.encode(), None)).status == 400


def test_each_role_holds_those_below_it() -> None:
    for least in ROLES:
        for role in ROLES:
            met = Requirement(role=least).is_met(Person("", "x", "x", role))
            assert met == (ROLES.index(role) >= ROLES.index(least))


@given(st.lists(st.tuples(st.sampled_from(["role", "group", "user", "x"]), st.text(max_size=5))))
def test_any_query_is_a_requirement_or_an_error(pairs: list[tuple[str, str]]) -> None:
    try:
        requirement = requirement_of(pairs)
    except WireError:
        return
    assert bool(pairs) == (requirement != Requirement())


_LATIN = st.text(st.characters(max_codepoint=255), max_size=40)


@given(
    st.one_of(st.binary(max_size=40), st.binary(max_size=20).map(b"/verify?".__add__)),
    st.dictionaries(
        st.sampled_from(["authorization", "x-forwarded-for", "forwarded", "remote-user"]),
        st.lists(st.one_of(_LATIN, _LATIN.map("Basic ".__add__), _LATIN.map("for=".__add__)), max_size=3),
    ),
)
def test_any_head_is_a_question_or_refused(target: bytes, headers: dict[str, list[str]]) -> None:
    step = Rules([ipaddress.ip_network("0.0.0.0/0")]).begin(Asked("GET", target, headers), "10.0.0.1", NOW)
    if isinstance(step, Response):
        assert refused(step).status in (200, 400, 401, 404)


def test_a_clients_own_fields_are_never_believed() -> None:
    forged = {"remote_user": "admin", "remote_role": "admin", "x_remote_user": "admin", "remote_id": "1"}
    assert refused(ask(authorization=None, **forged)).status == 401
    fields = dict(Rules().verdict(question(**forged), ZHAO, NOW).headers)
    assert (fields["Remote-User"], fields["Remote-Role"]) == ("zhao", "moderator")


def test_other_paths() -> None:
    root = refused(ask(b"/", None))
    assert root.status == 200
    assert b"/verify" in root.parts[0]  # type: ignore[operator]
    assert refused(ask(b"/healthz", None)).status == 200
    for target in (b"/verify/", b"/verify2", b"/../verify", b"//verify", b"/%76erify", b"*"):
        assert refused(ask(target)).status == 404


def test_answers_are_counted() -> None:
    rules = Rules()
    rules.begin(Asked("GET", b"/verify", {}), "127.0.0.1", NOW)
    rules.verdict(question(), ZHAO, NOW)
    rules.begin(Asked("GET", b"/", {}), "127.0.0.1", NOW)
    assert rules.answers == {401: 1, 204: 1}
