"""Log ids are handed out in order, transactions commit in any: gaps, the commit watermark, who writes now."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.actions.replication.feed import Feed
from cluster.protocol.names import NodeName
from tests.harness.coordinators import WritersOf
from tests.harness.node_log import count, counters


class TestFloor:
    """Everything at or below the commit watermark is on a majority for good."""

    def test_it_rises_and_counts(self, main, app):
        for record in range(5):
            count(app, record)
        main.verify(3)
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (3, 3)
        main.verify(6)
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (6, 6)
        assert main.state().entries == 6

    def test_it_never_falls(self, main, app):
        count(app, 1)
        main.verify(2)
        main.verify(1)
        assert main.state().watermark.log_id == 2

    def test_many_at_once_count_once(self, still, main, app):
        for record in range(20):
            count(app, record)
        rivals = [still.fresh_nodes()[NodeName.MAIN] for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: [n.verify(upto) for upto in range(2, 22)], rivals))
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (21, 21)


class TestLateCommits:
    """Log ids are handed out in order, transactions commit in any."""

    @pytest.fixture
    def feed(self, still, main) -> Feed:
        """Main's log on its way to Node B, carried by hand."""
        feed = Feed(main, still.nodes[NodeName.NODE_B], 1, WritersOf(main))
        feed.join(feed.target.state())
        feed.carry()
        return feed

    @pytest.fixture
    def open_write(self, still, feed):
        """Return a transaction that has its log id and does not commit; another one has committed after it."""
        session = still.connect("main")
        session.run("START TRANSACTION")
        count(session, 1, transaction="late")
        count(still.connect("main"), 2, transaction="quick")
        return session

    @staticmethod
    def question(feed: Feed) -> None:
        """Who writes now."""
        feed.gaps.ask()
        feed.gaps.answer(feed.source.writing_transactions())

    def ask(self, feed: Feed, times: int = 1) -> None:
        """As the replicator does: look, then ask who writes."""
        for _ in range(times):
            feed.carry()
            self.question(feed)

    def test_an_open_transaction_holds_up_nobody(self, feed, open_write):
        assert list(feed.carry()) == ["quick"]
        assert counters(feed.target) == {2: 1}

    def test_what_commits_late_is_found(self, feed, open_write):
        self.ask(feed, 3)
        open_write.commit()
        assert list(feed.carry()) == ["late"]
        assert counters(feed.target) == {1: 1, 2: 1}
        self.ask(feed)
        assert (feed.gaps.ranges, feed.gaps.watermark) == ([], 3)

    def test_the_floor_stays_below_what_may_still_come(self, feed, open_write):
        self.ask(feed, 4)
        assert feed.gaps.watermark == 1
        open_write.commit()
        self.ask(feed, 2)
        assert feed.gaps.watermark == 3

    def test_what_was_rolled_back_is_given_up(self, feed, open_write):
        self.ask(feed, 2)
        open_write.run("ROLLBACK")
        self.ask(feed, 3)
        assert (feed.gaps.ranges, feed.gaps.watermark) == ([], 3)

    def test_a_commit_between_question_and_look_is_not_given_up(self, feed, open_write):
        """The question finds nobody writing any more; what he wrote is there to be seen."""
        feed.carry()
        self.question(feed)
        open_write.commit()
        self.question(feed)
        self.ask(feed, 2)
        assert counters(feed.target) == {1: 1, 2: 1}

    def test_new_gaps_do_not_keep_old_ones_open(self, still, feed, open_write):
        """While somebody always writes, a gap closes all the same."""
        self.ask(feed, 1)
        open_write.run("ROLLBACK")
        sessions = [still.connect("main") for _ in range(2)]
        for turn in range(6):
            session = sessions[turn % 2]
            session.run("START TRANSACTION")
            count(session, 100 + turn, transaction=f"turn-{turn}")
            sessions[1 - turn % 2].run("ROLLBACK")
            self.ask(feed)
        assert feed.gaps.watermark >= 3


class TestOpenTransactions:
    """Who is writing now, from a list that the server keeps for 0.1 s."""

    def test_a_writer_is_seen_the_moment_it_has_written(self, still, main):
        session = still.connect("main")
        for turn in range(10):
            main.connection.rows("SELECT * FROM information_schema.INNODB_TRX")
            session.run("START TRANSACTION")
            count(session, turn)
            (own,) = session.row("SELECT CONNECTION_ID()")
            writing = main.writing_transactions()
            session.run("ROLLBACK")
            assert len(writing) == 1, f"turn {turn}, session {own}"
            assert main.writing_transactions() == frozenset()

    def test_all_who_ask_at_once_get_an_answer(self, still, main):
        session = still.connect("main")
        session.run("START TRANSACTION")
        count(session, 1)
        (writer,) = main.writing_transactions()
        askers = [still.fresh_nodes()[NodeName.MAIN] for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda node: [node.writing_transactions() for _ in range(2)], askers))
        assert all(writer in writing for answer in answers for writing in answer)
