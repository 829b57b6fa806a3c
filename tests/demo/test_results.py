import json
import re

import pytest

from demo import results
from omniactor.errors import InputError

SUMMARY = {
    "agent": "expert",
    "assets": "standin",
    "protocol": {"starts": "published"},
    "success_rate": 0.75,
    "n": 4,
    "wilson_95": [0.301, 0.954],
    "per_task": {"49": {"successes": 1, "n": 2, "success_rate": 0.5}, "3": {"successes": 2, "n": 2, "success_rate": 1.0}},
}


def test_an_evaluation_becomes_a_line_and_a_table_in_the_order_of_the_tasks(tmp_path):
    (tmp_path / "libero-90-expert-standin.json").write_text(json.dumps(SUMMARY))
    (tmp_path / "settling.json").write_text("{}")
    (summary,) = results.evaluations(tmp_path)
    assert results.title(summary) == (
        "Measured: scripted expert, 2 tasks, stand-in models, published starts: 75.0\u00a0% of 4 episodes (95\u00a0% interval 30.1\u00a0to\u00a095.4)"
    )
    rows = re.findall(r"<tr( class=.weak.)?><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", results.table(summary))
    assert [row[1] for row in rows] == ["3", "49"]
    assert rows[1] == (' class="weak"', "49", "pick up the tomato sauce and put it in the basket", "1/2")
    assert rows[0][0] == ""


def test_an_agents_evaluations_stand_together():
    summaries = [{"agent": name, "n": n} for n, name in enumerate(("mini", "expert", "mini", "expert"))]
    assert [summary["n"] for summary in results.in_order(summaries)] == [0, 2, 1, 3]


def test_an_evaluation_that_lies_in_two_places_is_shown_once():
    other = {**SUMMARY, "protocol": {"starts": "fresh"}}
    assert results.in_order([SUMMARY, other, json.loads(json.dumps(SUMMARY))]) == [SUMMARY, other]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"per_task": 3}'])
def test_a_file_that_is_no_summary_is_named(tmp_path, text):
    (tmp_path / "libero-90-broken.json").write_text(text)
    with pytest.raises(InputError, match=r"summary of an evaluation in .*libero-90-broken\.json"):
        results.evaluations(tmp_path)


def test_the_evaluations_that_ship_are_whole():
    for summary in results.evaluations():
        assert summary["errors"] == 0
        assert results.table(summary).count("<tr") == 1 + len(summary["per_task"])
        assert sum(row["successes"] for row in summary["per_task"].values()) == summary["successes"]
