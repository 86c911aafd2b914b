"""The JSON API on real nodes: what it answers, to whom, and that it can be repeated."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from cluster.protocol.names import NodeName
from tests.harness.editors import person
from titles.models import ApiToken, Title
from titles.reading import figures
from titles.tokens import issue

NEW = {
    "tconst": "tt0068646",
    "primaryTitle": "The Godfather",
    "startYear": 1972,
    "runtimeMinutes": 175,
    "averageRating": 9.1,
    "numVotes": 1200,
}
FIELDS = {name: value for name, value in NEW.items() if name != "tconst"}
PLACE = "/api/titles/tt0068646"


class Program:
    """Something that uses the API with a token."""

    def __init__(self, token: str = "") -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, verb: str, address: str, body: object = None, **headers: str):
        """One request with a JSON body."""
        return self.client.generic(
            verb,
            address,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()},
        )


@pytest.fixture
def editor(cluster) -> Program:
    return Program(issue(person("editor")))


@pytest.fixture
def godfather(editor) -> None:
    assert editor.send("POST", "/api/titles", NEW).status_code == 201


def test_a_title_is_made_read_replaced_and_deleted(editor):
    made = editor.send("POST", "/api/titles", NEW)
    assert (made.status_code, made["Location"], made["X-Served-By"]) == (201, PLACE, "main")
    assert made["X-Transaction-Id"]
    assert made.json() == NEW | {"weightedRating": 9.1}
    read = Program().send("GET", PLACE)
    assert (read.status_code, read.json(), read["ETag"]) == (200, made.json(), made["ETag"])
    put = editor.send("PUT", PLACE, {"primaryTitle": "Il padrino"}, If_Match=read["ETag"])
    assert put.status_code == 200
    assert put.json() == {
        "tconst": "tt0068646", "primaryTitle": "Il padrino", "startYear": None, "runtimeMinutes": None,
        "averageRating": None, "numVotes": None, "weightedRating": None,
    }  # fmt: skip
    gone = editor.send("DELETE", PLACE, If_Match=put["ETag"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert editor.send("GET", PLACE).status_code == 404


@pytest.mark.parametrize(
    ("verb", "place", "body"),
    [
        ("GET", "", None),
        ("PUT", "", FIELDS),
        ("DELETE", "", None),
        ("POST", "/reviews", {"count": 1, "rating": 8.0}),
    ],
)
def test_what_is_unknown_is_404(editor, verb, place, body):
    answer = editor.send(verb, f"/api/titles/tt9999999{place}", body)
    assert answer.status_code == 404
    assert "There is no title tt9999999" in answer.json()["detail"]


def test_what_exists_is_409(editor, godfather):
    assert editor.send("POST", "/api/titles", NEW).status_code == 409


@pytest.mark.parametrize(("verb", "body"), [("PUT", FIELDS), ("DELETE", None)])
def test_what_has_changed_since_the_etag_is_412(editor, godfather, verb, body):
    etag = editor.send("GET", PLACE)["ETag"]
    editor.send("POST", f"{PLACE}/reviews", {"count": 1, "rating": 9.0})
    answer = editor.send(verb, PLACE, body, If_Match=etag)
    assert answer.status_code == 412
    assert "is no longer what you have seen" in answer.json()["detail"]
    assert Title.objects.get(pk="tt0068646").num_votes == 1201


@pytest.mark.parametrize("match", ["*", '"nonsense", {etag}', "W/{etag}", '{etag} , "other"'])
def test_one_of_several_etags_is_enough_and_an_asterisk_takes_any(editor, godfather, match):
    etag = editor.send("GET", PLACE)["ETag"]
    assert editor.send("PUT", PLACE, FIELDS, If_Match=match.format(etag=etag)).status_code == 200
    assert editor.send("DELETE", PLACE, If_Match='"one", "other"').status_code == 412


def test_what_get_gives_put_takes(editor, godfather):
    given = editor.send("GET", PLACE).json()
    put = editor.send("PUT", PLACE, given | {"primaryTitle": "Il padrino"})
    assert (put.status_code, put.json()) == (200, given | {"primaryTitle": "Il padrino"})
    other = editor.send("PUT", PLACE, given | {"tconst": "tt0000001"})
    assert (other.status_code, list(other.json()["fields"])) == (422, ["tconst"])


def test_a_title_that_is_known_is_not_sent_again(editor, godfather):
    etag = editor.send("GET", PLACE)["ETag"]
    for known, status in ((etag, 304), (f'"other", W/{etag}', 304), ("*", 304), ('"other"', 200)):
        answer = editor.send("GET", PLACE, If_None_Match=known)
        assert (answer.status_code, answer["ETag"]) == (status, etag)
        assert bool(answer.content) is (status == 200)


@pytest.mark.parametrize("field", ["primaryTitle", "tconst", "startYear", "\ud800"])
def test_half_a_surrogate_pair_is_422(editor, field):
    """JSON can write what no text holds."""
    assert editor.send("POST", "/api/titles", NEW | {field: "\ud800 half"}).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tconst": "68646"}, "tconst"),
        ({"primaryTitle": " "}, "primaryTitle"),
        ({"startYear": 1492}, "startYear"),
        ({"startYear": "soon"}, "startYear"),
        ({"averageRating": 9.15}, "averageRating"),
        ({"averageRating": None}, "averageRating"),
        ({"numVotes": -1}, "numVotes"),
        ({"weightedRating": 10}, "weightedRating"),
    ],
)
def test_what_is_invalid_is_422_with_a_sentence_at_the_field(editor, wrong, field):
    answer = editor.send("POST", "/api/titles", NEW | wrong)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert all(len(sentence) > 10 for sentence in answer.json()["fields"][field])
    assert not Title.objects.exists()


@pytest.mark.parametrize(
    "reviews", [{"count": 0, "rating": 8}, {"count": 1, "rating": 10.5}, {"count": 1}, {}, []]
)
def test_reviews_that_nobody_can_give_are_422(editor, godfather, reviews):
    assert editor.send("POST", f"{PLACE}/reviews", reviews).status_code == 422


def test_a_body_that_is_no_json_is_refused(editor):
    answer = editor.client.generic("POST", "/api/titles", "{", headers=editor.headers)
    assert answer.status_code in (400, 422)


def test_writing_wants_a_token_and_a_role(cluster):
    for program, status in (
        (Program(), 401),
        (Program("no such token"), 401),
        (Program(issue(person("viewer"))), 403),
    ):
        answer = program.send("POST", "/api/titles", NEW)
        assert answer.status_code == status
        assert answer.json()["detail"]
    assert not Title.objects.exists()


def test_a_write_with_a_key_is_done_once(editor, godfather):
    answers = [
        editor.send("POST", f"{PLACE}/reviews", {"count": 2, "rating": 8.0}, Idempotency_Key="a key")
        for _ in range(3)
    ]
    assert len({answer["X-Transaction-Id"] for answer in answers}) == 1
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert Title.objects.get(pk="tt0068646").num_votes == 1202


def test_a_key_is_its_senders_own(cluster, editor, godfather):
    other = Program(issue(person("editor", "another")))
    for program in (editor, other):
        program.send("POST", f"{PLACE}/reviews", {"count": 1, "rating": 8.0}, Idempotency_Key="a key")
    assert Title.objects.get(pk="tt0068646").num_votes == 1202


@pytest.mark.slow
def test_three_hundred_reviews_at_once_all_count(cluster, editor, godfather):
    def add(_: int) -> int:
        try:
            return editor.send("POST", f"{PLACE}/reviews", {"count": 1, "rating": 8.0}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(add, range(300))) == {200}
    cluster.settle()
    votes = [cluster.connect(name).row("SELECT numVotes FROM title_ft")[0] for name in NodeName]
    assert votes == [1500, 1500, 1500]


def test_lists_are_searched_filtered_and_paged(editor):
    for number in range(60):
        editor.send(
            "POST", "/api/titles", NEW | {"tconst": f"tt{1_000_000 + number}", "startYear": 1900 + number % 2}
        )
    answer = Program().send("GET", "/api/titles?search=godf")
    first = answer.json()
    assert answer["Link"] == f'<{first["next"]}>; rel="next"'
    second = Program().send("GET", f"/api/titles?search=godf&cursor={first['cursor']}").json()
    assert (len(first["titles"]), len(second["titles"]), second["cursor"]) == (50, 10, None)
    assert Program().send("GET", first["next"].removeprefix("http://testserver")).json() == second
    assert second["next"] is None
    assert not {t["tconst"] for t in first["titles"]} & {t["tconst"] for t in second["titles"]}
    of_year = Program().send("GET", "/api/titles?year=1901").json()
    assert {title["startYear"] for title in of_year["titles"]} == {1901}
    assert len(of_year["titles"]) == 30
    assert len(Program().send("GET", "/api/titles/top?year=1900").json()) == 10


@pytest.mark.parametrize("parameters", ["cursor=!", "year=soon", "order=worst", "rating=11", "votes=-1"])
def test_a_list_that_makes_no_sense_is_422(cluster, parameters):
    answer = Program().send("GET", f"/api/titles?{parameters}")
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [parameters.split("=")[0]]


def test_the_aggregation_counts_what_is_there(editor, godfather):
    figures.forget()
    answer = Program().send("GET", "/api/statistics").json()
    assert answer["titles_per_year"] == {"1972": 1}
    assert answer["titles_per_rating"] == {"9.1": 1}
    assert answer["aggregation"][-1]["votes"] == 1200


def test_it_describes_itself(cluster):
    paths = Program().send("GET", "/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/titles", "/api/titles/top", "/api/titles/{tconst}", "/api/titles/{tconst}/reviews", "/api/statistics",
    }  # fmt: skip
    assert set(paths["/api/titles/{tconst}"]) == {"get", "put", "delete"}
    assert "409" in paths["/api/titles/{tconst}"]["put"]["responses"]


def token(*arguments: str) -> str:
    said = StringIO()
    call_command("api_token", *arguments, stdout=said)
    return said.getvalue().strip()


def test_a_token_is_printed_once_and_only_its_hash_is_kept(cluster):
    person("editor")
    printed = token("editor")
    assert not any(printed in str(row) for row in ApiToken.objects.values_list())
    assert Program(printed).send("POST", "/api/titles", NEW).status_code == 201
    token("editor", "--revoke")
    assert Program(printed).send("POST", "/api/titles", NEW).status_code == 401


def test_a_token_ends_with_its_user(cluster):
    somebody = person("editor", "leaving")
    printed = issue(somebody)
    somebody.is_active = False
    somebody.save()
    assert Program(printed).send("POST", "/api/titles", NEW).status_code == 401


def test_there_is_no_token_for_nobody(cluster):
    with pytest.raises(CommandError, match="There is no user nobody"):
        token("nobody")


def test_every_answer_says_how_many_requests_are_left(cluster, editor, settings):
    settings.API_RATE_LIMIT = 2
    answers = [editor.send("GET", "/api/titles") for _ in range(6)]  # a minute may begin among them
    assert {one["RateLimit-Limit"] for one in answers} == {"2"}
    assert (answers[0].status_code, answers[0]["RateLimit-Remaining"]) == (200, "1")
    refused = next(one for one in answers if one.status_code == 429)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert refused["Retry-After"] == refused["RateLimit-Reset"]
    assert "More than 2 requests in a minute" in refused.json()["detail"]
    assert Program().send("GET", "/api/titles").status_code == 200, "each sender has its own count"


def test_an_error_is_a_problem_as_http_has_them(cluster):
    answer = Program().send("GET", "/api/titles/tt0000001")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    told = answer.json()
    assert (told["type"], told["title"], told["status"]) == ("about:blank", "Not Found", 404)
