-- Claims an epoch at one node; where its consent to another primary runs out soon, waits for that and claims once more.
-- Inputs: the node, the epoch, the epoch of a consent that need not be waited for, seconds that consents may take to run out.
-- Out: whether it promised the epoch, and why not. May be repeated.
CREATE OR REPLACE PROCEDURE claim_at(
    IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_waived_consent_epoch INT UNSIGNED, IN p_patience DOUBLE,
    OUT p_claimed BOOLEAN, OUT p_reason TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    CALL rpc_call_node(p_peer, 'claim', p_epoch, p_waived_consent_epoch, v_answer, p_reason);
    IF p_reason IS NULL AND JSON_VALUE(v_answer, '$.claimed') = 0 AND JSON_VALUE(v_answer, '$.promised') < p_epoch
       AND JSON_VALUE(v_answer, '$.consent_seconds') < p_patience THEN
        DO SLEEP(JSON_VALUE(v_answer, '$.consent_seconds') + 0.01);
        CALL rpc_call_node(p_peer, 'claim', p_epoch, p_waived_consent_epoch, v_answer, p_reason);
    END IF;
    SET p_claimed = p_reason IS NULL AND COALESCE(JSON_VALUE(v_answer, '$.claimed') = 1, FALSE);
    IF NOT p_claimed THEN
        SET p_reason = COALESCE(p_reason, IF(JSON_VALUE(v_answer, '$.promised') >= p_epoch, 'somebody else is promoting a node',
                                             'its consent to the last primary has not run out'));
    END IF;
END
