-- Why a node, as probe_peers saw it, must not become the primary although it answers, in a sentence; NULL when it may. The
-- rule of NodeState.unfit (protocol/view.py). Who was the primary last may go on.
CREATE OR REPLACE FUNCTION why_unfit(p_node VARCHAR(16)) RETURNS VARCHAR(500) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_label VARCHAR(16) DEFAULT node_label(p_node);
    DECLARE v_quarantined INT DEFAULT COALESCE(CAST(seen(p_node, 'quarantined') AS INTEGER), 0);
    RETURN CASE
        WHEN seen(p_node, 'primary') = p_node THEN NULL
        WHEN v_quarantined > 0 THEN CONCAT(
            IF(v_quarantined = 1, '1 row is', CONCAT(v_quarantined, ' rows are')), ' quarantined on ', v_label, ': run quarantine list ', p_node, '.')
        WHEN seen(p_node, 'defect') <> '' THEN CONCAT(v_label, ': ', seen(p_node, 'defect'))
    END;
END
