-- Refuses what cannot be the name of a title: nothing, blanks, or more than 1024 characters. Errors: 45004.
CREATE OR REPLACE PROCEDURE require_title(IN p_title LONGTEXT)
BEGIN
    IF COALESCE(TRIM(p_title), '') = '' THEN
        CALL refuse_argument(CONCAT('primaryTitle must have at least one character that is not a blank, not ', quoted(p_title), '.'));
    ELSEIF CHAR_LENGTH(p_title) > 1024 THEN
        CALL refuse_argument(CONCAT('primaryTitle must have at most 1024 characters, not ', CHAR_LENGTH(p_title), '. Shorten it.'));
    END IF;
END
