-- rpc_call for any node: this one answers itself, in a transaction of its own.
-- Out: its answer; why not, NULL when it was done. May be repeated.
CREATE OR REPLACE PROCEDURE rpc_call_node(
    IN p_node VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT,
    OUT p_answer VARCHAR(1000), OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem TEXT;
    IF p_node = (SELECT config_value FROM node_config WHERE config_key = 'node_name') THEN
        BEGIN
            DECLARE EXIT HANDLER FOR SQLEXCEPTION
            BEGIN
                GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
                ROLLBACK;
            END;
            START TRANSACTION;
            CALL rpc_dispatch(p_verb, p_epoch, p_argument, p_answer);
            COMMIT;
        END;
        SET p_problem = v_problem;
    ELSE
        CALL rpc_call(p_node, p_verb, p_epoch, p_argument, p_answer, p_problem);
    END IF;
END
