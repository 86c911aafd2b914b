-- Stores the statistics in their row, unless it has them already: an entry in the log is worth only a change.
-- Runs in the caller's transaction. May be repeated.
CREATE OR REPLACE PROCEDURE store_statistics(IN p_titles BIGINT, IN p_rated BIGINT, IN p_mean DECIMAL(6, 4), IN p_threshold BIGINT)
BEGIN
    IF NOT EXISTS (SELECT 1 FROM title_statistics WHERE id = 1 AND mean_rating = p_mean AND votes_threshold = p_threshold
                   AND titles = p_titles AND rated_titles = p_rated) THEN
        INSERT INTO title_statistics (id, mean_rating, votes_threshold, titles, rated_titles, refreshed_at)
        VALUES (1, p_mean, p_threshold, p_titles, p_rated, UTC_TIMESTAMP(6))
        ON DUPLICATE KEY UPDATE mean_rating = p_mean, votes_threshold = p_threshold, titles = p_titles,
                                rated_titles = p_rated, refreshed_at = UTC_TIMESTAMP(6);
    END IF;
END
