-- One compare-and-set (claim_here) that also takes this node's own lease away.
-- Result: one row (claimed 0|1, promised, consent_epoch, consent_seconds left). The loser of two
-- claims is the one that finds `promised` no longer below its epoch. Errors: 45002 the node takes no part.
-- May be repeated with higher epochs.
CREATE OR REPLACE PROCEDURE claim(IN p_epoch INT UNSIGNED, IN p_waived_consent_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_claimed BOOLEAN;
    DECLARE v_promised INT;
    DECLARE v_consent_epoch INT UNSIGNED;
    DECLARE v_consent_seconds DOUBLE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL claim_here(p_epoch, p_waived_consent_epoch, v_claimed, v_promised, v_consent_epoch, v_consent_seconds);
    IF v_claimed THEN
        CALL raise_lease_end(p_epoch, 0);
    END IF;
    COMMIT;
    SELECT v_claimed AS claimed, v_promised AS promised, v_consent_epoch AS consent_epoch,
           GREATEST(v_consent_seconds, 0) AS consent_seconds;
END
