-- Brings the one record of ${due} to its image, whatever this server's own checks say, and compares what it stored with the
-- image: a value that a writer could store is stored, one that would be cut or changed is an error. An image that lacks a
-- column, of an older shape, leaves what the row has, or the column's default. Errors: those of the server; 45004 the row cannot
-- be what the image says. Part of ${routine}. May be repeated.
CREATE OR REPLACE PROCEDURE `${singly}`()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem VARCHAR(500);
    DECLARE v_new, v_stored LONGTEXT;
    DECLARE v_known INT;
    DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END;  -- what became of the value is seen in what was stored
    SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';
    SELECT entry.new_value INTO v_new FROM `${due}` JOIN transaction_log AS entry USING (log_id, epoch);
    SET v_known = ${known};
    IF NOT JSON_LENGTH(v_new) <=> v_known THEN
        SET v_problem = COALESCE(CONCAT('the table lacks a column of the image: ', JSON_KEYS(v_new)), 'the entry has no image');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_problem;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM `${due}` AS due JOIN `${table}` AS own ON ${same_key}) THEN
        IF v_known = ${columns_number} THEN
            INSERT INTO `${table}` (${columns})
            SELECT ${values} FROM `${due}` JOIN transaction_log AS entry USING (log_id, epoch);
        ELSE
            INSERT INTO `${table}` (${key_columns}) SELECT ${key_names} FROM `${due}`;
        END IF;
    END IF;
    -- One table alone: a handler does not see the errors of an UPDATE of several (10.11).
    UPDATE `${table}` AS own SET ${given_values} WHERE ${due_key};
    SELECT ${stored_image} INTO v_stored FROM `${due}` AS due JOIN `${table}` AS own ON ${same_key};
    SET v_problem = CONCAT_WS(', ', ${differing});
    IF v_stored IS NULL OR v_problem <> '' THEN
        SET v_problem = CONCAT('stored as something else: ', v_problem);
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_problem;
    END IF;
END
