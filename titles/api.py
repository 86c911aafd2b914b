"""The JSON API: the operations of the pages, for programs. Described in /api/openapi.json.

Reading is free; writing wants a token (`manage.py api_token`) whose user has the permission. A write answers
when a second node has it, with X-Transaction-Id and X-Served-By; with Idempotency-Key it may be repeated.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import InterfaceError, OperationalError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer

from cluster.backend import ClusterError, NoPrimary, NotAcknowledged, Written
from titles.catalogue import fields
from titles.catalogue.errors import NoSuchTitle, Outdated, TitleError
from titles.models import Title
from titles.reading import figures, queries
from titles.reading.retries import retried
from titles.schemas import FiguresOut, NewTitleIn, ProblemOut, ReviewsIn, StoredTitleIn, TitleOut, TitlesOut
from titles.tokens import owner
from titles.writing import edits
from titles.writing.forms import ListForm, ReviewsForm, TitleForm
from titles.writing.idempotence import transaction_id
from titles.writing.receipts import marked

RETRY_SECONDS = 5
PROBLEMS = {frozenset({400, 401, 403, 404, 409, 412, 422, 429, 503}): ProblemOut}


class Token(HttpBearer):
    """Authorization: Bearer with a token of `manage.py api_token`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Return the token's user, who is the request's user from then on."""
        user = owner(token)
        if user is not None:
            request.user = user
        return user


class Invalid(Exception):
    """The request makes no sense; each field has a sentence with the reason."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__("The request was not done: some fields are wrong.")
        self.problems = problems


class Forbidden(Exception):
    """Your account may not do this. Ask an operator for the role that may."""


FormT = TypeVar("FormT", bound=BaseForm)

api = NinjaAPI(
    title="mco2 titles", version="1", description=__doc__ or "", docs_url=None, urls_namespace="api"
)


@api.get("/titles", response={200: TitlesOut, **PROBLEMS}, summary="List, search and filter titles")
@retried
def list_titles(
    request: HttpRequest,
    response: HttpResponse,
    search: str = "",
    year: int | None = None,
    until: int | None = None,
    rating: Decimal | None = None,
    votes: int | None = None,
    order: str = "",
    cursor: str = "",
) -> TitlesOut:
    """Return a page of 50, and the address of the next one, which stands in the header Link too.

    Titles may be missing from a filtered page; the list ends where cursor is null.
    """
    given = {"search": search, "year": year, "until": until, "rating": rating, "votes": votes}
    form = ListForm({**given, "order": order, "cursor": cursor})
    page = queries.page(checked(form).wanted)
    following = next_page(request, page.cursor)
    if following:
        response["Link"] = f'<{following}>; rel="next"'
    return TitlesOut(titles=[TitleOut.of(title) for title in page.titles], cursor=page.cursor, next=following)


def next_page(request: HttpRequest, cursor: str | None) -> str | None:
    """Return the address of the page that begins at a cursor."""
    if cursor is None:
        return None
    asked = request.GET.copy()
    asked["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{asked.urlencode()}")


@api.get("/titles/top", response={200: list[TitleOut], **PROBLEMS}, summary="The top rated titles of a year")
@retried
def top(request: HttpRequest, year: int | None = None, limit: int = 10) -> list[TitleOut]:
    """Best by weighted rating; of all years without one."""
    if not 1 <= limit <= queries.PAGE:
        raise Invalid({"limit": [f"Give a number from 1 to {queries.PAGE}."]})
    return [TitleOut.of(title) for title in queries.top(year, limit)]


@api.get("/statistics", response={200: FiguresOut, **PROBLEMS}, summary="Numbers about all titles")
@retried
def statistics(request: HttpRequest) -> FiguresOut:
    """Titles per year and per rating, and the aggregation by decades."""
    counted = figures.figures()
    return FiguresOut(
        counted_at=counted.counted_at.isoformat(),
        titles_per_year={str(year): titles for year, titles in counted.years.items()},
        titles_per_rating={str(rating): titles for rating, titles in counted.ratings.items()},
        aggregation=[
            {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}
            for row in counted.aggregation
        ],
    )


@api.post("/titles", auth=Token(), response={201: TitleOut, **PROBLEMS}, summary="Create a title")
def create(request: HttpRequest, title: NewTitleIn) -> HttpResponse:
    """Make a title; 409 when there is one with this identifier."""
    allow(request, "add_title")
    form = checked(TitleForm({**title.typed(), "tconst": title.tconst}))
    write = key(request, fields.packed(form.image) + title.tconst)
    written = edits.create(title.tconst, form.image, transaction_id=write)
    response = present(request, title.tconst, written, status=201)
    response["Location"] = f"/api/titles/{title.tconst}"
    return response


@api.get("/titles/{tconst}", response={200: TitleOut, **PROBLEMS}, summary="One title")
@retried
def get(request: HttpRequest, tconst: str) -> HttpResponse:
    """Return one title. Its ETag is what PUT and DELETE take as If-Match."""
    return present(request, tconst)


