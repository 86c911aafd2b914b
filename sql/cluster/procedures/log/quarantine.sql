-- Notes that a record could not be brought to its newest entry, in the caller's transaction. Inputs: the record, and why.
-- May be repeated.
CREATE OR REPLACE PROCEDURE quarantine(
    IN p_table VARCHAR(64),
    IN p_record VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_reason TEXT)
    SQL SECURITY DEFINER
    INSERT INTO quarantined_entry (table_name, record_id, epoch, log_id, reason, tried_at)
    SELECT table_name, record_id, epoch, log_id, LEFT(p_reason, 500), UTC_TIMESTAMP(6)
    FROM transaction_log WHERE table_name = p_table AND record_id = p_record ORDER BY epoch DESC, log_id DESC LIMIT 1
    ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), log_id = VALUES(log_id), reason = VALUES(reason), tried_at = VALUES(tried_at)
