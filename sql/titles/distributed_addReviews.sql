-- Adds reviews to a title, each of the same rating, and returns once a second node has them.
-- Answers one row: transaction_id, message. Repeated with the same @current_transaction_id it adds nothing.
-- Errors: 45001 not writable here, 45003 not acknowledged, 45004 an argument is wrong or there is no such title.
CREATE OR REPLACE PROCEDURE distributed_addReviews(
    IN p_tconst LONGTEXT, IN p_num_new_reviews LONGTEXT, IN p_new_rating LONGTEXT)
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
    DECLARE v_done BOOLEAN;
    DECLARE v_reviews, v_threshold BIGINT;
    DECLARE v_rating DECIMAL(3, 1);
    DECLARE v_mean DECIMAL(6, 4);
    CALL require_tconst(p_tconst);
    CALL read_reviews(p_num_new_reviews, p_new_rating, v_reviews, v_rating);
    CALL begin_write('UPDATE', 'title_ft', p_tconst, v_transaction, v_done);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(v_transaction); RESIGNAL; END;
        IF NOT v_done THEN
            CALL read_statistics(v_mean, v_threshold);
            -- One statement, so that no review is lost between a read and a write. Left to right: the rating is
            -- made with the old votes, the weighted rating with the new rating and the new votes.
            UPDATE title_ft
            SET averageRating = rating_with_reviews(averageRating, numVotes, v_reviews, v_rating),
                numVotes = reviewed_votes(numVotes, v_reviews),
                weightedRating = weighted_rating(averageRating, numVotes, v_mean, v_threshold)
            WHERE tconst = CONVERT(p_tconst USING ascii);
            IF ROW_COUNT() = 0 THEN
                CALL refuse_unknown_title(p_tconst);
            END IF;
        END IF;
        CALL finish_write(v_transaction, v_done,
                          CONCAT(v_reviews, IF(v_reviews = 1, ' review is', ' reviews are'), ' added to title ', p_tconst, '.'));
    END;
END
