-- A node's name in a sentence.
CREATE OR REPLACE FUNCTION node_label(p_node VARCHAR(16)) RETURNS VARCHAR(16) CHARSET utf8mb4
    DETERMINISTIC NO SQL
    SQL SECURITY DEFINER
    RETURN CASE p_node WHEN 'main' THEN 'Main' WHEN 'node_a' THEN 'Node A' ELSE 'Node B' END
