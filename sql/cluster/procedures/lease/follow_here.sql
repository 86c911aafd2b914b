-- A raise of the promise in the caller's transaction; see follow. The lease is left to the caller, as by claim_here.
-- Errors: 45002 this node has promised a higher epoch, takes no part or knows no epoch, 45001 a prepared XA transaction. May be repeated.
CREATE OR REPLACE PROCEDURE follow_here(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_promised INT;
    CALL lock_barrier(v_mode, v_promised);
    CALL require_member(v_promised);
    IF v_mode IN ('PRIMARY', 'ACTING_MASTER') THEN  -- a follower was asked when it ceased to be one
        CALL refuse_prepared();
    END IF;
    IF v_promised = 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT =
            'this node knows no epoch: it is new, or it lost its data. rebuild_node brings it in.';
    END IF;
    UPDATE node_config SET config_value = p_epoch WHERE config_key = 'epoch' AND v_promised < p_epoch;
    CALL require_promise(p_epoch);
END
