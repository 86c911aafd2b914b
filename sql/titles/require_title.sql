-- Refuses what cannot be the name of a title: nothing, blanks, or too many characters. Errors: 45004.
CREATE OR REPLACE PROCEDURE require_title(IN p_title LONGTEXT)
BEGIN
    IF COALESCE(TRIM(p_title), '') = '' THEN
        CALL refuse_argument(CONCAT('primaryTitle must have at least one character that is not a blank, not ', quoted(p_title), '.'));
    ELSEIF CHAR_LENGTH(p_title) > ${title_length} THEN
        CALL refuse_argument(CONCAT('primaryTitle must have at most ${title_length} characters, not ', CHAR_LENGTH(p_title), '. Shorten it.'));
    END IF;
END
