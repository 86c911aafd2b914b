"""Which suites are run, and which of their tests end otherwise on the cluster's backend, with the reason."""

SUITES = (
    "transactions", "transaction_hooks", "bulk_create", "delete", "delete_regress",
    "m2m_and_m2o", "m2m_intermediary", "m2m_multiple", "m2m_recursive", "m2m_regress", "m2m_signals", "m2m_through",
    "m2m_through_regress", "m2o_recursive", "many_to_many", "many_to_one", "many_to_one_null", "model_inheritance",
    "model_inheritance_regress", "proxy_models", "proxy_model_inheritance", "select_for_update", "select_related",
    "select_related_onetoone", "constraints", "composite_pk", "async", "introspection", "inspectdb", "backends",
    "basic", "queries", "aggregation", "aggregation_regress", "annotations", "expressions", "expressions_case",
    "expressions_window", "lookup", "get_or_create", "update", "update_only_fields", "raw_query", "ordering",
    "or_lookups", "null_queries", "nested_foreign_keys", "one_to_one", "prefetch_related", "reserved_names",
    "save_delete_hooks", "string_lookup", "timezones", "datatypes", "dates", "datetimes", "db_functions", "defer",
    "defer_regress", "distinct_on_fields", "empty", "extra_regress", "field_defaults", "fixtures",
    "force_insert_update", "foreign_object", "known_related_objects", "multiple_database", "generic_relations",
    "custom_pk", "custom_lookups", "custom_columns", "indexes", "schema", "migrations", "model_fields",
)  # fmt: skip
DIFFERENT: dict[str, str] = {}
"""A test's name as runtests.py prints it, and why it ends otherwise."""
