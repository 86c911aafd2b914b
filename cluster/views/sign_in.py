"""How operators sign in, sign out and change their password. See cluster.operators."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

from cluster import operators
from cluster.models import Operator

View = Callable[..., Any]


class SignInForm(AuthenticationForm):
    """The form of the site's users; says who can sign in while no node answers."""

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where the account cannot even be looked up."""
        try:
            return cast("dict[str, Any]", super().clean())
        except DatabaseError as error:
            raise ValidationError(
                "The site's accounts cannot be read: no node answers. An operator's account signs in all the same: "
                "manage.py create_operator makes one."
            ) from error


def as_operator(otherwise: View) -> View:
    """Return a view that signs an operator in by name and password, and leaves everybody else to `otherwise`."""

    @sensitive_post_parameters("password")
    def login(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            form = request.POST
            operator = operators.authenticate(form.get("username", ""), form.get("password", ""))
            if operator is not None:
                response = HttpResponseRedirect(after(request))
                operators.sign_in(request, response, operator)
                return response
        return otherwise(request, *args, **kwargs)

    return login


def after(request: HttpRequest) -> str:
    """Return where a sign-in leads: the page that was asked for when it is one of ours."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else reverse("admin:index")


@require_POST
def operator_signs_out(request: HttpRequest) -> HttpResponse:
    """Take the cookie back."""
    response = HttpResponseRedirect(reverse("admin:login"))
    operators.sign_out(response)
    return response


class OperatorPassword(PasswordChangeView):
    """A new password of an operator; the browser stays signed in, all others are signed out."""

    form_class = AdminOwnPasswordChangeForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it; the cookie of the old one is worth nothing any more."""
        operator = cast(Operator, form.save())
        response = HttpResponseRedirect(str(self.get_success_url()))
        operators.sign_in(self.request, response, operator)
        return response
