"""Many titles at once: the list as CSV, and CSV into the catalogue after a dry run."""

from functools import reduce
from operator import add
from typing import cast

from django import forms
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cluster.backend import NoPrimary, NotAcknowledged
from titles.files import table
from titles.files.table import BadTable
from titles.files.uploads import Upload, forget_old
from titles.reading.keyset import IDENTIFIER
from titles.views.writing import RETRY_SECONDS, allowed
from titles.writing import bulk
from titles.writing.edits import Stored
from titles.writing.forms import ListForm

SHOWN = 50
"""Bad lines, and rows that would change something, that a page lists."""


class UploadForm(forms.Form):
    """A CSV file."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Send all titles that the list's address describes, as CSV."""
    form = ListForm(request.GET or {"order": IDENTIFIER.name})
    if not form.is_valid():
        return render(request, "titles/list.html", {"form": form}, status=422)
    response = StreamingHttpResponse(table.lines(form.wanted), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="titles.csv"'
    return response


@allowed("import_title")
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest) -> HttpResponse:
    """Take a file and keep it for its dry run."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "columns": table.COLUMNS, "most": table.MOST_BYTES // 1_000_000}
        return render(request, "titles/import.html", context, status=422 if request.method == "POST" else 200)
    file = form.cleaned_data["file"]
    try:
        text = table.decode(file.read(table.MOST_BYTES + 1))
        table.read(text)
    except BadTable as error:
        form.add_error("file", str(error))
        context = {"form": form, "columns": table.COLUMNS, "most": table.MOST_BYTES // 1_000_000}
        return render(request, "titles/import.html", context, status=422)
    forget_old()
    upload = Upload.objects.create(user_id=cast(int, request.user.pk), name=file.name[:255], content=text)
    return HttpResponseRedirect(reverse("titles:run_import", args=[upload.pk]))


@allowed("import_title")
@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, pk: object) -> HttpResponse:
    """Show what an import would do; then do it. Begun again after a failure, it goes on where it was."""
    upload = get_object_or_404(Upload, pk=pk, user=request.user)
    read = table.read(upload.content)
    context = {"upload": upload, "table": read, "bad": read.bad[:SHOWN], "more": len(read.bad) - SHOWN}
    page = "titles/run_import.html"
    if request.method != "POST":
        seen = {"plan": table.plan(read), "previews": table.previews(read, SHOWN), "most": SHOWN}
        return render(request, page, context | seen)
    done: list[Stored] = []
    try:
        done.extend(bulk.write(read, str(upload.pk)))
    except (NoPrimary, NotAcknowledged) as error:
        response = render(request, page, context | {"plan": table.plan(read), "unsaved": error}, status=503)
        response["Retry-After"] = str(getattr(error, "retry_after", RETRY_SECONDS))
        return response
    return render(request, page, context | {"done": reduce(add, done, Stored())})
