-- Claims a new epoch at every node that has a vote; claimed_node holds those that promised it. The last primary first:
-- once it is claimed it takes no writes, and nobody need wait for the consent that it was given.
-- Inputs: the candidate, seconds that consents may take to run out. Out: the epoch, who did not promise it and why.
-- Errors: 45001 no majority that includes the candidate and this node. The next attempt claims a higher epoch.
CREATE OR REPLACE PROCEDURE claim_majority(IN p_candidate VARCHAR(16), IN p_patience DOUBLE, OUT p_epoch INT UNSIGNED, OUT p_missing TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_last VARCHAR(16);
    DECLARE v_led, v_waived INT UNSIGNED;
    DECLARE v_claimed BOOLEAN;
    DECLARE v_reason TEXT;
    SELECT 1 + MAX(CAST(seen(peer, 'promised') AS INTEGER)), MAX(CAST(seen(peer, 'led') AS INTEGER)) INTO p_epoch, v_led
    FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'promised') AS INTEGER) > 0;
    SELECT MAX(seen(peer, 'primary')) INTO v_last FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'led') AS INTEGER) = v_led;
    CREATE OR REPLACE TEMPORARY TABLE claimed_node (peer VARCHAR(16) PRIMARY KEY) ENGINE = InnoDB;
    SET p_missing = '';
    FOR voter IN (SELECT peer FROM peer_status
                  WHERE failed_at IS NULL AND CAST(seen(peer, 'promised') AS INTEGER) > 0 AND why_set_back(peer) IS NULL
                  ORDER BY peer = v_last DESC, peer = p_candidate DESC) DO
        CALL claim_at(voter.peer, p_epoch, v_waived, p_patience, v_claimed, v_reason);
        IF v_claimed THEN
            INSERT INTO claimed_node VALUES (voter.peer);
            CALL probe_node(voter.peer);  -- it adds nothing to an older epoch from here on
            SET v_waived = IF(voter.peer = v_last, v_led, v_waived);
        ELSE
            SET p_missing = CONCAT(p_missing, ' ', voter.peer, ': ', v_reason, '.');
        END IF;
    END FOR;
    IF (SELECT COUNT(*) FROM claimed_node) < 2 OR NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = p_candidate)
       OR NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = v_own) THEN
        CALL refuse(CONCAT(node_label(p_candidate), ' was not promoted: no majority agreed to epoch ', p_epoch, '.', p_missing,
                           ' Try again in a few seconds.'));
    END IF;
    CALL wait_out_unconsented_lease(v_last, v_led);
END
