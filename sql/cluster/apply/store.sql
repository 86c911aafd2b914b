-- Brings the records of one table that stand in p_entries to the images of their newest entries in the log.
-- Runs in the caller's transaction with the apply flag set. May be repeated.
CREATE OR REPLACE PROCEDURE store_${table}(IN p_entries LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_old LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
${declared}
    DECLARE v_gone BOOLEAN;
    DECLARE v_over BOOLEAN DEFAULT FALSE;
    DECLARE gone CURSOR FOR SELECT COALESCE(newest.new_value, newest.old_value), newest.new_value IS NULL FROM ${newest} WHERE ${replaced};
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_over = TRUE;
    OPEN gone;
    removing: LOOP
        FETCH gone INTO v_old, v_gone;
        IF v_over THEN
            LEAVE removing;
        END IF;${counted}
        SET ${assigned};
        DELETE FROM `${table}` WHERE ${condition};
    END LOOP;
    CLOSE gone;
    INSERT INTO `${table}` (${columns})
    SELECT ${values} FROM ${newest} WHERE newest.new_value IS NOT NULL
    ON DUPLICATE KEY UPDATE ${updates};
END
