-- The words of a text that the full-text index of titles holds, each as a beginning of words: '+god* +father*', for MATCH
-- IN BOOLEAN MODE. Empty where it holds none: they are shorter than innodb_ft_min_token_size, longer than
-- innodb_ft_max_token_size, or in INNODB_FT_DEFAULT_STOPWORD (of which the others have two letters at most).
CREATE OR REPLACE FUNCTION indexed_words(p_text LONGTEXT) RETURNS LONGTEXT
    DETERMINISTIC NO SQL
BEGIN
    DECLARE v_left_out TEXT DEFAULT
        '(?i)\\b(\\w{1,2}|\\w{85,}|about|are|com|for|from|how|that|the|this|und|was|what|when|where|who|will|with|www)\\b';
    DECLARE v_words LONGTEXT DEFAULT REGEXP_REPLACE(REGEXP_REPLACE(p_text, v_left_out, ' '), '\\W+', ' ');
    RETURN TRIM(REGEXP_REPLACE(v_words, '\\w+', '+\\0*'));
END
