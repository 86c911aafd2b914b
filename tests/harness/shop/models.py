"""What a shop keeps: articles with a stock, and orders of them."""

from django.db import models


class Article(models.Model):
    """Something to sell."""

    name = models.CharField(max_length=60, unique=True)
    stock = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """So many of an article for somebody."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT)
    customer = models.CharField(max_length=60)
    quantity = models.PositiveIntegerField()
    ordered_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.quantity} of {self.article} for {self.customer}"
