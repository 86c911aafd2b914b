-- Remembers that another node follows this one in an epoch: it may vote for the third node from then on, so the order of an operator to
-- take writes alone (forced) has ended. Called before the follower becomes one. Input: the epoch. May be repeated.
CREATE OR REPLACE PROCEDURE note_follower(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS INTEGER), p_epoch) WHERE config_key = 'followed_epoch'
