-- IMDb's formula v/(v+m)*R + m/(v+m)*C, half up: rating R, votes v, mean rating C, votes threshold m.
-- NULL without a rating or votes, and where there is nothing to weigh (v + m = 0).
-- Agrees to the digit with titles/catalogue/ratings.py.
CREATE OR REPLACE FUNCTION weighted_rating(
    p_rating DECIMAL(3, 1), p_votes BIGINT, p_mean DECIMAL(6, 4), p_threshold BIGINT) RETURNS DECIMAL(4, 2)
    DETERMINISTIC NO SQL
    RETURN IF(p_votes + p_threshold = 0, NULL, 0.01 * half_up(
        p_votes * CAST(p_rating * 10000 AS INTEGER) + p_threshold * CAST(p_mean * 10000 AS INTEGER),
        (p_votes + p_threshold) * 100))
