-- The pattern of LIKE, with ! as its escape, for what begins with a text: %, _ and \ in it mean themselves.
CREATE OR REPLACE FUNCTION like_prefix(p_text LONGTEXT) RETURNS LONGTEXT
    DETERMINISTIC NO SQL
    RETURN CONCAT(REPLACE(REPLACE(REPLACE(p_text, '!', '!!'), '%', '!%'), '_', '!_'), '%')
