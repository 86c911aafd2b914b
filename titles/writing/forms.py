"""What people type, checked field by field, with a sentence for each thing that is wrong."""

from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from titles.catalogue import fields, limits
from titles.catalogue.fields import NAMELESS, UNRATED_VOTES, Image
from titles.models import Title
from titles.reading.keyset import BEST, ORDERS, BadCursor, decoded
from titles.reading.queries import Wanted

SALT = "titles.before"


class TitleForm(forms.ModelForm):
    """A title's fields. The identifier is typed once, when the title is made."""

    class Meta:
        model = Title
        fields: tuple[str, ...] = ("tconst", *fields.EDITABLE)
        widgets = {"primary_title": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "true"})}
        help_texts = {
            "tconst": f"{limits.TCONST_IN_WORDS}, such as tt0111161. It cannot be changed later.",
            "start_year": f"{limits.MIN_YEAR} to {limits.MAX_YEAR}, empty when unknown.",
            "average_rating": f"{limits.RATING_IN_WORDS} with one decimal; belongs to a number of votes.",
        }
        error_messages = {
            "primary_title": {"required": NAMELESS},
            "tconst": {"required": f"Give the title an identifier: {limits.TCONST_IN_WORDS}."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("start_year", "runtime_minutes", "num_votes", "average_rating"):
            self.fields[name].error_messages["invalid"] = "Type a number, or leave this empty."

    def clean(self) -> dict[str, object]:
        """Refuse votes that nobody can have given."""
        given = super().clean() or self.cleaned_data
        unrated = fields.are_unrated(given.get("num_votes"), given.get("average_rating"))
        if unrated and "average_rating" not in self.errors:
            self.add_error("average_rating", UNRATED_VOTES)
        return given

    def validate_unique(self) -> None:
        """Check nothing: the server finds out whether the identifier is free, in the transaction that takes it."""

    @property
    def image(self) -> Image:
        """The fields as they were typed; of a form that is valid."""
        return {name: self.cleaned_data[name] for name in fields.EDITABLE}


class EditForm(TitleForm):
    """Changes a title; carries, signed, what the editor saw when beginning."""

    before = forms.CharField(widget=forms.HiddenInput)

    class Meta(TitleForm.Meta):
        fields = fields.EDITABLE

    def clean_before(self) -> Image:
        """Return what the edit began from. Nobody but this site can have written it."""
        try:
            return fields.unpacked(signing.loads(self.cleaned_data["before"], salt=SALT))
        except (signing.BadSignature, ValueError, KeyError) as error:
            raise ValidationError("This form was not made by this site. Open the title again.") from error


def signed(image: Image) -> str:
    """Return an image for `EditForm.before`."""
    return signing.dumps(fields.packed(image), salt=SALT)


class ReviewsForm(forms.Form):
    """New reviews of one rating."""

    count = forms.IntegerField(
        label="number of reviews",
        min_value=1,
        max_value=limits.MAX_VOTES,
        initial=1,
        error_messages={"required": "Say how many.", "invalid": "Type a whole number, at least 1."},
    )
    rating = forms.DecimalField(
        label="their rating",
        max_digits=3,
        decimal_places=1,
        validators=[MinValueValidator(limits.MIN_RATING), MaxValueValidator(limits.MAX_RATING)],
        widget=forms.NumberInput(attrs={"step": "0.1", "min": limits.MIN_RATING, "max": limits.MAX_RATING}),
        error_messages={
            "required": f"Give a rating from {limits.RATING_IN_WORDS}.",
            "invalid": f"Type a number from {limits.RATING_IN_WORDS}.",
        },
    )


class ListForm(forms.Form):
    """Search, filters and order of the list, as its address carries them. What makes no sense is left out."""

    search = forms.CharField(required=False, max_length=200)
    year = forms.IntegerField(required=False, min_value=limits.MIN_YEAR, max_value=limits.MAX_YEAR)
    until = forms.IntegerField(required=False, min_value=limits.MIN_YEAR, max_value=limits.MAX_YEAR)
    rating = forms.DecimalField(required=False, min_value=limits.MIN_RATING, max_value=limits.MAX_RATING)
    votes = forms.IntegerField(required=False, min_value=0, max_value=limits.MAX_VOTES)
    order = forms.ChoiceField(
        required=False, choices=[(order.name, order.label) for order in ORDERS.values()]
    )
    cursor = forms.CharField(required=False, max_length=300)

    def clean(self) -> dict[str, object]:
        """Take a first year alone for that year, and a cursor of another order for none."""
        given = super().clean() or self.cleaned_data
        given["order"] = ORDERS.get(given.get("order") or "", BEST)
        try:
            given["after"] = decoded(given["order"], given["cursor"]) if given.get("cursor") else None
        except BadCursor as error:
            self.add_error("cursor", str(error))
        return given

    @property
    def wanted(self) -> Wanted:
        """What the list is to show."""
        given = self.cleaned_data
        first, last = given.get("year"), given.get("until")
        return Wanted(
            search=given.get("search") or "",
            first_year=first,
            last_year=last if last is not None else first,
            min_rating=given.get("rating"),
            min_votes=given.get("votes"),
            order=given["order"],
            after=given.get("after"),
        )
