-- Makes this node follow the primary of p_epoch: raises the promise where it is lower, with the barrier
-- and without any lease, so that nothing of an older epoch is written here afterwards.
-- A node that knows no epoch may have lost its data and with it a promise: it comes back by rebuild_node alone.
-- Errors: 45002 this node has promised a higher epoch or takes no part. May be repeated.
CREATE OR REPLACE PROCEDURE follow(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL follow_here(p_epoch);
    CALL raise_lease_end(p_epoch, 0);
    COMMIT;
END
