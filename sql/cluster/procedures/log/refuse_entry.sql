-- Refuses a write whose entry the log cannot hold; the writer's statement is undone.
-- Inputs: as write_entry. Errors: always 45004.
CREATE OR REPLACE PROCEDURE refuse_entry(IN p_operation VARCHAR(16), IN p_table VARCHAR(64), IN p_record LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_reason VARCHAR(255) DEFAULT 'the server made no JSON of the row. Is it larger than max_allowed_packet allows?';
    DECLARE v_sentence VARCHAR(500);
    IF p_record IS NULL THEN
        SET v_reason = 'its primary key is NULL as text. Give the row another key.';
    ELSEIF CHAR_LENGTH(p_record) > 255 THEN
        SET v_reason = CONCAT('its primary key has ', CHAR_LENGTH(p_record),
            ' characters as text; the log identifies a row by at most 255. Give the row a shorter key.');
    END IF;
    SET v_sentence = CONCAT('The ', p_operation, ' in ', p_table, ' of ', QUOTE(LEFT(p_record, 60)),
        ' was refused: ', v_reason);
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_sentence;
END
