-- The node that a primary turns to first (1) or second (2) for an acknowledgement or a consent. Not to the other candidate
-- when Node A takes the writes: it does so because Main has failed or is catching up.
CREATE OR REPLACE FUNCTION follower(p_turn INT) RETURNS VARCHAR(16) CHARSET ascii
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN IF((SELECT config_value FROM node_config WHERE config_key = 'node_name') = 'main',
              ELT(p_turn, 'node_a', 'node_b'), ELT(p_turn, 'node_b', 'main'))
