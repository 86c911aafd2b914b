-- Extends the lease that this node holds. Never grants one: a restarted node stays without.
-- Inputs: the epoch, and the lease as for open_writes. Takes no barrier: a long transaction must not cost the primary
-- its lease. Errors: 45002 another epoch was promised, there is no lease to renew, or the clock has stepped back.
-- May be repeated.
CREATE OR REPLACE PROCEDURE renew_lease(IN p_epoch INT UNSIGNED, IN p_since DOUBLE, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_leases INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL require_promise(p_epoch);
    CALL drop_overtaken_lease();
    SELECT COUNT(*) INTO v_leases FROM lease WHERE epoch = p_epoch;
    IF v_leases = 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT = 'this node holds no lease to renew; it has to be promoted again.';
    END IF;
    CALL permit(p_epoch, p_since, p_seconds);
    COMMIT;
END
