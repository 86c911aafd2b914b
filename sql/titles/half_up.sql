-- The quotient of two whole numbers, neither negative, rounded half up. Whole numbers, because a decimal division is
-- rounded to a scale that each session can set.
CREATE OR REPLACE FUNCTION half_up(p_numerator BIGINT, p_denominator BIGINT) RETURNS BIGINT
    DETERMINISTIC NO SQL
    RETURN (2 * p_numerator + p_denominator) DIV (2 * p_denominator)
