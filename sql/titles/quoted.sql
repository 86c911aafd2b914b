-- An argument as a sentence shows it: in quotes and short, or NULL.
CREATE OR REPLACE FUNCTION quoted(p_value LONGTEXT) RETURNS TEXT
    DETERMINISTIC NO SQL
    RETURN COALESCE(CONCAT('''', LEFT(p_value, 60), IF(CHAR_LENGTH(p_value) > 60, '...', ''), ''''), 'NULL')
