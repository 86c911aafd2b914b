-- Lets this node catch up with the primary, as cluster/actions/steps/reconcile.py does: follows its epoch, orphans what the cluster
-- did not keep, fetches what is missing. Inputs: the primary, which probe_peers has just seen, and the epoch that it had then.
-- Errors: 45002 somebody promised more. Cut off at any point, it is called again and goes on.
CREATE OR REPLACE PROCEDURE catch_up_from(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_watermark BIGINT UNSIGNED DEFAULT common_watermark(p_peer);
    DECLARE v_led INT UNSIGNED;
    DECLARE v_done VARCHAR(1000);
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_round BIGINT;
    SELECT COALESCE(MAX(epoch), 0) INTO v_led FROM transaction_log WHERE table_name = '' AND record_id = 'PROMOTION';
    CALL follow(p_epoch);
    IF v_led < CAST(seen(p_peer, 'led') AS INTEGER) THEN
        CALL reach_peer(p_peer, CONCAT('CALL orphan_lost_entries(''', p_peer, ''', ', p_epoch, ', @job_answer)'), v_watermark);
    END IF;
    CALL reach_peer(p_peer, CONCAT('CALL pull_entries(''', p_peer, ''', ', p_epoch, ', ', v_watermark, ')'), v_done);
    -- In no round, but without lag: it knows of as many as anybody remembers (why_set_back).
    SELECT GREATEST(MAX(CAST(seen(peer, 'round_main') AS INTEGER)), MAX(CAST(seen(peer, 'round_node_a') AS INTEGER)),
                    MAX(CAST(seen(peer, 'round_node_b') AS INTEGER))) INTO v_round FROM peer_status WHERE failed_at IS NULL;
    CALL note_rounds(p_epoch, IF(v_own = 'main', v_round, 0), IF(v_own = 'node_a', v_round, 0), IF(v_own = 'node_b', v_round, 0));
END
