-- Refuses a procedure of the SQL console if there is a reason. Inputs: how the sentence begins, and its reason; NULL for none.
-- Errors: 45001.
CREATE OR REPLACE PROCEDURE refuse_for(IN p_beginning VARCHAR(100), IN p_reason TEXT)
    SQL SECURITY DEFINER
BEGIN
    IF p_reason IS NOT NULL THEN
        CALL refuse(CONCAT(p_beginning, p_reason));
    END IF;
END
