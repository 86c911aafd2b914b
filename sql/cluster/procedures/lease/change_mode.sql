-- Puts this node into a mode in which it takes no writes: waits for running write transactions
-- (the barrier), gives up the lease, sets the mode. NULL keeps the mode and only gives up the lease.
-- A change into RECOVERING begins the count of replayed transactions anew. p_epoch: the promise under which the caller
-- acts, so that one who is late closes no newer primary; NULL: whatever it is.
-- Errors: 1205 a write transaction did not end in time, 45002 another epoch was promised, 45001 a prepared XA transaction;
-- nothing is changed then. May be repeated.
CREATE OR REPLACE PROCEDURE change_mode(IN p_mode VARCHAR(32), IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_promised INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL lock_barrier(v_mode, v_promised);
    IF p_epoch IS NOT NULL THEN
        CALL require_promise(p_epoch);
    END IF;
    IF v_mode IN ('PRIMARY', 'ACTING_MASTER') THEN
        CALL refuse_prepared();
    END IF;
    CALL raise_lease_end((SELECT next_not_cached_value >> 42 FROM lease_end), 4398046511103);
    IF p_mode <> v_mode THEN
        UPDATE node_config SET config_value = p_mode WHERE config_key = 'node_mode';
        IF p_mode = 'RECOVERING' THEN
            UPDATE node_config SET config_value = 0 WHERE config_key = 'replayed_transactions';
        END IF;
    END IF;
    COMMIT;
END
