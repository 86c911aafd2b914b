-- The number of votes with p_reviews more. Errors: 45004 the sum is more than numVotes takes.
CREATE OR REPLACE FUNCTION reviewed_votes(p_votes BIGINT, p_reviews BIGINT) RETURNS BIGINT
    DETERMINISTIC NO SQL
BEGIN
    IF COALESCE(p_votes, 0) + p_reviews > ${max_votes} THEN
        CALL refuse_argument(CONCAT('numVotes is ', p_votes, '; with ', p_reviews, ' more it would pass ${max_votes}. Add fewer.'));
    END IF;
    RETURN COALESCE(p_votes, 0) + p_reviews;
END
