-- Which migrations have shaped this node's replicated tables. steps: operations done of one that is under way, forth
-- or back; NULL when all are. run: names one run on all nodes; its data steps take their transaction ids from it.
-- A row without a name says that the app's migrations are recorded at all. May be repeated.
CREATE TABLE IF NOT EXISTS applied_migration (
    app VARCHAR(120) NOT NULL,
    name VARCHAR(120) NOT NULL,
    steps INT UNSIGNED NULL,
    backwards BOOLEAN NOT NULL DEFAULT FALSE,
    run CHAR(32) CHARACTER SET ascii NOT NULL,
    applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (app, name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
