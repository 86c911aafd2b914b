-- Out: how many titles there are, how many with a rating and votes, their mean rating and their votes threshold (the
-- percentile of votes by nearest rank); 0 and 0 where none is rated. Agrees to the digit with titles/catalogue/ratings.py.
-- Reads the whole table.
CREATE OR REPLACE PROCEDURE count_titles(OUT p_titles BIGINT, OUT p_rated BIGINT, OUT p_mean DECIMAL(6, 4), OUT p_threshold BIGINT)
BEGIN
    DECLARE v_tenths BIGINT;
    DECLARE v_below BIGINT;
    SELECT COUNT(*) INTO p_titles FROM title_ft;
    SELECT COUNT(*), CAST(COALESCE(SUM(averageRating), 0) * 10 AS INTEGER) INTO p_rated, v_tenths
    FROM title_ft WHERE averageRating IS NOT NULL AND numVotes > 0;
    SET p_mean = 0, p_threshold = 0;
    IF p_rated > 0 THEN
        SET p_mean = 0.0001 * half_up(v_tenths * 1000, p_rated), v_below = (${percentile} * p_rated + 99) DIV 100 - 1;
        SELECT numVotes INTO p_threshold FROM title_ft
        WHERE averageRating IS NOT NULL AND numVotes > 0 ORDER BY numVotes LIMIT v_below, 1;
    END IF;
END
