-- An argument as a whole number within its bounds, NULL for NULL. Arguments come as text, so that nothing
-- has been rounded or cut off before it is checked.
-- Errors: 45004 no whole number, or out of bounds.
CREATE OR REPLACE FUNCTION whole_number(p_name VARCHAR(64), p_value LONGTEXT, p_least BIGINT, p_most BIGINT)
    RETURNS BIGINT
    DETERMINISTIC NO SQL
BEGIN
    IF p_value IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT p_value REGEXP '^[0-9]{1,15}([.]0*)?\\z' OR NOT CAST(p_value AS DECIMAL(20, 0)) BETWEEN p_least AND p_most THEN
        CALL refuse_argument(CONCAT(p_name, ' must be a whole number from ', p_least, ' to ', p_most, ', not ', quoted(p_value), '.'));
    END IF;
    RETURN CAST(p_value AS DECIMAL(20, 0));
END
