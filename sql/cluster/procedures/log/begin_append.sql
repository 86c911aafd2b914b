-- Opens the transaction in which the cluster's account adds entries and stores their images, and sets the apply flag.
-- Inputs and errors: open_append. Result: one row (last log id here).
CREATE OR REPLACE PROCEDURE begin_append(IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    START TRANSACTION;
    CALL open_append(p_epoch, p_boundary);
    SELECT secret INTO @federated_operation FROM apply_secret;
    SELECT COALESCE(MAX(log_id), 0) AS last_log_id FROM transaction_log;
END
