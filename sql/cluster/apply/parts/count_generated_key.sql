IF v_gone > 0 THEN
    -- The server counts a generated key only when it stores it; as the primary it would hand this one out again.
    BEGIN
        DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END;
        INSERT IGNORE INTO `${table}` (${columns})
        SELECT ${lost_values} FROM (SELECT log_id, epoch FROM `${due}` WHERE is_gone ORDER BY key_1 DESC LIMIT 1) AS last
        JOIN transaction_log AS entry USING (log_id, epoch);
    END;
END IF;
