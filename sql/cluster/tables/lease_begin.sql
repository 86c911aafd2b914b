-- Since when the lease runs: epoch * 2^42 + the reading of this server's clock, in milliseconds since 1970, that lease_end was
-- measured from. A clock that reads less has stepped back, so nobody knows how much of the lease is over: it permits
-- nothing. A sequence for the reasons of lease_end. May be repeated.
CREATE SEQUENCE IF NOT EXISTS lease_begin START WITH 0 MINVALUE 0 MAXVALUE 9223372036854775806 NOCACHE
