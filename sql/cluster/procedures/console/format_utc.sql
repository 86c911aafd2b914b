-- A point of time in a sentence, as protocol/times.py writes it. Input: seconds since 1970.
CREATE OR REPLACE FUNCTION format_utc(p_seconds DOUBLE) RETURNS VARCHAR(32)
    NO SQL
    SQL SECURITY DEFINER
    RETURN CONCAT(TIMESTAMP('1970-01-01') + INTERVAL FLOOR(p_seconds) SECOND, ' UTC')
