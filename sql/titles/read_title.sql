-- Checks the arguments of a title that is to be written and gives them their types.
-- Errors: 45004 one of them is wrong; the sentence names it and its bounds (those of titles/catalogue/limits.py).
CREATE OR REPLACE PROCEDURE read_title(
    IN p_tconst LONGTEXT, IN p_primaryTitle LONGTEXT, IN p_runtimeMinutes LONGTEXT,
    IN p_averageRating LONGTEXT, IN p_numVotes LONGTEXT, IN p_startYear LONGTEXT,
    OUT p_runtime BIGINT, OUT p_rating DECIMAL(3, 1), OUT p_votes BIGINT, OUT p_year BIGINT)
BEGIN
    CALL require_tconst(p_tconst);
    CALL require_title(p_primaryTitle);
    SET p_runtime = whole_number('runtimeMinutes', p_runtimeMinutes, ${min_runtime}, ${max_runtime});
    SET p_rating = rating('averageRating', p_averageRating);
    SET p_votes = whole_number('numVotes', p_numVotes, 0, ${max_votes});
    SET p_year = whole_number('startYear', p_startYear, ${min_year}, ${max_year});
    CALL require_rated_votes(p_rating, p_votes);
END
