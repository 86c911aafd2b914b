-- Makes this node follow the primary of p_epoch: raises the promise where it is lower, with the barrier
-- and without any lease, so that nothing of an older epoch is written here afterwards.
-- A node that knows no epoch may have lost its data and with it a promise: it comes back by rebuild_node alone.
-- Errors: 45002 this node has promised a higher epoch or takes no part. May be repeated.
CREATE OR REPLACE PROCEDURE follow(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_promised INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' FOR UPDATE;
    SELECT config_value INTO v_promised FROM node_config WHERE config_key = 'epoch' FOR UPDATE;
    CALL require_member(v_promised);
    IF v_promised = 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 45002, MESSAGE_TEXT =
            'this node knows no epoch: it is new, or it lost its data. rebuild_node brings it in.';
    END IF;
    UPDATE node_config SET config_value = p_epoch WHERE config_key = 'epoch' AND v_promised < p_epoch;
    CALL require_promise(p_epoch);
    CALL raise_lease_end(p_epoch, 0);
    COMMIT;
END
