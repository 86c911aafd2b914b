"""Alert the operators at once: by mail, chat or webhook, through the URLs of CLUSTER_ALERT_URLS.

Any number of processes may want to send the same alert; one of them does.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import apprise
from django.db import DatabaseError, IntegrityError, InterfaceError, connections, transaction

from cluster.conf import CONTROL_ALIAS, conf
from cluster.models import Alert

log = logging.getLogger(__name__)

SAME_AGAIN = timedelta(minutes=5)
"""An alert with the same key is not sent again before that."""
TITLE = "mco2 cluster"


class NotSent(Exception):
    """None of the addresses took the alert; it is tried again."""


def send(key: str, sentence: str, facts: Mapping[str, object], actor: str) -> None:
    """Send one alert, unless another process did. Raises NotSent."""
    urls = conf().alert_urls
    if not urls or not is_mine(key):
        return
    speaker = apprise.Apprise()
    speaker.add(list(urls))
    if not speaker.notify(title=TITLE, body=body(sentence, facts, actor)):
        give_up(key)
        raise NotSent(f"None of the addresses in CLUSTER_ALERT_URLS took this alert: {sentence}")


def body(sentence: str, facts: Mapping[str, object], actor: str) -> str:
    """Return the sentence, the numbers, and who did it."""
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in facts.items()]
    return "\n".join([sentence, *lines, *([f"by {actor}"] if actor else [])])


def is_mine(key: str) -> bool:
    """Return whether this process sends it.

    Without the control database nobody can be asked, and an alert too many is better than none.
    """
    try:
        return claim(key, SAME_AGAIN)
    except (DatabaseError, InterfaceError) as error:
        log.warning("Whether somebody else sends this alert is not known: %s", error)
    finally:
        connections[CONTROL_ALIAS].close()
    return True


def claim(key: str, period: timedelta) -> bool:
    """Compare-and-set: who moves the time of a key forward wins it for a period, the others find it moved.

    Raises DatabaseError.
    """
    now = datetime.now(UTC)
    if Alert.objects.filter(key=key[:255], sent_at__lt=now - period).update(sent_at=now):
        return True
    try:
        with transaction.atomic(using=CONTROL_ALIAS):
            Alert.objects.create(key=key[:255], sent_at=now)
    except IntegrityError:
        return False
    return True


def give_up(key: str) -> None:
    """Let somebody send it after all."""
    try:
        Alert.objects.filter(key=key[:255]).delete()
    except (DatabaseError, InterfaceError) as error:
        log.warning("The claim on an alert stays until its time is over: %s", error)
    finally:
        connections[CONTROL_ALIAS].close()
