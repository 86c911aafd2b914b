-- Numbers about all titles, and about those of each decade: one row for each decade, then the years unknown, then all.
-- Answers: period, titles, rated_titles, votes, mean_rating (each title counts once), mean_vote (each vote counts once),
-- mean_weighted_rating, mean_runtime (minutes), first_year, last_year. Reads the whole table.
CREATE OR REPLACE PROCEDURE distributed_aggregation()
    SELECT COALESCE(period, 'all') AS period, titles, rated_titles, votes, mean_rating, mean_vote,
           mean_weighted_rating, mean_runtime, first_year, last_year
    FROM (
        SELECT period, COUNT(*) AS titles, COUNT(averageRating) AS rated_titles, COALESCE(SUM(numVotes), 0) AS votes,
               ROUND(AVG(averageRating), 2) AS mean_rating,
               ROUND(SUM(averageRating * numVotes) / SUM(IF(averageRating IS NULL, 0, numVotes)), 2) AS mean_vote,
               ROUND(AVG(weightedRating), 2) AS mean_weighted_rating,
               ROUND(AVG(runtimeMinutes), 1) AS mean_runtime,
               MIN(startYear) AS first_year, MAX(startYear) AS last_year
        FROM (SELECT COALESCE(CONCAT(startYear DIV 10, '0s'), 'unknown') AS period, title_ft.* FROM title_ft) AS dated
        GROUP BY period WITH ROLLUP) AS counted
    ORDER BY counted.period IS NULL, counted.period
