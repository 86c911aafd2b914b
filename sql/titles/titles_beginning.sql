-- The keys of titles whose name begins so, at most so many, as an array of JSON.
CREATE OR REPLACE FUNCTION titles_beginning(p_beginning LONGTEXT, p_most BIGINT) RETURNS LONGTEXT
    READS SQL DATA
BEGIN
    DECLARE v_pattern LONGTEXT DEFAULT like_prefix(p_beginning);
    RETURN (SELECT COALESCE(JSON_ARRAYAGG(tconst), '[]') FROM (
        SELECT tconst FROM title_ft WHERE primaryTitle LIKE v_pattern COLLATE ${linguistic} ESCAPE '!' LIMIT p_most) AS found);
END
