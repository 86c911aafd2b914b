-- Returns once a second node holds the transaction durably; at once where CLUSTER_DURABILITY is local. Waits at the latch of the
-- transaction's slot, which the replicator opens; where none serves, the session carries its transaction to a second node itself.
-- Inputs: the transaction id; seconds to wait, NULL for CLUSTER_ACK_TIMEOUT without a sign that a replicator gets on with it.
-- Errors: 45003 nobody confirmed in time, or this node was replaced: committed here, outcome unknown. May be repeated.
-- Rule 2: never a timeout reported as success. Everything is read by SELECT INTO: a subquery elsewhere would lock
-- its rows until the end of the session's transaction, and with autocommit off the replicator would wait for it.
CREATE OR REPLACE PROCEDURE await_acknowledgement(
    IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
wait: BEGIN
    DECLARE v_began DOUBLE DEFAULT UNIX_TIMESTAMP(SYSDATE(6));
    DECLARE v_timeout, v_durability, v_mode, v_label, v_sentence VARCHAR(500);
    DECLARE v_promised, v_epoch INT;
    DECLARE v_watermark, v_log_id, v_arrived, v_generation, v_passed BIGINT UNSIGNED;
    DECLARE v_waited, v_remaining, v_patience DOUBLE;
    DECLARE v_asked DOUBLE DEFAULT 0;
    DECLARE v_kept, v_older, v_unserved BOOLEAN;
    DECLARE v_slot TINYINT UNSIGNED DEFAULT latch_slot(p_transaction_id);
    DECLARE v_latch VARCHAR(64);
    DECLARE v_pushes, v_pushed BOOLEAN DEFAULT FALSE;
    SELECT MAX(IF(config_key = 'ack_timeout', config_value, NULL)), MAX(IF(config_key = 'durability', config_value, NULL)),
           MAX(IF(config_key = 'commit_watermark', config_value, NULL)),
           -- A replicator that raised the watermark just now is there in a tenth of a second, also after a change of roles; writers that
           -- carry their transactions themselves meanwhile would take the processor from it.
           MAX(IF(config_key = 'commit_watermark' AND last_updated > SYSDATE(6) - INTERVAL 3 SECOND, 0.15, 0.004))
    INTO v_timeout, v_durability, v_watermark, v_patience
    FROM node_config WHERE config_key IN ('ack_timeout', 'durability', 'commit_watermark');
    IF v_durability = 'local' THEN
        LEAVE wait;
    END IF;
    -- v_older: perhaps of an epoch that has ended, which is_settled knows; the view lease would be parsed anew for each write.
    SELECT MAX(log_id), MAX(epoch), MAX(epoch) < (SELECT next_not_cached_value >> 42 FROM lease_end) INTO v_log_id, v_epoch, v_older
    FROM transaction_log WHERE transaction_id = p_transaction_id;
    IF v_log_id IS NULL AND unlogged_tables() IS NOT NULL THEN
        -- No entry may mean that nothing was written, or that it was written where no trigger logs it.
        SET v_sentence = CONCAT('Transaction ', CONVERT(p_transaction_id USING utf8mb4), ' left no entry in the log, and ', unlogged_tables(),
            ' lacks its triggers on this node: whether it wrote there is unknown. Run setup_nodes, then verify_consistency.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${not_acknowledged}, MESSAGE_TEXT = v_sentence;
    END IF;
    -- Entries above the watermark were mostly written just now, so the longer question can wait.
    IF (COALESCE(v_log_id, 0) <= v_watermark OR v_older) AND is_settled(p_transaction_id) THEN
        LEAVE wait;
    END IF;
    LOOP
        -- One statement, which locks both tables: without an acknowledgement the generation is that before it.
        SELECT MAX(generation), (SELECT log_id FROM acknowledgement WHERE transaction_id = p_transaction_id)
        INTO v_generation, v_arrived FROM acknowledgement_latch WHERE slot = v_slot;
        IF v_arrived >= v_log_id THEN
            LEAVE wait;
        END IF;
        SET v_latch = CONCAT('mco2.', DATABASE(), '.', v_slot, '.', COALESCE(v_generation, 0));
        -- No replicator serves this node: perhaps another one is the primary, with this transaction in its log.
        SET v_unserved = v_generation <=> v_passed OR IS_FREE_LOCK(v_latch);
        SET v_waited = UNIX_TIMESTAMP(SYSDATE(6)) - v_began;
        SET v_remaining = COALESCE(p_seconds, v_timeout, 2) - v_waited;
        IF v_remaining <= 0 AND p_seconds IS NULL AND NOT v_unserved THEN
            SET v_remaining = transfer_seconds(p_transaction_id, v_log_id, v_began, COALESCE(v_timeout, 2));
        END IF;
        -- No replicator serves this node, so the writer carries its own transaction, once.
        SET v_pushes = v_unserved AND v_waited > v_patience AND NOT v_pushed;
        IF v_pushes OR v_waited >= v_asked + IF(v_unserved, 0.02, 0.1) OR v_remaining <= 0 THEN
            SET v_asked = v_waited;
            SELECT MAX(IF(config_key = 'node_mode', config_value, NULL)), MAX(IF(config_key = 'node_label', config_value, NULL)),
                   MAX(IF(config_key = 'commit_watermark', config_value, NULL)), MAX(IF(config_key = 'epoch', config_value, NULL))
            INTO v_mode, v_label, v_watermark, v_promised
            FROM node_config WHERE config_key IN ('node_mode', 'node_label', 'commit_watermark', 'epoch');
            -- Only then can it have been settled otherwise than by an acknowledgement.
            IF v_watermark >= v_log_id OR v_promised > v_epoch OR v_mode NOT IN ('PRIMARY', 'ACTING_MASTER') OR v_remaining <= 0 OR v_pushes THEN
                SELECT COUNT(*) > 0 INTO v_kept FROM transaction_log WHERE transaction_id = p_transaction_id AND log_id = v_log_id;
                IF v_kept AND is_settled(p_transaction_id) THEN
                    LEAVE wait;
                ELSEIF v_remaining <= 0 OR v_mode NOT IN ('PRIMARY', 'ACTING_MASTER') THEN
                    -- Nobody confirms to a node that was replaced; who takes writes now knows the outcome.
                    SET v_sentence = CONCAT('Transaction ', p_transaction_id, ' is committed on ', v_label,
                        IF(v_remaining <= 0, ', but no second node confirmed it in time', ', which does not take writes any more'),
                        ': the outcome is unknown. Look the transaction id up in transaction_log on the primary before you write again.');
                    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${not_acknowledged}, MESSAGE_TEXT = v_sentence;
                END IF;
            END IF;
        END IF;
        IF v_pushes THEN
            SET v_pushed = TRUE;
            CALL push_transaction(p_transaction_id, v_remaining, v_kept);
            IF v_kept THEN
                LEAVE wait;
            END IF;
        ELSEIF v_unserved THEN
            DO SLEEP(0.002);  -- or it is just passing to the next generation
        ELSEIF GET_LOCK(v_latch, LEAST(v_remaining, 0.1)) THEN
            DO RELEASE_LOCK(v_latch);
            SET v_passed = v_generation;
        END IF;
    END LOOP;
END
