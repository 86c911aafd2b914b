-- Refuses a title that exists already. Inputs: its identifier. Errors: always 45004. A function, so that an INSERT can call it
-- where it meets the title: with ON DUPLICATE KEY the row is locked exclusively from the start, while two inserts that fail
-- on a duplicate share a lock and then deadlock.
CREATE OR REPLACE FUNCTION refuse_existing_title(p_tconst LONGTEXT) RETURNS VARCHAR(12)
    DETERMINISTIC NO SQL
BEGIN
    CALL refuse_argument(CONCAT('Title ', p_tconst, ' exists already. Change it with distributed_update.'));
    RETURN NULL;
END
