-- Refuses a procedure of the SQL console. Inputs: the sentence that says what to do. Errors: always 45001.
CREATE OR REPLACE PROCEDURE refuse(IN p_sentence TEXT)
    SQL SECURITY DEFINER
BEGIN
    SET p_sentence = LEFT(p_sentence, 500);
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${not_writable}, MESSAGE_TEXT = p_sentence;
END
