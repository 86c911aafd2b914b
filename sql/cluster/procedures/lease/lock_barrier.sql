-- The barrier, in the caller's transaction: waits for running write transactions, and lets later ones wait. Locks the mode,
-- then the promise: everybody who wants both takes them in this order, so that nobody deadlocks. Out: what they are.
-- Errors: 1205 a write transaction did not end in time. May be repeated.
CREATE OR REPLACE PROCEDURE lock_barrier(OUT p_mode VARCHAR(255), OUT p_promised INT)
    SQL SECURITY DEFINER
BEGIN
    SELECT config_value INTO p_mode FROM node_config WHERE config_key = 'node_mode' FOR UPDATE;
    SELECT config_value INTO p_promised FROM node_config WHERE config_key = 'epoch' FOR UPDATE;
END
