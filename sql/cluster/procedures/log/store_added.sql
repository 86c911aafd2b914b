-- Stores what an append has added, whoever appends: counts the transactions that a recovering node replays, then store_given.
-- In the caller's transaction; sets the apply flag, and takes it from the session.
-- Input: the temporary table given_entry (epoch, log_id), the entries that were not here before. Errors: as store_tables.
CREATE OR REPLACE PROCEDURE store_added()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    -- By itself: within another statement it would lock the mode, and a claim would wait until all is stored.
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode';
    IF v_mode = 'RECOVERING' THEN
        -- The first entry of a transaction stands for it, wherever a window cuts it.
        UPDATE node_config SET config_value = config_value + (
            SELECT COUNT(*) FROM given_entry JOIN transaction_log USING (log_id, epoch) WHERE log_type = 'ROW' AND log_sequence = 1)
        WHERE config_key = 'replayed_transactions';
    END IF;
    SELECT secret INTO @federated_operation FROM apply_secret;
    CALL store_given();
    SET @federated_operation = NULL;
END
