"""What Django would ask a node for, where no node can be asked: its answers decide which SQL Django writes."""

EXPECTED_SERVER = {
    "version": "10.11.0-MariaDB",
    "sql_mode": "STRICT_ALL_TABLES",
    "default_storage_engine": "InnoDB",
    "sql_auto_is_null": False,
    "lower_case_table_names": 0,
    "has_zoneinfo_database": False,
}
