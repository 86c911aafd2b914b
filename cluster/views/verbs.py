"""A verb as a dialog: what it needs, what it costs, why it is done; then its steps as they happen."""

import time
from datetime import UTC, datetime
from typing import Any

from celery.exceptions import OperationalError as NoBroker
from django import forms
from django.contrib import admin
from django.contrib.auth import authenticate
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerError

from cluster.actions.operations import jobs
from cluster.actions.operations.verbs import VERBS, Verb
from cluster.models import Job, Operator
from cluster.nodes.cluster import connect_all
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.views.permissions import actor, require
from cluster.views.preflight import blocked, ticks
from cluster.views.seen import seen

FRESH_SECONDS = 300
"""A sign-in that is older is asked for again before a dangerous verb."""
FRESH = "signed_in_again_at"
PROBE_SECONDS = 1.0
"""Seconds that a node may take to tell what is at risk."""


class ReasonForm(forms.Form):
    """Why; and for dangerous verbs the password again, and the name of the node."""

    reason = forms.CharField(
        label="Reason", max_length=255, help_text="Recorded in the event log with your user name.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, request: HttpRequest, verb: Verb, node: NodeName | None) -> None:
        super().__init__(request.POST or None)
        self.request, self.verb, self.node = request, verb, node
        if verb.dangerous and node:
            self.fields["typed"] = forms.CharField(
                label=f"Type {node.value} to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"})
            )
        if verb.dangerous and not is_fresh(request):
            self.fields["password"] = forms.CharField(
                label="Your password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
            )

    def clean_typed(self) -> str:
        """Require the node's name, typed."""
        typed = str(self.cleaned_data["typed"]).strip()
        if self.node is None or typed != self.node.value:
            raise forms.ValidationError("That is not the name of the node.")
        return typed

    def clean_password(self) -> str:
        """Require the user's own password."""
        password = str(self.cleaned_data["password"])
        if not signed_in_again(self.request, password):
            raise forms.ValidationError("That is not your password.")
        return password


def signed_in_again(request: HttpRequest, password: str) -> bool:
    """Return whether it is the user's password, and remember when it was given: an operator's without the session."""
    user: Any = request.user
    if isinstance(user, Operator):
        if right := user.check_password(password):
            user.mark_signed_in()
        return right
    if authenticate(request, username=user.get_username(), password=password) is None:
        return False
    request.session[FRESH] = time.time()
    return True


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the user has signed in a moment ago."""
    user: Any = request.user
    last = user.last_login.timestamp() if user.last_login else 0.0
    again = 0.0 if isinstance(user, Operator) else request.session.get(FRESH, 0.0)
    return time.time() - max(last, again) < FRESH_SECONDS


def permitted(request: HttpRequest, name: str) -> Verb:
    """Return the verb. Raises Http404, PermissionDenied."""
    verb = VERBS.get(name)
    if verb is None:
        raise Http404(f"There is no action {name}.")
    require(request, verb.permission, f"start this action: {verb.title}")
    return verb


@require_http_methods(["GET", "HEAD", "POST"])
def dialog(request: HttpRequest, name: str, node: NodeName | None = None) -> HttpResponse:
    """Show what a verb needs and costs; with a reason, start it."""
    verb = permitted(request, name)
    if node is None and len(verb.nodes) == 1:
        node = verb.nodes[0]
    if (node is None) != (not verb.nodes) or (node and node not in verb.nodes):
        return choose(request, verb)
    observed = seen()
    form = ReasonForm(request, verb, node)
    if request.method == "POST" and form.is_valid():
        return HttpResponseRedirect(reverse("admin:job", args=[start(request, verb, node, form).pk]))
    context = {
        "title": verb.title, "verb": verb, "node": node, "form": form, "seen": observed,
        "ticks": ticks(verb, observed, node), "blocked": blocked(verb, observed, node),
        "shell": verb.shell(node.value if node else ""), "risks": risks_of(verb),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "cluster/verb.html", admin.site.each_context(request) | context, status=status)


def risks_of(verb: Verb) -> list[str]:
    """Return what may be lost, as the nodes are now; or why that is not known."""
    if verb.risks is None:
        return []
    nodes = connect_all(timeout=PROBE_SECONDS)
    try:
        return verb.risks(nodes)
    except ClusterError as error:
        return [str(error)]
    finally:
        for node in nodes.values():
            node.close()


def choose(request: HttpRequest, verb: Verb) -> HttpResponse:
    """Ask which node."""
    observed = seen()
    choices = [(node, blocked(verb, observed, node)) for node in verb.nodes]
    context = {"title": verb.title, "verb": verb, "choices": choices}
    return render(request, "cluster/verb_node.html", admin.site.each_context(request) | context)


def start(request: HttpRequest, verb: Verb, node: NodeName | None, form: ReasonForm) -> Job:
    """Make the job and have it run: long ones by a worker, where the broker takes them, others here."""
    made = Job.objects.create(
        verb=verb.name,
        node=node.value if node else "",
        reason=form.cleaned_data["reason"],
        actor=actor(request),
    )
    if verb.long and sent(made):
        jobs.start_here_unless_taken(made)
    else:
        jobs.start_here(made)
    return made


def sent(made: Job) -> bool:
    """Tell whether the broker has taken it. Imported late: the tasks call the actions, as this page does."""
    from cluster.tasks import run_job

    try:
        run_job.apply_async((made.pk,))
    except (NoBroker, BrokerError, OSError):
        return False
    return True


def job(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was asked for, and how far it is. It goes on when the page is closed."""
    context = job_context(pk)
    return render(
        request,
        "cluster/job.html",
        admin.site.each_context(request) | context | {"title": context["verb"].title},
    )


def job_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part that changes."""
    return render(request, "cluster/parts/job.html", job_context(pk))


def job_context(pk: int) -> dict[str, Any]:
    """Return a job with its rate and the time that is left."""
    made = get_object_or_404(Job, pk=pk)
    jobs.check_alive(made)
    verb = VERBS[made.verb]
    seconds = ((made.ended_at or datetime.now(UTC)) - (made.began_at or made.asked_at)).total_seconds()
    rate = made.done / seconds if seconds > 0 else 0.0
    left = (made.total - made.done) / rate if made.total and rate and made.total > made.done else None
    return {
        "job": made, "verb": verb, "seconds": seconds, "rate": rate, "left": left,
        "over": made.state in (Job.State.DONE, Job.State.FAILED),
        "share": min(100 * made.done / made.total, 100) if made.total else None,
        "shell": verb.shell(made.node),
        "waited": made.state == Job.State.WAITING and seconds > 5,
    }  # fmt: skip
