"""The bench of queries measures what it says: both sides give the same answer to each question."""

from pathlib import Path

from scheduler.query_bench import QUESTIONS, bench_query


def test_both_sides_answer_every_question_alike_and_the_call_back_too(tmp_path: Path) -> None:
    results = bench_query(tmp_path, 2_000, rounds=1)
    assert [each.question for each in results] == [*(each.name for each in QUESTIONS), "call-backs of 500 ids"]
    assert sum(each.rows > 0 for each in results) > 5
    assert all(each.vql_seconds > 0 and each.sql_seconds > 0 for each in results)
