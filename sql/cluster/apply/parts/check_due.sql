SELECT SUM(is_gone), SUM(NOT is_gone AND NOT JSON_KEYS(entry.new_value) <=> '${shape}'), SUM(${is_twin})
INTO v_gone, v_odd, v_twins
FROM `${due}` AS due JOIN transaction_log AS entry USING (log_id, epoch)${own_row};
IF p_record IS NULL AND v_odd > 0 THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = 'an image has other columns than the table.';
END IF;
