-- Wakes the writers that wait at the latch: takes the user lock of the next generation, publishes it, lets the
-- present one go. Called by the replicator on the connection that holds the latch, after it has written acknowledgements.
-- Somebody else's lock on the next generation is stepped over. May be repeated.
CREATE OR REPLACE PROCEDURE release_waiters()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_present BIGINT UNSIGNED DEFAULT (SELECT MAX(generation) FROM acknowledgement_latch);
    DECLARE v_next BIGINT UNSIGNED DEFAULT COALESCE(v_present, CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS UNSIGNED)) + 1;
    WHILE NOT GET_LOCK(CONCAT('mco2.', DATABASE(), '.', v_next), 0) DO
        SET v_next = v_next + 1;
    END WHILE;
    IF v_present IS NULL THEN
        INSERT INTO acknowledgement_latch VALUES (v_next);
    ELSE
        UPDATE acknowledgement_latch SET generation = v_next;
        DO RELEASE_LOCK(CONCAT('mco2.', DATABASE(), '.', v_present));
    END IF;
END
