-- Raises lease_end; a lower value than the present one changes nothing. At once, whatever becomes of the caller's
-- transaction. Inputs: the epoch and the end in milliseconds since 1970: 0 takes the lease of every epoch below away,
-- 2^42 - 1 gives up the one of this epoch. May be repeated.
CREATE OR REPLACE PROCEDURE raise_lease_end(IN p_epoch INT UNSIGNED, IN p_milliseconds BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    -- SETVAL takes a number, not an expression.
    EXECUTE IMMEDIATE CONCAT('DO SETVAL(lease_end, ', (p_epoch << 42) + p_milliseconds, ', 0)');
END
