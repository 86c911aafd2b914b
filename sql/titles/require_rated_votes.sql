-- Refuses votes that nobody can have given: a number of votes above 0 belongs to a rating. Errors: 45004.
CREATE OR REPLACE PROCEDURE require_rated_votes(IN p_rating DECIMAL(3, 1), IN p_votes BIGINT)
BEGIN
    IF p_rating IS NULL AND p_votes > 0 THEN
        CALL refuse_argument(CONCAT('numVotes is ', p_votes, ', so averageRating must not be NULL. Give the rating too, or no votes.'));
    END IF;
END
