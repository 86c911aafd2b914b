-- An entry of the log as append_entries takes it. One character set for all parts, or the server refuses to join them.
CREATE OR REPLACE FUNCTION entry_as_json(
    p_log_id BIGINT UNSIGNED, p_epoch INT UNSIGNED, p_transaction_id VARCHAR(64), p_log_sequence INT UNSIGNED,
    p_log_type VARCHAR(8), p_operation_type VARCHAR(16), p_table_name VARCHAR(64),
    p_record_id VARCHAR(255), p_old_value LONGTEXT, p_new_value LONGTEXT,
    p_source_node VARCHAR(32), p_timestamp VARCHAR(32))
    RETURNS LONGTEXT
    DETERMINISTIC NO SQL
    RETURN JSON_OBJECT(
        'log_id', p_log_id, 'epoch', p_epoch, 'transaction_id', p_transaction_id, 'log_sequence', p_log_sequence,
        'log_type', p_log_type, 'operation_type', p_operation_type, 'table_name', p_table_name, 'record_id', p_record_id,
        'old_value', p_old_value, 'new_value', p_new_value, 'source_node', p_source_node, 'timestamp', p_timestamp)
