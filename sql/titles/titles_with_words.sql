-- The keys of titles that have all these words of the index (indexed_words), the most relevant ones, at most so many,
-- as an array of JSON.
CREATE OR REPLACE FUNCTION titles_with_words(p_indexed LONGTEXT, p_most BIGINT) RETURNS LONGTEXT
    READS SQL DATA
    RETURN (SELECT COALESCE(JSON_ARRAYAGG(tconst), '[]') FROM (
        SELECT tconst FROM title_ft WHERE MATCH (primaryTitle) AGAINST (p_indexed IN BOOLEAN MODE) LIMIT p_most) AS found)
