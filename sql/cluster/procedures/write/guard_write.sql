-- Lets a write pass or refuses it; called by the BEFORE triggers of every replicated table.
-- Takes the mode row in share mode: a mode change or a claim takes it exclusively, so it waits for
-- running transactions, and later ones see it (the barrier).
-- Invariant (b): at most one node takes writes. SYSDATE, not NOW: a session can set NOW.
-- Errors: 45001 this node does not take writes.
CREATE OR REPLACE PROCEDURE guard_write()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_permitted INT;
    DECLARE v_now BIGINT UNSIGNED;
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' LOCK IN SHARE MODE;
    SET v_now = CEILING(UNIX_TIMESTAMP(SYSDATE(6)) * 1000);  -- after the wait for that row
    -- As the view lease says, which would be read and parsed anew for each row.
    SELECT COUNT(*) INTO v_permitted
    FROM lease_end JOIN write_lease ON epoch = lease_end.next_not_cached_value >> 42 JOIN lease_begin
    WHERE lease_end.next_not_cached_value & 4398046511103 BETWEEN v_now AND 4398046511102
      AND lease_begin.next_not_cached_value <= (epoch << 42) + v_now + 50;
    IF v_permitted = 0 OR v_mode NOT IN ('PRIMARY', 'ACTING_MASTER') THEN
        CALL refuse_write(v_mode);
    END IF;
END
