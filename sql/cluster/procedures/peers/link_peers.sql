-- Makes the federated tables through which this node reaches the others: the peer's inbox as call_<peer>, its node_config,
-- transaction_log and replicated tables as <table>_<peer> (link_name). The server checks there that they exist, so the peer must be up
-- and have its own scripts. One whose columns have changed is made anew. Then it probes them. Answers one row a table: table,
-- what became of it. May be repeated.
-- Errors: 45004 the server lacks a setting.
CREATE OR REPLACE PROCEDURE link_peers()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_name, v_peer, v_remote VARCHAR(64);
    DECLARE v_columns TEXT;
    DECLARE v_silent VARCHAR(16) DEFAULT '';
    DECLARE v_problem TEXT;
    DECLARE v_job BIGINT UNSIGNED;
    DECLARE v_answer VARCHAR(1000);
    DECLARE v_over BOOLEAN DEFAULT FALSE;
    DECLARE links CURSOR FOR
        SELECT peer, remote, IF(remote = 'inbox', CONCAT('call_', peer), link_name(remote, peer))
        FROM (SELECT 'main' AS peer UNION ALL SELECT 'node_a' UNION ALL SELECT 'node_b') AS peers
        JOIN (SELECT 'inbox' AS remote UNION ALL SELECT 'node_config' UNION ALL SELECT 'transaction_log' UNION ALL
              SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS
              WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE '%\_guard\_insert') AS remotes
        WHERE peer <> (SELECT config_value FROM node_config WHERE config_key = 'node_name')
        ORDER BY peer, remote;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_over = TRUE;
    CALL require_settings();
    CREATE OR REPLACE TEMPORARY TABLE linked (table_name VARCHAR(64), result VARCHAR(1000)) ENGINE = InnoDB;
    OPEN links;
    linking: LOOP
        FETCH links INTO v_peer, v_remote, v_name;
        IF v_over THEN
            LEAVE linking;
        END IF;
        SET v_problem = NULL, v_columns = federated_columns(v_remote);
        IF NOT v_columns <=> federated_columns(v_name) THEN
            IF v_silent <> v_peer THEN
                CALL begin_job(v_peer, CONCAT('CREATE OR REPLACE TABLE `', v_name, '` (', v_columns,
                                              ') ENGINE=FEDERATED CONNECTION=''mco2_', v_peer, '/', v_remote, ''''), v_job);
                CALL await_job(v_job, 2, v_answer, v_problem);
            ELSE
                SET v_problem = 'its node does not answer';
            END IF;
            IF v_problem IS NOT NULL THEN
                SET v_silent = v_peer;
            END IF;
            INSERT INTO linked VALUES (v_name, IF(v_problem IS NULL, 'made', CONCAT('MISSING: ', v_problem,
                '. Source the script of that node while it is up, then CALL link_peers() here again.')));
        ELSE
            INSERT INTO linked VALUES (v_name, 'there');
        END IF;
        IF v_problem IS NULL THEN
            REPLACE INTO kernel_object (kind, name, source_checksum, installed_checksum)
            VALUES ('FEDERATED', v_name, SHA2(CONCAT('mco2_', v_peer, '/', v_remote), 256), SHA2(v_name, 256));
        END IF;
    END LOOP;
    CLOSE links;
    CALL probe_peers();
    SELECT * FROM linked;
END
