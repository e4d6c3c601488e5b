"""The table that compares the two routes: RL after IRL, and occupancy matching."""

import io

import numpy as np
from rich.console import Console

from gail.exact import check_proposition_3_2
from gail.exact import regularizers as psi
from gail.experiments.verify.both_routes import Theory, print_routes
from gail.experiments.verify.instances import named


def test_every_status_is_a_whole_word_at_80_columns():
    chain, rng = named("chain", 0.0, 0.95), np.random.default_rng(0)
    found = {
        name: check_proposition_3_2(chain.mdp, chain.expert_occupancy, one, 1.0, "chain", rng)
        for name, one in (("truncated-quadratic", psi.TruncatedQuadratic()), ("reverse-kl", psi.ReverseKL()))
    }
    console = Console(file=io.StringIO(), width=80)
    print_routes(Theory(chain, 1.0, found, None), console)
    printed = console.file.getvalue()
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed
    assert {line.split()[-1] for line in printed.splitlines() if "matching" in line} == {"optimal", "cost"}
    assert "no cost: no optimal cost exists" in printed
