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
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' LOCK IN SHARE MODE;
    SELECT COUNT(*) INTO v_permitted FROM write_lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6));
    IF v_permitted = 0 OR v_mode NOT IN ('PRIMARY', 'ACTING_MASTER') THEN
        CALL refuse_write(v_mode);
    END IF;
END
