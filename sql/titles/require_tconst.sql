-- Refuses what is not an identifier of a title. Errors: 45004.
CREATE OR REPLACE PROCEDURE require_tconst(IN p_tconst LONGTEXT)
BEGIN
    IF NOT COALESCE(p_tconst COLLATE utf8mb4_bin REGEXP '^tt[0-9]{7,10}\\z', FALSE) THEN
        CALL refuse_argument(CONCAT('tconst must be tt and 7 to 10 digits, such as tt0111161, not ', quoted(p_tconst), '.'));
    END IF;
END
