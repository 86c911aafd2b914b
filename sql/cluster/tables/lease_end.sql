-- Until when the primary may take writes: epoch * 2^42 + the end in milliseconds since 1970 on this server's own
-- clock; the greatest such end says that the lease was given up. A sequence, because it only grows (who renews late
-- cannot undo a claim), and because a trigger reads its newest value without any lock, however long its statement
-- runs: on a table that a renewal locks, writers and renewals would wait for one another. May be repeated.
CREATE SEQUENCE IF NOT EXISTS lease_end START WITH 0 MINVALUE 0 MAXVALUE 9223372036854775806 NOCACHE
