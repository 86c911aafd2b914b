"""What a clinic keeps, in its newest shape."""

import uuid

from django.db import models


class Doctor(models.Model):
    """Somebody who heals."""

    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    """Somebody who is ill."""

    name = models.CharField(max_length=60)
    doctors = models.ManyToManyField(Doctor, blank=True)
    code = models.UUIDField(default=uuid.uuid4)
    ward = models.CharField(max_length=20, default="none")
    file = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Appointment(models.Model):
    """When somebody is seen; called a visit once."""

    id = models.CharField(primary_key=True, max_length=20)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.patient}, {self.id}"
