-- Removes a title and returns once a second node has removed it too.
-- Answers one row: transaction_id, message. Repeated with the same @current_transaction_id it does nothing.
-- Errors: 45001 not writable here, 45003 not acknowledged, 45004 the identifier is wrong or there is no such title.
CREATE OR REPLACE PROCEDURE distributed_delete(IN p_tconst LONGTEXT)
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
    DECLARE v_done BOOLEAN;
    CALL require_tconst(p_tconst);
    CALL begin_write('DELETE', 'title_ft', p_tconst, v_transaction, v_done);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(v_transaction); RESIGNAL; END;
        IF NOT v_done THEN
            DELETE FROM title_ft WHERE tconst = CONVERT(p_tconst USING ascii);
            IF ROW_COUNT() = 0 THEN
                CALL refuse_unknown_title(p_tconst);
            END IF;
        END IF;
        CALL finish_write(v_transaction, v_done, CONCAT('Title ', p_tconst, ' is deleted.'));
    END;
END
