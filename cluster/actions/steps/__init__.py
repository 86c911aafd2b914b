"""What several verbs share: seeing the cluster, leases, letting a node catch up, orphaned entries."""
