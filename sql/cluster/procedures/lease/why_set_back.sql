-- Why the disk of a node, as probe_peers saw it, may be older than it was, in a sentence; NULL when nothing says so. Such a
-- node has no vote until it has caught up: it may have forgotten what it acknowledged and promised. The rule and the words of
-- protocol/staleness.py.
CREATE OR REPLACE FUNCTION why_set_back(p_node VARCHAR(16)) RETURNS VARCHAR(300) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_label VARCHAR(16) DEFAULT node_label(p_node);
    DECLARE v_round VARCHAR(32) DEFAULT CONCAT('round_', p_node);
    DECLARE v_own BIGINT DEFAULT CAST(seen(p_node, v_round) AS INTEGER);
    DECLARE v_witness VARCHAR(16) DEFAULT set_back_witness(p_node);
    DECLARE v_others, v_present, v_newest INT;
    IF COALESCE(CAST(seen(p_node, 'promised') AS INTEGER), 0) <= 0 OR seen(p_node, 'in_sync') = 1 OR takes_writes(p_node) THEN
        RETURN NULL;
    END IF;
    IF v_witness IS NOT NULL THEN
        RETURN CONCAT('The data of ', v_label, ' is older than it was: ', node_label(v_witness), ' remembers it in round ',
                      seen(v_witness, v_round), ', and it knows of ', v_own, ' rounds.');
    END IF;
    SELECT COUNT(*), SUM(CAST(seen(peer, CONCAT('round_', peer)) AS INTEGER) + ${tolerated_rounds} >= v_own), MAX(CAST(seen(peer, 'led') AS INTEGER))
    INTO v_others, v_present, v_newest FROM peer_status
    WHERE failed_at IS NULL AND peer <> p_node AND CAST(seen(peer, 'promised') AS INTEGER) > 0 AND set_back_witness(peer) IS NULL;
    IF v_others = 0 OR v_present > 0 OR (seen(p_node, 'primary') = p_node AND CAST(seen(p_node, 'led') AS INTEGER) >= v_newest) THEN
        RETURN NULL;
    END IF;
    RETURN CONCAT(v_label, ' was restarted, and who answers was away before: nobody could tell if its data were an older copy.');
END
