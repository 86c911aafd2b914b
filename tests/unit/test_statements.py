"""What a statement may do, from its text alone."""

import pytest

from cluster.backend.statements import Kind, kind, refusal

READS = [
    "SELECT * FROM a",
    "  (select 1) union (select 2)",
    "/* a */ -- b\n# c\nSELECT 1",
    "SELECT * FROM a WHERE b = 'DELETE FOR UPDATE'",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "SHOW TABLES",
    "EXPLAIN DELETE FROM a",
    "SAVEPOINT `s1`",
    "RELEASE SAVEPOINT `s1`",
    "ROLLBACK TO SAVEPOINT `s1`",
    "SET foreign_key_checks=0",
    "SET a = 1; SELECT 2;",
    "SELECT ';' ; ",
    "SELECT 'x; DELETE FROM a'",
]
ROWS = [
    "INSERT INTO a VALUES (%s)",
    "insert into a values (1)",
    "REPLACE a VALUES (1)",
    "UPDATE a SET b = 1",
    "INSERT INTO a VALUES ('edit; then commit')",
    "UPDATE a SET b = 'x -- y', c = \"a;b\" WHERE d = 'it''s; /* so'",
    "UPDATE `a;b` SET c = 'begin; \\'; commit'",
]
WRITES = [
    "CALL p()",
    "WITH a AS (SELECT 1) DELETE FROM b",
    "SET STATEMENT max_statement_time=1 FOR DELETE FROM a",
    "ANALYZE UPDATE a SET b = 1",
    "/*! DELETE FROM a */",
    "/*M! DELETE FROM a */",
    "SELECT 1; DELETE FROM a",
    "SELECT '/*'; DELETE FROM a; -- */",
    "DELETE FROM a; ",
    "DELETE FROM a -- it's; all",
    "DELETE FROM a WHERE b = 'x' /* it's */; SELECT 1",
    "DELETE FROM a -- all",
    "DELETE FROM a # all",
    "DELETE /* all */ FROM a",
    "/* why */ DELETE FROM a",
    "LOAD DATA LOCAL INFILE 'x' INTO TABLE a",
    "DO f()",
    "EXECUTE IMMEDIATE 'DELETE FROM a'",
    "BEGIN NOT ATOMIC START TRANSACTION; DELETE FROM a; COMMIT; END",
    "CREATE PROCEDURE p() BEGIN START TRANSACTION; DELETE FROM a; COMMIT; END",
    "",
    "???",
]


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM a FOR UPDATE", "SELECT 1 FROM a LOCK IN SHARE MODE", "SELECT 1; SELECT 2 FOR UPDATE"],
)
def test_reads_that_lock(sql):
    assert kind(sql) is Kind.LOCKING


@pytest.mark.parametrize("sql", READS)
def test_reads(sql):
    assert kind(sql) is Kind.READ


@pytest.mark.parametrize("sql", ROWS)
def test_changes_of_rows(sql):
    assert kind(sql) is Kind.ROWS


@pytest.mark.parametrize("sql", WRITES)
def test_when_in_doubt_it_is_a_write(sql):
    assert kind(sql) is Kind.WRITE


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("START TRANSACTION", Kind.BEGIN),
        ("begin", Kind.BEGIN),
        ("COMMIT", Kind.COMMIT),
        ("rollback;", Kind.ROLLBACK),
        ("START TRANSACTION; DELETE FROM a; COMMIT", Kind.FOREIGN),
        ("SELECT 1; SET autocommit = 0; DELETE FROM a", Kind.FOREIGN),
        ("SET @current_transaction_id = 'mine'", Kind.FOREIGN),
        ("SELECT UUID() INTO @x; SET @x = 1, @current_transaction_id := @x", Kind.FOREIGN),
        ("SELECT @current_transaction_id", Kind.READ),
        ("SET autocommit=0", Kind.FOREIGN),
        ("SET SESSION autocommit = OFF", Kind.FOREIGN),
        ("SET @@autocommit := 0", Kind.FOREIGN),
        ("set @@session.`autocommit`=0", Kind.FOREIGN),
        ("SET foreign_key_checks = 0, autocommit = 0", Kind.FOREIGN),
        ("SET completion_type = CHAIN", Kind.FOREIGN),
        ("SET @autocommit = 0, @note = 'autocommit = 0'", Kind.READ),
        ("SET @note = @@autocommit", Kind.READ),
        ("COMMIT AND CHAIN", Kind.FOREIGN),
        ("COMMIT AND NO CHAIN RELEASE", Kind.FOREIGN),
        ("COMMIT AND NO CHAIN NO RELEASE", Kind.COMMIT),
        ("ROLLBACK WORK AND CHAIN", Kind.FOREIGN),
        ("ROLLBACK TO SAVEPOINT `chain`", Kind.READ),
        ("TRUNCATE a", Kind.COMMITTING),
        ("CREATE TABLE a SELECT * FROM b", Kind.COMMITTING),
        ("ANALYZE TABLE a", Kind.COMMITTING),
        ("ANALYZE FORMAT=JSON DELETE FROM a", Kind.WRITE),
        ("SELECT 1; DROP TABLE a", Kind.FOREIGN),
        ("XA START 'a'", Kind.FOREIGN),
        ("SELECT 1; XA START 'a'", Kind.FOREIGN),
        ("USE other", Kind.FOREIGN),
        ("SET PASSWORD = PASSWORD('x')", Kind.FOREIGN),
        ("PREPARE s FROM 'START TRANSACTION'", Kind.FOREIGN),
        ("EXECUTE IMMEDIATE 'COMMIT'", Kind.FOREIGN),
        ("EXECUTE IMMEDIATE 'DELETE FROM a WHERE b = ''BEGIN'''", Kind.WRITE),
    ],
)
def test_transactions(sql, found):
    assert kind(sql) is found


def test_a_backslash_that_escapes_nothing():
    assert kind(r"SELECT '\'; DELETE FROM a; SELECT '\'") is Kind.READ
    assert kind(r"SELECT '\'; DELETE FROM a; SELECT '\'", escapes=False) is Kind.WRITE


def test_a_refusal_says_what_to_do_instead():
    assert "alias of its own" in refusal("SELECT 1; USE other")
    assert "transaction.atomic" in refusal("EXECUTE IMMEDIATE 'COMMIT'")
