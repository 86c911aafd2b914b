-- Checks how many reviews of which rating are to be added. Errors: 45004 one of the two is wrong or NULL.
CREATE OR REPLACE PROCEDURE read_reviews(
    IN p_num_new_reviews LONGTEXT, IN p_new_rating LONGTEXT, OUT p_reviews BIGINT, OUT p_rating DECIMAL(3, 1))
BEGIN
    SET p_reviews = whole_number('num_new_reviews', p_num_new_reviews, 1, ${max_votes});
    SET p_rating = rating('new_rating', p_new_rating);
    IF p_reviews IS NULL THEN
        CALL refuse_argument('num_new_reviews must not be NULL. Give the number of new reviews, at least 1.');
    ELSEIF p_rating IS NULL THEN
        CALL refuse_argument('new_rating must not be NULL. Give the rating of the new reviews, ${min_rating} to ${max_rating}.');
    END IF;
END
