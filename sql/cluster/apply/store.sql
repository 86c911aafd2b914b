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
    ${collect_due}
    ${check_due}
    ${drop_twins}
    ${count_generated_key}
    ${store_due}
END
