-- Brings the records of one table that the entries of given_entry changed to the images of their newest entries, in the
-- caller's transaction with the apply flag set: all of them at once, or p_record alone (see ${singly}). Keys are compared with the types and
-- collations of their columns. Out: why not, NULL when they are stored; no row is changed otherwise.
-- Errors: what says nothing about the rows (is_passing). May be repeated.
CREATE OR REPLACE PROCEDURE `${routine}`(
    IN p_record VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_gone, v_odd, v_twins, v_number INT;
    -- A value that a strict session refuses as truncated has the SQLSTATE of a warning.
    DECLARE EXIT HANDLER FOR SQLEXCEPTION, 1261, 1262, 1263, 1265
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_number = MYSQL_ERRNO, p_problem = MESSAGE_TEXT;
        IF is_passing(v_number) THEN
            RESIGNAL;  -- after a deadlock there is nothing to go back to
        END IF;
        ROLLBACK TO SAVEPOINT before_store;
        IF v_number = 1267 THEN  -- the keys have another collation than when this session made the table; the next call makes it anew
            DROP TEMPORARY TABLE IF EXISTS `${due}`;
        END IF;
        SET p_problem = CONCAT(p_problem, ' (', v_number, ')');
    END;
    SAVEPOINT before_store;
    SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';
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
    SELECT SUM(is_gone), SUM(NOT is_gone AND NOT JSON_KEYS(entry.new_value) <=> '${shape}'), SUM(${is_twin})
    INTO v_gone, v_odd, v_twins
    FROM `${due}` AS due JOIN transaction_log AS entry USING (log_id, epoch)${own_row};
    IF p_record IS NULL AND v_odd > 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = 'an image has other columns than the table.';
    END IF;${twins}${counted}
    IF ${removes} THEN
        DELETE own FROM `${due}` AS due JOIN `${table}` AS own ON ${same_key} WHERE ${removed};
    END IF;
    IF p_record IS NULL THEN
        INSERT INTO `${table}` (${columns})
        SELECT ${values} FROM `${due}` JOIN transaction_log AS entry USING (log_id, epoch) WHERE NOT is_gone${upsert};
    ELSEIF EXISTS (SELECT 1 FROM `${due}` WHERE NOT is_gone) THEN
        CALL `${singly}`();
    END IF;
END
