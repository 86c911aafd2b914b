-- The number of rows that a reader wants. Errors: 45004 not from 1 to ${most_rows}, or NULL.
CREATE OR REPLACE FUNCTION rows_wanted(p_limit LONGTEXT) RETURNS BIGINT
    DETERMINISTIC NO SQL
BEGIN
    IF p_limit IS NULL THEN
        CALL refuse_argument('limit must not be NULL. Give how many rows you want, 1 to ${most_rows}.');
    END IF;
    RETURN whole_number('limit', p_limit, 1, ${most_rows});
END
