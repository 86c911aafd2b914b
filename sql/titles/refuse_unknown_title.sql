-- Refuses a title that does not exist. Inputs: its identifier. Errors: always 45004.
CREATE OR REPLACE PROCEDURE refuse_unknown_title(IN p_tconst LONGTEXT)
BEGIN
    CALL refuse_argument(CONCAT('No such title: ', p_tconst, '. Look it up with distributed_search, or insert it first.'));
END
