(SELECT DISTINCT record_id FROM JSON_TABLE(p_entries, '$$[*]' COLUMNS (
        table_name VARCHAR(64) PATH '$$.table_name', record_id VARCHAR(255) PATH '$$.record_id')) AS given
     WHERE table_name = '${table}') AS touched
    JOIN transaction_log AS newest FORCE INDEX (transaction_log_record)
      ON newest.table_name = '${table}' AND newest.record_id = touched.record_id COLLATE utf8mb4_nopad_bin
     AND newest.epoch = (SELECT MAX(epoch) FROM transaction_log AS e FORCE INDEX (transaction_log_record)
                         WHERE e.table_name = '${table}' AND e.record_id = touched.record_id COLLATE utf8mb4_nopad_bin)
     AND newest.log_id = (SELECT MAX(log_id) FROM transaction_log AS l FORCE INDEX (transaction_log_record)
                          WHERE l.table_name = '${table}' AND l.record_id = touched.record_id COLLATE utf8mb4_nopad_bin
                            AND l.epoch = newest.epoch)
