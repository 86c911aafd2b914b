IF ${removes} THEN
    DELETE own FROM `${due}` AS due JOIN `${table}` AS own ON ${same_key} WHERE ${removed};
END IF;
IF p_record IS NULL THEN
    INSERT INTO `${table}` (${columns})
    SELECT ${values} FROM `${due}` JOIN transaction_log AS entry USING (log_id, epoch) WHERE NOT is_gone${upsert};
ELSEIF EXISTS (SELECT 1 FROM `${due}` WHERE NOT is_gone) THEN
    CALL `${singly}`();
END IF;
