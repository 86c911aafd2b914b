-- Titles whose name contains the term, those with most votes first. %, _ and \ in the term mean themselves.
-- Inputs: the term (no longer than a name may be), at most how many rows (1 to 1000). Answers the rows of title_ft.
-- Reads every title: unlike the search of the pages (titles/reading/search.py), which finds beginnings of words by an
-- index, it finds any part of a name, also signs and short words that no index of words holds.
-- Errors: 45004 an empty or overlong term, or a limit out of bounds.
CREATE OR REPLACE PROCEDURE distributed_search(IN p_term LONGTEXT, IN p_limit LONGTEXT)
BEGIN
    DECLARE v_limit BIGINT DEFAULT rows_wanted(p_limit);
    DECLARE v_pattern LONGTEXT DEFAULT CONCAT('%', REPLACE(REPLACE(REPLACE(p_term, '!', '!!'), '%', '!%'), '_', '!_'), '%');
    IF COALESCE(p_term, '') = '' OR CHAR_LENGTH(p_term) > ${title_length} THEN
        CALL refuse_argument(CONCAT('term must have 1 to ${title_length} characters, not ', quoted(p_term),
                                    '. distributed_select lists all titles.'));
    END IF;
    -- As a parameter it compares by the column's collation, whatever that of the database is.
    EXECUTE IMMEDIATE 'SELECT tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear, weightedRating
        FROM title_ft WHERE primaryTitle LIKE ? ESCAPE ''!''
        ORDER BY numVotes DESC, tconst LIMIT ?' USING v_pattern, v_limit;
END
