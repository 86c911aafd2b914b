-- The titles that a term finds, by the rule of the pages (search_titles), those with most votes first.
-- Inputs: the term (no longer than a name may be), at most how many rows (1 to ${most_rows}). Answers the rows of title_ft.
-- Errors: 45004 an empty or overlong term, or a limit out of bounds.
CREATE OR REPLACE PROCEDURE distributed_search(IN p_term LONGTEXT, IN p_limit LONGTEXT)
BEGIN
    DECLARE v_limit BIGINT DEFAULT rows_wanted(p_limit);
    IF TRIM(COALESCE(p_term, '')) = '' OR CHAR_LENGTH(p_term) > ${title_length} THEN
        CALL refuse_argument(CONCAT('term must have 1 to ${title_length} characters, not ', quoted(p_term),
                                    '. distributed_select lists all titles.'));
    END IF;
    SELECT title_ft.tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear, weightedRating
    FROM JSON_TABLE(search_titles(p_term, ${most_rows}), '$.titles[*]'
                    COLUMNS (tconst VARCHAR(12) CHARACTER SET ascii PATH '$')) AS found
    JOIN title_ft ON title_ft.tconst = found.tconst
    ORDER BY numVotes DESC, title_ft.tconst DESC LIMIT v_limit;
END
