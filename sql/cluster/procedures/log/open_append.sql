-- What every append of this node begins with, in the caller's transaction: it may take entries of that epoch, and takes them alone.
-- Inputs: the epoch of the primary that sends; p_boundary: TRUE when the sender keeps the order of epochs itself (reconcile),
-- FALSE for a push, which only a node that holds PROMOTION(p_epoch) may take.
-- Errors: 45002 stale epoch, or the epoch has not begun here. May be repeated.
CREATE OR REPLACE PROCEDURE open_append(IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    CALL require_promise(p_epoch);
    IF NOT p_boundary THEN
        CALL require_promotion(p_epoch);
    END IF;
    CALL lock_append();
END
