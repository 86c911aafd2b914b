-- The search of the pages and of distributed_search: every word that was typed begins a word of the title, whatever its
-- case and accents. Identifiers are found by their beginning, and so are titles by short and common words alone.
-- Inputs: the term, how many titles are read at most. Of too many, those that begin just so are never left out.
-- Answers {"full": 1 where there may be more, "titles": [tconst, ...]}, in no order.
CREATE OR REPLACE FUNCTION search_titles(p_term LONGTEXT, p_most BIGINT) RETURNS LONGTEXT
    READS SQL DATA
BEGIN
    DECLARE v_term LONGTEXT DEFAULT TRIM(REGEXP_REPLACE(p_term, '\\s+', ' '));
    DECLARE v_words LONGTEXT DEFAULT SUBSTRING_INDEX(v_term, ' ', 8);
    DECLARE v_indexed LONGTEXT DEFAULT indexed_words(v_words);
    DECLARE v_read LONGTEXT;
    IF v_term REGEXP '^tt[0-9]+$' THEN
        SET v_read = titles_identified(v_term, p_most);
    ELSEIF v_indexed = '' THEN
        SET v_read = titles_beginning(v_term, p_most);
    ELSE
        SET v_read = titles_with_words(v_indexed, p_most);
        IF JSON_LENGTH(v_read) = p_most THEN
            SET v_read = JSON_MERGE_PRESERVE(v_read, titles_beginning(v_term, p_most DIV 5));
        END IF;
    END IF;
    RETURN JSON_OBJECT('full', JSON_LENGTH(v_read) >= p_most, 'titles', JSON_COMPACT(titles_with_others(v_read, v_words)));
END
