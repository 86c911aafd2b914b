-- Writes a new title and returns once a second node has it. Inputs: the columns, as text (see whole_number).
-- Answers one row: transaction_id, message. Repeated with the same @current_transaction_id it writes nothing.
-- Errors: 45001 not writable here, 45003 not acknowledged, 45004 an argument is wrong or the title exists.
CREATE OR REPLACE PROCEDURE distributed_insert(
    IN p_tconst LONGTEXT, IN p_primaryTitle LONGTEXT, IN p_runtimeMinutes LONGTEXT,
    IN p_averageRating LONGTEXT, IN p_numVotes LONGTEXT, IN p_startYear LONGTEXT)
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
    DECLARE v_done BOOLEAN;
    DECLARE v_runtime, v_votes, v_year BIGINT;
    DECLARE v_rating DECIMAL(3, 1);
    CALL read_title(p_tconst, p_primaryTitle, p_runtimeMinutes, p_averageRating, p_numVotes, p_startYear,
                    v_runtime, v_rating, v_votes, v_year);
    CALL begin_write('INSERT', 'title_ft', p_tconst, v_transaction, v_done);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(v_transaction); RESIGNAL; END;
        IF NOT v_done THEN
            CALL insert_title(p_tconst, p_primaryTitle, v_runtime, v_rating, v_votes, v_year);
        END IF;
        CALL finish_write(v_transaction, v_done, CONCAT('Title ', p_tconst, ' is stored.'));
    END;
END
