-- Unites on the candidate what was acknowledged: it stands on one of the claimed nodes in the newest epoch that one of them led
-- (invariant (a)). First all of that here, then from here to a candidate elsewhere. What this node has and the cluster did not
-- keep is orphaned. Inputs: the candidate, the epoch claimed. Errors: 45001 with what to do. May be repeated.
CREATE OR REPLACE PROCEDURE gather_acknowledged(IN p_candidate VARCHAR(16), IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_refused VARCHAR(100) DEFAULT CONCAT(node_label(p_candidate), ' was not promoted: ');
    DECLARE v_led INT UNSIGNED DEFAULT (SELECT MAX(CAST(seen(peer, 'led') AS INTEGER)) FROM claimed_node);
    DECLARE v_watermark BIGINT UNSIGNED;
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_problem TEXT;
    FOR follower IN (SELECT peer FROM claimed_node WHERE peer <> v_own AND CAST(seen(peer, 'led') AS INTEGER) = v_led) DO
        IF CAST(seen(v_own, 'led') AS INTEGER) < v_led THEN
            CALL reach_peer(follower.peer, CONCAT('CALL orphan_lost_entries(''', follower.peer, ''', ', p_epoch, ', @job_answer)'),
                            v_watermark);
        ELSE
            SET v_watermark = common_watermark(follower.peer);
        END IF;
        CALL reach_peer(follower.peer, CONCAT('CALL pull_entries(''', follower.peer, ''', ', p_epoch, ', ', v_watermark, ')'), v_answer);
    END FOR;
    IF p_candidate <> v_own THEN
        SET v_watermark = common_watermark(p_candidate);
        CALL reach_peer(p_candidate, CONCAT('CALL compare_logs(''', p_candidate, ''', ', v_watermark, ')'), v_answer);
        IF JSON_VALUE(v_answer, '$.missing') IS NOT NULL THEN
            CALL push_entries(p_candidate, p_epoch, JSON_VALUE(v_answer, '$.missing') - 1, v_problem);
        END IF;
        CALL refuse_for(v_refused, CONCAT(v_problem, '. Try again.'));
    END IF;
    CALL probe_node(p_candidate);  -- what it has gathered may be what it cannot store
    SELECT why_unfit(p_candidate) INTO v_problem;
    CALL refuse_for(v_refused, v_problem);
END
