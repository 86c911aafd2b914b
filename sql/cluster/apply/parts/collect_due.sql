CREATE TEMPORARY TABLE IF NOT EXISTS `${due}` (
    epoch INT UNSIGNED NOT NULL, log_id BIGINT UNSIGNED NOT NULL, is_gone BOOLEAN NOT NULL,
    record_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (log_id, epoch)
) ENGINE = Aria TRANSACTIONAL = 0
SELECT 0 AS epoch, 0 AS log_id, FALSE AS is_gone, '' AS record_id, ${typed_keys} FROM `${table}` LIMIT 0;
DELETE FROM `${due}`;
INSERT INTO `${due}` (epoch, log_id, is_gone, record_id, ${key_names})
SELECT entry.epoch, entry.log_id, entry.operation_type = 'DELETE', touched.record_id, ${keys}
FROM (SELECT DISTINCT record_id FROM given_entry JOIN transaction_log USING (log_id, epoch)
      WHERE table_name = '${table}' AND (p_record IS NULL OR record_id = p_record)) AS touched
-- By both parts of the key: a comparison with the record alone would read all of its entries.
JOIN transaction_log AS entry
  ON entry.epoch = (SELECT epoch FROM transaction_log AS e FORCE INDEX (transaction_log_record)
                    WHERE e.table_name = '${table}' AND e.record_id = touched.record_id
                    ORDER BY epoch DESC, log_id DESC LIMIT 1)
 AND entry.log_id = (SELECT log_id FROM transaction_log AS l FORCE INDEX (transaction_log_record)
                     WHERE l.table_name = '${table}' AND l.record_id = touched.record_id
                     ORDER BY epoch DESC, log_id DESC LIMIT 1);
