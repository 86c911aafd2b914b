-- Ends an append: commits it, or rolls it back, and takes the apply flag from the session.
-- Inputs: p_keep. May be repeated.
CREATE OR REPLACE PROCEDURE end_append(IN p_keep BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    SET @federated_operation = NULL;
    IF p_keep THEN
        COMMIT;
    ELSE
        ROLLBACK;
    END IF;
END
