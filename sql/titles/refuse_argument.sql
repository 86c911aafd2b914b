-- Refuses a call for one of its arguments. Inputs: the sentence, which ends with what to do. Errors: always 45004.
CREATE OR REPLACE PROCEDURE refuse_argument(IN p_sentence TEXT)
BEGIN
    SET p_sentence = LEFT(p_sentence, 500);
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = p_sentence;
END
