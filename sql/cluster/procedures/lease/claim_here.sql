-- The compare-and-set of a claim, in the caller's transaction: promises to refuse every epoch below p_epoch. Waits for
-- running write transactions (the barrier) and for a consent that may still permit another node, unless it was given to
-- p_waived_consent_epoch, whose primary is known to have no lease, or before the present promise: who raised that has waited for
-- it already. Leaves this node's own lease to the caller: claim takes it away, rpc_dispatch closes the mode.
-- Out: whether it was claimed, the promise found, the consent's epoch and the seconds that it still runs (negative: over).
-- Errors: 45002 the node takes no part, 45001 a prepared XA transaction. May be repeated with higher epochs.
CREATE OR REPLACE PROCEDURE claim_here(
    IN p_epoch INT UNSIGNED, IN p_waived_consent_epoch INT UNSIGNED,
    OUT p_claimed BOOLEAN, OUT p_promised INT, OUT p_consent_epoch INT UNSIGNED, OUT p_consent_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_leases INT UNSIGNED;
    CALL lock_barrier(v_mode, p_promised);
    CALL require_member(p_promised);
    IF v_mode IN ('PRIMARY', 'ACTING_MASTER') THEN  -- a follower was asked when it ceased to be one
        CALL refuse_prepared();
    END IF;
    CALL bound_consent();
    SELECT config_value INTO p_consent_epoch FROM node_config WHERE config_key = 'consent_epoch';
    SELECT config_value - UNIX_TIMESTAMP(SYSDATE(6)) INTO p_consent_seconds
    FROM node_config WHERE config_key = 'consent_until';
    -- A lease of an older epoch is none: a call from another node closes the mode and leaves it where it is.
    SELECT COUNT(*) INTO v_leases FROM lease WHERE epoch = p_promised;
    SET p_claimed = p_promised < p_epoch
        AND (v_leases > 0 OR p_consent_seconds <= 0 OR p_consent_epoch < p_promised
             OR p_consent_epoch <=> p_waived_consent_epoch);
    IF p_claimed THEN
        UPDATE node_config SET config_value = p_epoch WHERE config_key = 'epoch';
    END IF;
END
