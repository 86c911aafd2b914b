"""What a write is measured against: other MariaDB servers, and the load that all of them get."""
