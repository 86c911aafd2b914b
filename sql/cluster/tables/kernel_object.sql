-- What set-up put on this node: the checksum of each object's source and of what the server made of it, so
-- that setup_nodes --check knows INSTALLED from OUTDATED. May be repeated.
CREATE TABLE IF NOT EXISTS kernel_object (
    kind VARCHAR(16) CHARACTER SET ascii NOT NULL,
    name VARCHAR(64) NOT NULL,
    source_checksum CHAR(64) CHARACTER SET ascii NOT NULL,
    installed_checksum CHAR(64) CHARACTER SET ascii NOT NULL,
    PRIMARY KEY (kind, name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
