-- The permit to take writes: no row, or one. It has one while the epoch of lease_end was granted here since the server
-- started and was not given up. expires_at: seconds since 1970 on this server's own clock. May be repeated.
CREATE OR REPLACE VIEW write_lease AS
SELECT epoch, source_node, (next_not_cached_value & 4398046511103) / 1000 AS expires_at
FROM lease_end JOIN lease_grant ON epoch = next_not_cached_value >> 42
WHERE next_not_cached_value & 4398046511103 BETWEEN 1 AND 4398046511102
