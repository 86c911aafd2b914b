-- The value of @federated_operation that lets a session write past guard and log. Only the
-- cluster's account can read it; begin_append puts it into that account's session.
-- May be repeated.
CREATE TABLE IF NOT EXISTS apply_secret (
    id TINYINT UNSIGNED NOT NULL DEFAULT 1 PRIMARY KEY CHECK (id = 1),
    secret CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) ENGINE = InnoDB
