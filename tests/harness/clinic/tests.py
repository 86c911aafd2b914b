"""The clinic's own tests: what its migrations put in is there for each of them."""

from django.test import TransactionTestCase

from tests.harness.clinic.models import Patient


class FirstPatientsTests(TransactionTestCase):
    """Each with commits, tables that are emptied afterwards, and the rows of the migrations put back."""

    serialized_rollback = True

    def test_they_are_there(self) -> None:
        assert sorted(Patient.objects.values_list("name", flat=True)) == ["first", "second"]
        Patient.objects.all().delete()

    def test_they_are_there_again(self) -> None:
        assert Patient.objects.count() == 2
        Patient.objects.create(name="third")
