-- Writes PROMOTION(p_epoch), the boundary between the epochs, into this node's log.
-- Inputs: the epoch, the facts of the promotion as JSON (node, label, watermark, forced, reason), the source.
-- Errors: 45002 another epoch was promised. Repeated in the same epoch it does nothing.
CREATE OR REPLACE PROCEDURE write_promotion(IN p_epoch INT UNSIGNED, IN p_facts LONGTEXT, IN p_source VARCHAR(32))
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL promotion_here(p_epoch, p_facts, p_source);
    COMMIT;
END
