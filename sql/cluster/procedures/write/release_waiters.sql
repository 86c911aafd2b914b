-- Wakes the writers that wait at the latches of some slots: takes the user locks of their next generations, publishes these, lets
-- the present ones go. A session that begins to serve takes all latches first, so that no writer finds its own free.
-- Somebody else's lock on a next generation is stepped over. Input: the slots, separated by commas. May be repeated.
CREATE OR REPLACE PROCEDURE release_waiters(IN p_slots TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_name VARCHAR(64) DEFAULT CONCAT('mco2.', DATABASE(), '.');
    DECLARE v_slots TEXT DEFAULT p_slots;
    IF @serves_latches IS NULL OR (SELECT COUNT(*) FROM acknowledgement_latch) < 64 THEN
        INSERT IGNORE INTO acknowledgement_latch (slot, generation, previous)
        SELECT seq, CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS UNSIGNED), 0 FROM seq_0_to_63;
        SELECT GROUP_CONCAT(slot) INTO v_slots FROM acknowledgement_latch;
        SET @serves_latches = TRUE;
    END IF;
    UPDATE acknowledgement_latch
    SET previous = generation,
        generation = generation + CASE WHEN GET_LOCK(CONCAT(v_name, slot, '.', generation + 1), 0) THEN 1
                                       WHEN GET_LOCK(CONCAT(v_name, slot, '.', generation + 2), 0) THEN 2
                                       WHEN GET_LOCK(CONCAT(v_name, slot, '.', generation + 3), 0) THEN 3 ELSE 0 END
    WHERE FIND_IN_SET(slot, v_slots);
    DO (SELECT COUNT(RELEASE_LOCK(CONCAT(v_name, slot, '.', previous))) FROM acknowledgement_latch WHERE FIND_IN_SET(slot, v_slots));
END
