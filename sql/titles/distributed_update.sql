-- Gives a title new columns, all of them, and returns once a second node has it. Inputs: as distributed_insert; NULL is stored.
-- Answers one row: transaction_id, message. May be repeated.
-- Errors: 45001 not writable here, 45003 not acknowledged, 45004 an argument is wrong or there is no such title.
CREATE OR REPLACE PROCEDURE distributed_update(
    IN p_tconst LONGTEXT, IN p_primaryTitle LONGTEXT, IN p_runtimeMinutes LONGTEXT,
    IN p_averageRating LONGTEXT, IN p_numVotes LONGTEXT, IN p_startYear LONGTEXT)
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
    DECLARE v_done BOOLEAN;
    DECLARE v_runtime, v_votes, v_year, v_threshold BIGINT;
    DECLARE v_rating DECIMAL(3, 1);
    DECLARE v_mean DECIMAL(6, 4);
    CALL read_title(p_tconst, p_primaryTitle, p_runtimeMinutes, p_averageRating, p_numVotes, p_startYear,
                    v_runtime, v_rating, v_votes, v_year);
    CALL begin_write('UPDATE', 'title_ft', p_tconst, v_transaction, v_done);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(v_transaction); RESIGNAL; END;
        IF NOT v_done THEN
            CALL read_statistics(v_mean, v_threshold);
            UPDATE title_ft
            SET primaryTitle = p_primaryTitle, runtimeMinutes = v_runtime, averageRating = v_rating, numVotes = v_votes,
                startYear = v_year, weightedRating = weighted_rating(v_rating, v_votes, v_mean, v_threshold)
            WHERE tconst = CONVERT(p_tconst USING ascii);
            -- No row counted may also mean that nothing differed.
            IF ROW_COUNT() = 0 AND NOT EXISTS (SELECT 1 FROM title_ft WHERE tconst = CONVERT(p_tconst USING ascii) LOCK IN SHARE MODE) THEN
                CALL refuse_unknown_title(p_tconst);
            END IF;
        END IF;
        CALL finish_write(v_transaction, v_done, CONCAT('Title ', p_tconst, ' is changed.'));
    END;
END
