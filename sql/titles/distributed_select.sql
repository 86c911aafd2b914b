-- The first titles in the order of one column; those without a value in it come last.
-- Inputs: one of title_ft's columns, ASC or DESC, at most how many (1 to ${most_rows}). Answers the rows of title_ft.
-- Errors: 45004 an unknown column or direction, or a limit out of bounds.
CREATE OR REPLACE PROCEDURE distributed_select(IN p_column LONGTEXT, IN p_direction LONGTEXT, IN p_limit LONGTEXT)
BEGIN
    DECLARE v_limit BIGINT;
    -- Only these words reach the statement, and never the caller's own text.
    DECLARE v_column VARCHAR(64) DEFAULT ELT(
        FIELD(p_column, 'tconst', 'primaryTitle', 'runtimeMinutes', 'averageRating', 'numVotes', 'startYear', 'weightedRating'),
        'tconst', 'primaryTitle', 'runtimeMinutes', 'averageRating', 'numVotes', 'startYear', 'weightedRating');
    DECLARE v_direction VARCHAR(4) DEFAULT ELT(FIELD(p_direction, 'ASC', 'DESC'), 'ASC', 'DESC');
    IF v_column IS NULL THEN
        CALL refuse_argument(CONCAT('column must be tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear or ',
                                    'weightedRating, not ', quoted(p_column), '.'));
    ELSEIF v_direction IS NULL THEN
        CALL refuse_argument(CONCAT('direction must be ASC or DESC, not ', quoted(p_direction), '.'));
    END IF;
    SET v_limit = rows_wanted(p_limit);
    EXECUTE IMMEDIATE REPLACE(REPLACE(REPLACE(
        'SELECT tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear, weightedRating FROM (
            (SELECT 0 AS missing, title_ft.* FROM title_ft WHERE <column> IS NOT NULL
             ORDER BY <column> <direction>, tconst <direction> LIMIT <limit>)
            UNION ALL
            (SELECT 1, title_ft.* FROM title_ft WHERE <column> IS NULL ORDER BY tconst <direction> LIMIT <limit>)) AS found
         ORDER BY missing, <column> <direction>, tconst <direction> LIMIT <limit>',
        '<column>', v_column), '<direction>', v_direction), '<limit>', v_limit);
END
