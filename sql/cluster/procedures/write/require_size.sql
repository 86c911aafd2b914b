-- Refuses a row whose image would be larger than the limit, before it is made; called by the log triggers.
-- Inputs: the table and the record, the limit and the size of the image in bytes. Errors: 45004 too large.
CREATE OR REPLACE PROCEDURE require_size(
    IN p_table VARCHAR(64), IN p_record LONGTEXT, IN p_limit BIGINT UNSIGNED, IN p_size BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_sentence VARCHAR(500);
    IF p_size > p_limit THEN
        SET v_sentence = CONCAT('The row ', QUOTE(LEFT(p_record, 60)), ' of ', p_table, ' takes at least ',
            CEIL(p_size / 1048576), ' MiB as JSON in the log; the limit is ', FORMAT(p_limit / 1048576, 0),
            ' MiB for one row. Keep content of this size in files or object storage and its name in the row.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_sentence;
    END IF;
END
