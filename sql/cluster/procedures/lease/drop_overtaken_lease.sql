-- Gives the lease up for good if the clock has stepped back behind its begin: else it would run once more when the clock
-- reads as much again, long after the consents (invariant (b)). Whoever renews a lease calls it first. May be repeated.
CREATE OR REPLACE PROCEDURE drop_overtaken_lease()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_epoch INT UNSIGNED DEFAULT (SELECT next_not_cached_value >> 42 FROM lease_end);
    IF is_overtaken(v_epoch) THEN
        CALL raise_lease_end(v_epoch, 4398046511103);
    END IF;
END
