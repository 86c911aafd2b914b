-- An argument as a rating, NULL for NULL. It comes as text, so that 8.06 has not been rounded to 8.1 before.
-- Errors: 45004 out of bounds, or more than one decimal.
CREATE OR REPLACE FUNCTION rating(p_name VARCHAR(64), p_value LONGTEXT) RETURNS DECIMAL(3, 1)
    DETERMINISTIC NO SQL
BEGIN
    IF p_value IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT p_value REGEXP '^(0|[1-9][0-9]?)([.][0-9]?0*)?\\z'
        OR NOT CAST(p_value AS DECIMAL(3, 1)) BETWEEN ${min_rating} AND ${max_rating} THEN
        CALL refuse_argument(CONCAT(p_name, ' must be from ${min_rating} to ${max_rating} with at most one decimal, not ', quoted(p_value), '.'));
    END IF;
    RETURN CAST(p_value AS DECIMAL(3, 1));
END
