"""Claim, consent, lease and promise of one node, each atomic on a real server."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ConsentRunning, StaleEpoch
from cluster.protocol.names import Mode, NodeName
from tests.harness.node_log import count, entries


class TestClaim:
    """One compare-and-set on the promise."""

    def test_each_epoch_is_claimed_once(self, vice):
        vice.claim(5, 1)
        for epoch in (5, 4, 1):
            with pytest.raises(StaleEpoch, match="it has promised epoch 5"):
                vice.claim(epoch, 1)
        vice.claim(6)
        assert vice.state().promised == 6

    def test_of_many_rivals_one_wins(self, still):
        rivals = [still.fresh_nodes()[NodeName.NODE_A] for _ in range(8)]

        def won(node: MariaDBNode) -> bool:
            try:
                node.claim(7, 1)
            except StaleEpoch:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(won, rivals)).count(True) == 1

    def test_it_waits_for_a_consent(self, vice):
        vice.consent(1, 5.0)
        with pytest.raises(ConsentRunning, match="lease of epoch 1") as running:
            vice.claim(2)
        assert 4 < running.value.seconds <= 5
        assert vice.state().promised == 1

    def test_a_shorter_consent_does_not_shorten_a_longer_one(self, vice):
        vice.consent(1, 60.0)
        vice.consent(1, 0.1)
        assert vice.state().consent_seconds > 59

    def test_a_consent_runs_out(self, still, vice):
        still.connect("node_a", "root").run(
            "UPDATE node_config SET config_value = UNIX_TIMESTAMP(SYSDATE(6))"
            " WHERE config_key = 'consent_until'"
        )
        vice.consent(1, 0.3)
        with pytest.raises(ConsentRunning):
            vice.claim(2)
        time.sleep(0.35)
        vice.claim(2)

    def test_only_the_waived_epoch_is_waived(self, vice):
        vice.consent(1, 60.0)
        with pytest.raises(ConsentRunning):
            vice.claim(3, 2)
        vice.claim(3, 1)

    def test_a_consent_before_the_present_promise_was_waited_for_already(self, vice):
        vice.consent(1, 60.0)
        vice.claim(2, 1)
        vice.claim(3)
        assert vice.state().promised == 3

    def test_a_primary_is_claimed_whatever_it_consented_to(self, main):
        main.claim(2)
        assert not main.state().writable


class TestConsent:
    """A promise to let nobody claim the node for a time."""

    @pytest.mark.parametrize("epoch", [0, 2, 99])
    def test_it_is_for_the_promised_epoch_alone(self, vice, epoch):
        with pytest.raises(StaleEpoch, match="has promised epoch 1"):
            vice.consent(epoch, 60.0)
        assert vice.state().consent_seconds < 4


class TestLease:
    """Opened by a promotion, renewed while held, given up by a mode change."""

    def test_open_renew_close(self, main):
        main.claim(2)
        main.write_promotion(2, '{"node": "main", "label": "Main", "watermark": 0}')
        main.open_writes(2, Mode.PRIMARY, main.beat(), 3)
        assert main.lease_epoch() == 2
        main.renew_lease(2, main.beat(), 30)
        state = main.state()
        assert state.lease is not None
        assert state.writable
        assert 29 < state.lease.seconds < 30
        main.close_writes(Mode.RECOVERING)
        assert main.lease_epoch() is None
        assert (main.state().mode, main.state().lease) == (Mode.RECOVERING, None)
        main.close_writes(Mode.RECOVERING)

    def test_it_opens_only_with_the_promotion_in_the_log(self, main):
        main.claim(2)
        with pytest.raises(StaleEpoch, match="its newest promotion is of epoch 1"):
            main.open_writes(2, Mode.PRIMARY, main.beat(), 3)
        assert main.lease_epoch() is None

    @pytest.mark.parametrize("epoch", [1, 3])
    def test_it_opens_only_in_the_promised_epoch(self, main, epoch):
        main.claim(2)
        with pytest.raises(StaleEpoch, match="has promised epoch 2"):
            main.open_writes(epoch, Mode.PRIMARY, main.beat(), 3)

    def test_a_follower_has_nothing_to_renew(self, vice):
        with pytest.raises(StaleEpoch, match="no lease to renew"):
            vice.renew_lease(1, vice.beat(), 30)
        assert not vice.state().writable

    def test_recovering_begins_the_count_of_replayed_transactions_anew(self, main, vice, app):
        vice.close_writes(Mode.RECOVERING)
        count(app, 1)
        count(app, 1)
        vice.append(1, entries(main), boundary=True)
        assert vice.state().replayed == 2
        vice.close_writes(Mode.RECOVERING)
        assert vice.state().replayed == 2
        vice.close_writes(Mode.VICE)
        vice.close_writes(Mode.RECOVERING)
        assert vice.state().replayed == 0


class TestFollow:
    """The promise is raised, never lowered."""

    def test_it_is_raised_and_kept(self, vice):
        vice.follow(3)
        vice.follow(3)
        assert vice.state().promised == 3
        with pytest.raises(StaleEpoch, match="has promised epoch 3"):
            vice.follow(2)

    def test_the_primary_of_the_epoch_keeps_its_lease(self, main):
        main.follow(1)
        assert main.state().writable
