-- Of these titles (an array of JSON), those in which each of the typed words that no index holds begins a word, too.
CREATE OR REPLACE FUNCTION titles_with_others(p_titles LONGTEXT, p_words LONGTEXT) RETURNS LONGTEXT
    READS SQL DATA
BEGIN
    DECLARE v_typed LONGTEXT DEFAULT CONCAT('[', REPLACE(JSON_QUOTE(p_words), ' ', '","'), ']');
    DECLARE v_others LONGTEXT DEFAULT (
        SELECT JSON_ARRAYAGG(CONCAT('% ', like_prefix(word)))
        FROM JSON_TABLE(v_typed, '$[*]' COLUMNS (word LONGTEXT PATH '$')) AS typed WHERE indexed_words(word) = '');
    IF v_others IS NULL THEN
        RETURN (SELECT COALESCE(JSON_ARRAYAGG(DISTINCT tconst), '[]')
                FROM JSON_TABLE(p_titles, '$[*]' COLUMNS (tconst VARCHAR(12) PATH '$')) AS found);
    END IF;
    RETURN (
        SELECT COALESCE(JSON_ARRAYAGG(DISTINCT title_ft.tconst), '[]')
        FROM JSON_TABLE(p_titles, '$[*]' COLUMNS (tconst VARCHAR(12) CHARACTER SET ascii PATH '$')) AS found
        JOIN title_ft ON title_ft.tconst = found.tconst
        WHERE NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(v_others, '$[*]' COLUMNS (pattern LONGTEXT PATH '$')) AS other
            WHERE CONCAT(' ', primaryTitle, ' ', REGEXP_REPLACE(primaryTitle, '\\W+', ' ')) NOT LIKE pattern COLLATE ${linguistic} ESCAPE '!'));
END
