-- What this node knows of itself, one fact a row: node_name, node_label, source_node, node_mode,
-- epoch (the promise), consent_epoch, consent_until, commit_watermark, commit_watermark_entries, heartbeat ...
-- Rows `node_mode` and `epoch` are also the locks of the protocol, always taken in that order.
-- Units: consent_until is seconds since 1970 on this server's own clock, consent_seconds how long it then ran. May be repeated.
CREATE TABLE IF NOT EXISTS node_config (
    config_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    config_value VARCHAR(255) NOT NULL,
    last_updated TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (config_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
