"""The Python of docs/input.md runs as it stands, and gives the optima that the other libraries publish."""

import re
from pathlib import Path

import numpy as np

PAGE = (Path(__file__).parents[1] / "docs" / "input.md").read_text()


def test_the_examples_run_and_find_the_known_policies(capsys):
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
    solve = names["solve_rl"]
    waits = solve(names["forest"], -names["rewards"], entropy_weight=0.0).policy.argmax(axis=1)
    np.testing.assert_array_equal(waits, [0, 0, 0])  # pymdptoolbox: the policy (0, 0, 0) at discount 0.9
    first = solve(names["pairs"], -np.array([5.0, 10.0, -1.0])[names["pair"]], entropy_weight=0.0)
    assert first.policy[0].argmax() == 0  # QuantEcon: the optimal actions are (0, 0) at discount 0.95
    np.testing.assert_array_equal(names["task"].cost, [[0.5]])
    assert "[[0.5]] [ True]" in capsys.readouterr().out