@api.put("/titles/{tconst}", auth=Token(), response={200: TitleOut, **PROBLEMS}, summary="Replace a title")
def put(request: HttpRequest, tconst: str, title: StoredTitleIn) -> HttpResponse:
    """Take what GET gave. With If-Match, 412 when the title is no longer what one of its ETags stands for."""
    allow(request, "change_title")
    if title.tconst not in (None, tconst):
        raise Invalid({"tconst": [f"The address names {tconst}. An identifier cannot be changed."]})
    form = checked(TitleForm({**title.typed(), "tconst": tconst}))
    seen = if_match(request)
    write = key(request, f"{fields.packed(form.image)} {sorted(seen or ())}")
    return present(request, tconst, edits.replace(tconst, form.image, seen=seen, transaction_id=write))


@api.delete("/titles/{tconst}", auth=Token(), response={204: None, **PROBLEMS}, summary="Delete a title")
def delete(request: HttpRequest, tconst: str) -> HttpResponse:
    """Delete a title. With If-Match, 412 when the title is no longer what one of its ETags stands for."""
    allow(request, "delete_title")
    seen = if_match(request)
    written = edits.delete(tconst, seen=seen, transaction_id=key(request, str(sorted(seen or ()))))
    return marked(HttpResponse(status=204), written)


@api.post(
    "/titles/{tconst}/reviews", auth=Token(), response={200: TitleOut, **PROBLEMS}, summary="Add reviews"
)
def add_reviews(request: HttpRequest, tconst: str, reviews: ReviewsIn) -> HttpResponse:
    """Reviews of one rating; each counts, also beside those that others add at the same time."""
    allow(request, "change_title")
    given = checked(ReviewsForm({"count": reviews.count, "rating": reviews.rating})).cleaned_data
    write = key(request, f"{given['count']} {given['rating']}")
    written = edits.add_reviews(tconst, given["count"], given["rating"], transaction_id=write)
    return present(request, tconst, written)


def allow(request: HttpRequest, permission: str) -> None:
    """Refuse whoever lacks the permission. Raises Forbidden."""
    if not request.user.has_perm(f"titles.{permission}"):
        raise Forbidden(Forbidden.__doc__)


def checked(form: FormT) -> FormT:
    """Return the form, valid. Raises Invalid with its messages by the names that the API uses."""
    if not form.is_valid():
        names = {**fields.COLUMNS, NON_FIELD_ERRORS: "request"}
        raise Invalid(
            {names.get(name, name): [str(error) for error in errors] for name, errors in form.errors.items()}
        )
    return form


def key(request: HttpRequest, content: str) -> str:
    """Return the id of the request's write."""
    return transaction_id(request, content)


def if_match(request: HttpRequest) -> frozenset[str] | None:
    """Return the versions of which the title must be one; None when any will do, as for `*`."""
    given = request.headers.get("If-Match", "").strip()
    return None if given in ("", "*") else versions(given)


def versions(header: str) -> frozenset[str]:
    """Return the ETags of a header, which may list several. A proxy that compresses marks them as weak."""
    return frozenset(tag.removeprefix("W/").strip('"') for tag in parse_etags(header))


def is_known(request: HttpRequest, version: str) -> bool:
    """Return whether the program that asks has this version already."""
    given = request.headers.get("If-None-Match", "").strip()
    return given == "*" or version in versions(given)


@retried
def present(
    request: HttpRequest, tconst: str, written: Written[Any] | None = None, status: int = 200
) -> HttpResponse:
    """Return the title as it is now. Raises NoSuchTitle."""
    title = Title.objects.filter(pk=tconst).first()
    if title is None:
        raise NoSuchTitle(tconst)
    version = fields.version(fields.image(title))
    if request.method in ("GET", "HEAD") and is_known(request, version):
        response = HttpResponse(status=304)
    else:
        response = api.create_response(request, TitleOut.of(title), status=status)
    response["ETag"] = f'"{version}"'
    return marked(response, written) if written else response


def problem(
    request: HttpRequest, error: Exception | str, status: int, problems: dict[str, list[str]] | None = None
) -> HttpResponse:
    """Return an answer in words, as RFC 9457 shapes it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": str(error)}
    response = api.create_response(request, body | {"fields": problems or {}}, status=status)
    response["Content-Type"] = "application/problem+json"
    if status == 503:
        response["Retry-After"] = str(getattr(error, "retry_after", RETRY_SECONDS))
    return response


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Return what pydantic found, in the shape of what forms find."""
    problems: dict[str, list[str]] = {}
    for one in error.errors:
        problems.setdefault(str(one["loc"][-1]), []).append(str(one["msg"]))
    return problem(request, "The request was not done: some fields are wrong.", 422, problems)


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    ValidationError: invalid,
    Invalid: lambda request, error: problem(request, error, 422, error.problems),
    AuthenticationError: lambda request, _: problem(
        request, "This wants a token: Authorization: Bearer, from manage.py api_token.", 401
    ),
    Forbidden: partial(problem, status=403),
    NoSuchTitle: partial(problem, status=404),
    Outdated: partial(problem, status=412),
    TitleError: partial(problem, status=409),
    NoPrimary: partial(problem, status=503),
    NotAcknowledged: partial(problem, status=503),
    ClusterError: partial(problem, status=503),
    OperationalError: lambda request, _: problem(request, "No node answers at this moment.", 503),
    InterfaceError: lambda request, _: problem(request, "No node answers at this moment.", 503),
}
for _error, _handler in HANDLERS.items():
    api.add_exception_handler(_error, _handler)
