-- The id of the transaction that runs, for a session that chose none: one for the whole transaction, so that it survives whole or
-- not at all. Within a transaction the session's counters of beginnings and ends tell it from the others; they cost a third of a
-- millisecond and are read once a statement. Where the counters miss an end (an implicit one) two transactions share an
-- id, which only lets them travel together. A salt of its own tells sessions apart, also after a restart.
CREATE OR REPLACE FUNCTION unnamed_transaction() RETURNS VARCHAR(64) CHARSET ascii COLLATE ascii_bin
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_ends BIGINT;
    -- The outer statement's time, the same for all of its rows.
    IF @unnamed_at <=> NOW(6) AND @unnamed_in <=> @@in_transaction AND @unnamed_id IS NOT NULL THEN
        RETURN @unnamed_id;
    END IF;
    SET @unnamed_at = NOW(6), @unnamed_in = @@in_transaction, @unnamed_salt = COALESCE(@unnamed_salt, UUID_SHORT());
    IF @@in_transaction THEN
        SELECT SUM(VARIABLE_VALUE) INTO v_ends FROM information_schema.SESSION_STATUS
        WHERE VARIABLE_NAME IN ('COM_BEGIN', 'COM_COMMIT', 'COM_ROLLBACK', 'COM_XA_COMMIT', 'COM_XA_ROLLBACK', 'COM_XA_START');
        SET @unnamed_id = CONCAT('transaction-', @unnamed_salt, '-', v_ends);
    ELSE
        SET @unnamed_number = COALESCE(@unnamed_number, 0) + 1,
            @unnamed_id = CONCAT('statement-', @unnamed_salt, '-', @unnamed_number);
    END IF;
    RETURN @unnamed_id;
END
