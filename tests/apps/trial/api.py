"""Books over HTTP, as the tutorial of Django REST framework makes such a view."""

from rest_framework import authentication, generics, permissions, serializers

from tests.apps.trial.models import Book


class BookSerializer(serializers.ModelSerializer):
    """All that a client may say."""

    class Meta:
        model = Book
        fields = ("id", "title", "price", "category", "authors")


class Books(generics.ListCreateAPIView):
    """Lists and creates, for who has a token."""

    queryset = Book.objects.order_by("pk")
    serializer_class = BookSerializer
    authentication_classes = (authentication.TokenAuthentication,)
    permission_classes = (permissions.IsAuthenticated,)

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        """Write a book of several rows: itself, its history, its tags."""
        serializer.save().tags.add("by-http", "new")
