-- Calls of other nodes, one row a caller: they insert a row through a federated table, and the trigger inbox_answer runs
-- the primitive that it names in their transaction. What it answers stays in the row; an error reaches the caller.
-- call_id: the caller's job. answered: the same, once the trigger has run, so that a caller takes neither an earlier answer for
-- its own nor a row without its work. May be repeated.
CREATE OR REPLACE TABLE inbox (
    caller VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    call_id BIGINT UNSIGNED NOT NULL,
    answered BIGINT UNSIGNED NULL,
    verb VARCHAR(16) CHARACTER SET ascii NOT NULL,
    epoch INT UNSIGNED NULL,
    argument LONGTEXT NULL,
    answer LONGTEXT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin