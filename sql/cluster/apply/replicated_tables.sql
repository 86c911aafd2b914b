-- The names of the replicated tables that this node was set up with, separated by commas.
CREATE OR REPLACE FUNCTION replicated_tables() RETURNS TEXT
    DETERMINISTIC NO SQL
    SQL SECURITY DEFINER
    RETURN '${names}'
