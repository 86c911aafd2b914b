-- One compare-and-set: promises to refuse every epoch below p_epoch and takes this node's own lease
-- away. Waits for running write transactions (the barrier) and for a consent that may still permit
-- another node, unless it was given to p_excused_epoch, whose primary is known to have no lease, or before the present
-- promise: who raised that has waited for it already.
-- Result: one row (claimed 0|1, promised, consent_epoch, consent_seconds left). The loser of two
-- claims is the one that finds `promised` no longer below its epoch. Errors: 45002 the node takes no part.
-- May be repeated with higher epochs.
CREATE OR REPLACE PROCEDURE claim(IN p_epoch INT UNSIGNED, IN p_excused_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_promised INT;
    DECLARE v_consent_epoch, v_leases INT UNSIGNED;
    DECLARE v_consent_seconds DOUBLE;
    DECLARE v_claimed BOOLEAN DEFAULT FALSE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' FOR UPDATE;
    SELECT config_value INTO v_promised FROM node_config WHERE config_key = 'epoch' FOR UPDATE;
    CALL require_member(v_promised);
    SELECT config_value INTO v_consent_epoch FROM node_config WHERE config_key = 'consent_epoch';
    SELECT config_value - UNIX_TIMESTAMP(SYSDATE(6)) INTO v_consent_seconds
    FROM node_config WHERE config_key = 'consent_until';
    SELECT COUNT(*) INTO v_leases FROM lease;
    IF v_promised < p_epoch
       AND (v_leases > 0 OR v_consent_seconds <= 0 OR v_consent_epoch < v_promised
            OR v_consent_epoch <=> p_excused_epoch) THEN
        CALL raise_lease_end(p_epoch, 0);
        UPDATE node_config SET config_value = p_epoch WHERE config_key = 'epoch';
        SET v_claimed = TRUE;
    END IF;
    COMMIT;
    SELECT v_claimed AS claimed, v_promised AS promised, v_consent_epoch AS consent_epoch,
           GREATEST(v_consent_seconds, 0) AS consent_seconds;
END
