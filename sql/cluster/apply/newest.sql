(SELECT DISTINCT record_id FROM JSON_TABLE(p_entries, '$$[*]' COLUMNS (
        table_name VARCHAR(64) PATH '$$.table_name', record_id VARCHAR(255) PATH '$$.record_id')) AS given
     WHERE table_name = '${table}') AS touched
    -- By both parts of the key: a comparison with the record alone would read all of its entries.
    JOIN transaction_log AS newest
      ON newest.epoch = (SELECT epoch FROM transaction_log AS e FORCE INDEX (transaction_log_record)
                         WHERE e.table_name = '${table}' AND e.record_id = touched.record_id COLLATE utf8mb4_nopad_bin
                         ORDER BY epoch DESC, log_id DESC LIMIT 1)
     AND newest.log_id = (SELECT log_id FROM transaction_log AS l FORCE INDEX (transaction_log_record)
                          WHERE l.table_name = '${table}' AND l.record_id = touched.record_id COLLATE utf8mb4_nopad_bin
                          ORDER BY epoch DESC, log_id DESC LIMIT 1)
