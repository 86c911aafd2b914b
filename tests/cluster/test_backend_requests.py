"""What Django does around each request, when the server behind a connection has died meanwhile."""

from django.db import close_old_connections, connections

from titles.models import Title


def test_the_end_of_a_request_does_not_connect_to_a_dead_server(cluster):
    assert Title.objects.count() == 0
    cluster.servers.local["main"].kill()
    close_old_connections()
    assert connections["main"].connection is None
