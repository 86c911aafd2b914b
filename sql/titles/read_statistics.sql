-- Out: the mean rating (C) and the votes threshold (m) that weighted ratings are made with; 0 and 0 before the first refresh.
CREATE OR REPLACE PROCEDURE read_statistics(OUT p_mean DECIMAL(6, 4), OUT p_threshold BIGINT)
    SELECT COALESCE(MAX(mean_rating), 0), COALESCE(MAX(votes_threshold), 0) INTO p_mean, p_threshold
    FROM title_statistics WHERE id = 1
