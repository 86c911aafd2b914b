-- Work of this node that needs another one, while a thread of the event scheduler does it: one row from begin_job to
-- await_job, where the thread leaves signs of life and at last the answer. refused: the problem is an answer of the protocol,
-- not a failure of the peer. In memory: whoever waits does not outlive the server. May be repeated.
CREATE OR REPLACE TABLE peer_job (
    job_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    peer VARCHAR(16) CHARACTER SET ascii NOT NULL,
    alive_at DATETIME(6) NOT NULL,
    done BOOLEAN NOT NULL DEFAULT FALSE,
    answer VARCHAR(1000) NULL,
    problem VARCHAR(500) NULL,
    refused BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = MEMORY DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
