-- Inserts a checked title in the transaction of begin_write; rival inserts and deletes of the same title can deadlock (the
-- lock of a row that is being removed passes on to the gap), so the loser tries again, four times at most.
-- Errors: 1213 a deadlock each time, 45001 not writable here, 45004 the title exists.
CREATE OR REPLACE PROCEDURE insert_title(
    IN p_tconst LONGTEXT, IN p_primaryTitle LONGTEXT, IN p_runtime BIGINT, IN p_rating DECIMAL(3, 1),
    IN p_votes BIGINT, IN p_year BIGINT)
BEGIN
    DECLARE v_attempts INT DEFAULT 1;
    DECLARE v_threshold BIGINT;
    DECLARE v_mean DECIMAL(6, 4);
    attempt: LOOP
        BEGIN
            DECLARE EXIT HANDLER FOR 1213
            BEGIN
                IF v_attempts = 5 THEN
                    RESIGNAL;
                END IF;
                SET v_attempts = v_attempts + 1;
                CALL open_write();
            END;
            CALL read_statistics(v_mean, v_threshold);
            INSERT INTO title_ft (tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear, weightedRating)
            VALUES (p_tconst, p_primaryTitle, p_runtime, p_rating, p_votes, p_year,
                    weighted_rating(p_rating, p_votes, v_mean, v_threshold))
            ON DUPLICATE KEY UPDATE tconst = refuse_existing_title(p_tconst);
            LEAVE attempt;
        END;
    END LOOP;
END
