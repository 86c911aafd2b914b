-- Makes a node the primary of a new epoch: claims a majority, gathers here what it acknowledged, begins the epoch on two nodes,
-- opens the candidate. The protocol of cluster/actions/failover/promote.py; probe_peers has just seen the nodes. Any step may
-- fail: then nobody is worse off, and the next attempt claims a higher epoch. Two coordinators may run: at most one wins.
-- Inputs: main or node_a, the reason, seconds that consents may take to run out, whether
-- nobody asked for it: then the cool-down begins. Errors: 45001 with what to do.
CREATE OR REPLACE PROCEDURE promote_node(IN p_candidate VARCHAR(16), IN p_reason VARCHAR(255), IN p_patience DOUBLE, IN p_automatic BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_label VARCHAR(16) DEFAULT IF(p_candidate = 'main', 'Main', 'Node A');
    DECLARE v_epoch, v_best INT UNSIGNED;
    DECLARE v_waived INT UNSIGNED;
    DECLARE v_watermark BIGINT UNSIGNED;
    DECLARE v_voters INT;
    DECLARE v_failover_at DOUBLE;
    DECLARE v_peer, v_last VARCHAR(16);
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_problem, v_missing TEXT;
    DECLARE v_over, v_level BOOLEAN DEFAULT FALSE;
    -- The last primary first: once it is claimed it takes no writes, and nobody need wait for the consent that it was given.
    DECLARE voters CURSOR FOR
        SELECT peer FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'promised') AS INTEGER) > 0 AND why_set_back(peer) IS NULL
        ORDER BY peer = v_last DESC, peer = p_candidate DESC;
    DECLARE followers CURSOR FOR SELECT peer FROM claimed_node WHERE peer <> v_own;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_over = TRUE;
    SELECT SUM(why_set_back(peer) IS NULL), 1 + MAX(CAST(seen(peer, 'promised') AS INTEGER)), MAX(CAST(seen(peer, 'led') AS INTEGER))
    INTO v_voters, v_epoch, v_best
    FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'promised') AS INTEGER) > 0;
    SELECT why_set_back(p_candidate) INTO v_problem;
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(v_label, ' cannot be promoted: ', v_problem));
    END IF;
    SELECT GROUP_CONCAT(COALESCE(why_set_back(peer), CONCAT(peer, ': ', problem)) SEPARATOR '; ') INTO v_missing
    FROM peer_status WHERE failed_at IS NOT NULL OR why_set_back(peer) IS NOT NULL;
    IF v_voters < 2 OR seen(p_candidate, 'promised') IS NULL THEN
        CALL refuse(CONCAT(v_label, ' cannot be promoted: only ', COALESCE(v_voters, 0), ' of 3 nodes ',
                           IF((SELECT COUNT(why_set_back(peer)) FROM peer_status) = 0, 'answer', 'has a vote'), ' and 2 must agree. ',
                           COALESCE(v_missing, ''), ' Start one of them, then try again.'));
    END IF;
    SELECT why_unfit(p_candidate) INTO v_problem;
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(v_label, ' cannot be promoted: ', v_problem));
    END IF;
    SELECT MAX(seen(peer, 'primary')) INTO v_last FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'led') AS INTEGER) = v_best;
    CREATE OR REPLACE TEMPORARY TABLE claimed_node (peer VARCHAR(16) PRIMARY KEY) ENGINE = InnoDB;
    SET v_missing = '', v_over = FALSE;
    OPEN voters;
    claiming: LOOP
        FETCH voters INTO v_peer;
        IF v_over THEN
            LEAVE claiming;
        END IF;
        CALL rpc_call_node(v_peer, 'claim', v_epoch, v_waived, v_answer, v_problem);
        IF v_problem IS NULL AND JSON_VALUE(v_answer, '$.claimed') = 0 AND JSON_VALUE(v_answer, '$.promised') < v_epoch
           AND JSON_VALUE(v_answer, '$.consent_seconds') < p_patience THEN
            DO SLEEP(JSON_VALUE(v_answer, '$.consent_seconds') + 0.01);
            CALL rpc_call_node(v_peer, 'claim', v_epoch, v_waived, v_answer, v_problem);
        END IF;
        IF v_problem IS NULL AND JSON_VALUE(v_answer, '$.claimed') = 1 THEN
            INSERT INTO claimed_node VALUES (v_peer);
            CALL probe_node(v_peer);  -- it adds nothing to an older epoch from here on
            SET v_waived = IF(v_peer = v_last, v_best, v_waived);
        ELSE
            SET v_missing = CONCAT(v_missing, ' ', v_peer, ': ', COALESCE(v_problem, IF(JSON_VALUE(v_answer, '$.promised') >= v_epoch,
                'somebody else is promoting a node', 'its consent to the last primary has not run out')), '.');
        END IF;
    END LOOP;
    CLOSE voters;
    IF (SELECT COUNT(*) FROM claimed_node) < 2 OR NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = p_candidate)
       OR NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = v_own) THEN
        CALL refuse(CONCAT(v_label, ' was not promoted: no majority agreed to epoch ', v_epoch, '.', v_missing, ' Try again in a few seconds.'));
    END IF;
    -- Nobody may know of a lease that the last primary got without consent. It gets no further one: the claimed nodes answer now.
    IF v_best > 0 AND NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = v_last)
       AND EXISTS (SELECT 1 FROM peer_status WHERE failed_at IS NULL AND seen(peer, 'solo') <> 'never') THEN
        DO SLEEP((SELECT config_value * ${consent_factor} FROM node_config WHERE config_key = 'lease_seconds'));
    END IF;
    -- Whatever was acknowledged stands on one of the claimed nodes in an epoch that it led (invariant (a)).
    SELECT MAX(CAST(seen(peer, 'led') AS INTEGER)) INTO v_best FROM claimed_node;
    SET v_over = FALSE;
    OPEN followers;
    gathering: LOOP
        FETCH followers INTO v_peer;
        IF v_over THEN
            LEAVE gathering;
        END IF;
        IF CAST(seen(v_peer, 'led') AS INTEGER) = v_best THEN
            IF CAST(seen(v_own, 'led') AS INTEGER) < v_best THEN
                CALL reach_peer(v_peer, CONCAT('CALL orphan_lost_entries(''', v_peer, ''', ', v_epoch, ', @job_answer)'), v_watermark);
            ELSE
                SET v_watermark = common_watermark(v_peer);
            END IF;
            CALL reach_peer(v_peer, CONCAT('CALL pull_entries(''', v_peer, ''', ', v_epoch, ', ', v_watermark, ')'), v_answer);
        END IF;
    END LOOP;
    CLOSE followers;
    IF p_candidate <> v_own THEN
        SET v_watermark = common_watermark(p_candidate);
        SET v_problem = NULL;
        CALL reach_peer(p_candidate, CONCAT('CALL compare_logs(''', p_candidate, ''', ', v_watermark, ')'), v_answer);
        IF JSON_VALUE(v_answer, '$.missing') IS NOT NULL THEN
            CALL push_entries(p_candidate, v_epoch, JSON_VALUE(v_answer, '$.missing') - 1, v_problem);
        END IF;
        IF v_problem IS NOT NULL THEN
            CALL refuse(CONCAT(v_label, ' was not promoted: ', v_problem, '. Try again.'));
        END IF;
    END IF;
    CALL probe_node(p_candidate);  -- what it has gathered may be what it cannot store
    SELECT why_unfit(p_candidate) INTO v_problem;
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(v_label, ' was not promoted: ', v_problem));
    END IF;
    SELECT IF(p_automatic, UNIX_TIMESTAMP(SYSDATE(6)), MAX(CAST(seen(peer, 'failover_at') AS DOUBLE))) INTO v_failover_at FROM claimed_node;
    CALL rpc_call_node(p_candidate, 'promote', v_epoch, JSON_OBJECT(
        'node', p_candidate, 'label', v_label, 'epoch', v_epoch, 'reason', p_reason, 'failover_at', v_failover_at, 'forced', 0,
        'watermark', (SELECT CAST(config_value AS INTEGER) FROM node_config WHERE config_key = 'commit_watermark')), v_answer, v_problem);
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(v_label, ' was not promoted: ', v_problem, '. Try again.'));
    END IF;
    -- The epoch begins on a majority: here, and on every claimed node that has no entries which nobody kept.
    IF p_candidate <> v_own THEN
        SET v_watermark = common_watermark(p_candidate);
        CALL reach_peer(p_candidate, CONCAT('CALL pull_entries(''', p_candidate, ''', ', v_epoch, ', ', v_watermark, ')'), v_answer);
        SET v_level = TRUE;
    END IF;
    SET v_over = FALSE;
    OPEN followers;
    confirming: LOOP
        FETCH followers INTO v_peer;
        IF v_over THEN
            LEAVE confirming;
        END IF;
        IF v_peer <> p_candidate THEN
            SET v_watermark = common_watermark(v_peer);
            CALL reach_peer(v_peer, CONCAT('CALL compare_logs(''', v_peer, ''', ', v_watermark, ')'), v_answer);
            IF JSON_VALUE(v_answer, '$.extra') = 0 THEN
                CALL push_entries(v_peer, v_epoch, JSON_VALUE(v_answer, '$.missing') - 1, v_problem);
                SET v_level = v_level OR v_problem IS NULL, v_missing = CONCAT(v_missing, COALESCE(CONCAT(' ', v_peer, ': ', v_problem, '.'), ''));
            ELSE
                SET v_missing = CONCAT(v_missing, ' ', v_peer, ' has ', JSON_VALUE(v_answer, '$.extra'), ' entries that nobody kept.');
            END IF;
        END IF;
    END LOOP;
    CLOSE followers;
    IF NOT v_level THEN
        CALL refuse(CONCAT(v_label, ' was not promoted: no second node took the beginning of epoch ', v_epoch, '.', v_missing, ' Try again.'));
    END IF;
    CALL rpc_call_node(p_candidate, 'open', v_epoch, IF(p_candidate = 'main', 'PRIMARY', 'ACTING_MASTER'), v_answer, v_problem);
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(v_label, ' was not opened: ', v_problem, '. Try again.'));
    END IF;
    DROP TEMPORARY TABLE claimed_node;
    IF p_candidate = v_own THEN
        CALL keep_lease();
    END IF;
    CALL probe_node(p_candidate);
    CALL probe_node(v_own);
END
