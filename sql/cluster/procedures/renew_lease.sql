-- Extends the lease that this node holds. Never grants one: a restarted node stays without.
-- Inputs: the epoch and the new end in seconds since 1970 on this server's clock. Takes no barrier: a
-- long transaction must not cost the primary its lease.
-- Errors: 45002 another epoch was promised, or there is no lease to renew. May be repeated.
CREATE OR REPLACE PROCEDURE renew_lease(IN p_epoch INT UNSIGNED, IN p_until DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_leases INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL require_promise(p_epoch);
    SELECT COUNT(*) INTO v_leases FROM lease WHERE epoch = p_epoch;
    IF v_leases = 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 45002, MESSAGE_TEXT = 'this node holds no lease to renew; it has to be promoted again.';
    END IF;
    CALL raise_lease_end(p_epoch, FLOOR(p_until * 1000));
    COMMIT;
END
