-- Refuses what is not an identifier of a title. Errors: 45004.
CREATE OR REPLACE PROCEDURE require_tconst(IN p_tconst LONGTEXT)
BEGIN
    IF NOT COALESCE(p_tconst COLLATE utf8mb4_bin REGEXP '^${tconst}\\z', FALSE) THEN
        CALL refuse_argument(CONCAT('tconst must be ${tconst_in_words}, such as tt0111161, not ', quoted(p_tconst), '.'));
    END IF;
END
