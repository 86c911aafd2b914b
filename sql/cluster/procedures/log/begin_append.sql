-- Opens the transaction in which the cluster's account adds entries and stores their images: one append
-- at a time on a node, so the newest entry of a record is the newest for good. Sets the apply flag.
-- Inputs: the epoch of the primary that sends; p_boundary: TRUE when the sender keeps the order of epochs
-- itself (reconcile), FALSE for a push, which only a node that holds PROMOTION(p_epoch) may take.
-- Result: one row (last log id here, recovering 0|1). Errors: 45002 stale epoch, or the epoch has not begun here.
CREATE OR REPLACE PROCEDURE begin_append(IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    START TRANSACTION;
    CALL require_promise(p_epoch);
    IF NOT p_boundary THEN
        CALL require_promotion(p_epoch);
    END IF;
    CALL lock_append();
    SELECT secret INTO @federated_operation FROM apply_secret;
    SELECT (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log) AS last_log_id,
           (SELECT config_value = 'RECOVERING' FROM node_config WHERE config_key = 'node_mode') AS recovering;
END
