"""Feeds that rest wait for the end of the log to move."""

import threading

from cluster.actions.replication.news import News


def test_what_lies_beyond_the_cursor_is_told_at_once():
    news = News()
    news.announce(7)
    assert news.wait(6, 0)
    assert not news.wait(7, 0)


def test_the_end_of_the_log_never_moves_back():
    news = News()
    news.announce(7)
    news.announce(3)
    assert news.wait(6, 0)


def test_who_waits_is_woken():
    news = News()
    woken = []
    waiting = threading.Thread(target=lambda: woken.append(news.wait(0, 60)))
    waiting.start()
    news.announce(1)
    waiting.join(60)
    assert woken == [True]
