"""Accounts: addresses that are confirmed and changed, sign-in by another site."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site


def write() -> None:
    """Write a new user and what becomes of the address."""
    user = get_user_model().objects.create_user("visitor", "visitor@example.com", "x")
    first = EmailAddress.objects.add_email(None, user, "visitor@example.com")
    second = EmailAddress.objects.create(user=user, email="second@example.com", verified=True)
    first.set_verified()
    second.set_as_primary()
    EmailConfirmation.create(first)
    app = SocialApp.objects.create(provider="github", name="Other site", client_id="1")
    app.sites.add(Site.objects.get_current())
    account = SocialAccount.objects.create(
        user=user, provider="github", uid="17", extra_data={"name": "v\u00efsitor"}
    )
    SocialToken.objects.create(app=app, account=account, token="secret")
    first.delete()
