-- What a default that is computed gave the rows which were there when a migration added their column: drawn once for all
-- nodes, kept for a run that goes on after it was cut off, and for a node that is late. step: the number of the operation in
-- the migration, negative for one that takes it back. value: as JSON. May be repeated.
CREATE TABLE IF NOT EXISTS computed_default (
    app VARCHAR(120) NOT NULL,
    name VARCHAR(120) NOT NULL,
    step INT NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (app, name, step)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
