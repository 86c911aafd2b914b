-- The average rating after p_new_votes (at least 1) reviews of p_new_rating each, half up.
-- Votes of a title without a rating weigh nothing. Agrees to the digit with titles/catalogue/ratings.py.
CREATE OR REPLACE FUNCTION rating_with_reviews(
    p_rating DECIMAL(3, 1), p_votes BIGINT, p_new_votes BIGINT, p_new_rating DECIMAL(3, 1)) RETURNS DECIMAL(3, 1)
    DETERMINISTIC NO SQL
BEGIN
    DECLARE v_weight BIGINT DEFAULT IF(p_rating IS NULL, 0, COALESCE(p_votes, 0));
    RETURN 0.1 * half_up(
        v_weight * CAST(COALESCE(p_rating, 0) * 10 AS INTEGER) + p_new_votes * CAST(p_new_rating * 10 AS INTEGER),
        v_weight + p_new_votes);
END
