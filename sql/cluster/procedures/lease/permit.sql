-- Lets the lease of an epoch run for p_seconds from p_since, a reading of this server's clock before anybody consented.
-- A clock that has stepped back since cannot tell how long the consents still run: then the lease is given up (invariant
-- (b)). Errors: 45002 the clock has stepped back. May be repeated.
CREATE OR REPLACE PROCEDURE permit(IN p_epoch INT UNSIGNED, IN p_since DOUBLE, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    -- The begin first: an end without it would hold whatever the clock does.
    EXECUTE IMMEDIATE CONCAT('DO SETVAL(lease_begin, ', (p_epoch << 42) + FLOOR(p_since * 1000), ', 0)');
    IF is_overtaken(p_epoch) THEN
        CALL raise_lease_end(p_epoch, 4398046511103);
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT =
            'the clock of this node has stepped back, so its lease is given up; it goes on in a new epoch.';
    END IF;
    CALL raise_lease_end(p_epoch, FLOOR((p_since + p_seconds) * 1000));
END
