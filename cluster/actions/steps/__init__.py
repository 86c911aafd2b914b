"""What several verbs share: seeing the cluster, leases, bringing a node level, orphaned entries."""
