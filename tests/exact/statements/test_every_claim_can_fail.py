"""Every claim of every statement is violated where something is wrong.

A claim that holds whatever the numbers says nothing. So each check runs again and again on small instances, each time
with one wrong ingredient: the result of one function or method that it calls is changed (`wrong_results`), or something
else is wrong that the table `WRONG` names. Each claim must be violated at least once. The claims, the ingredients and
the places in the source that make claims are read off the checks themselves, so whatever is new is included.

Only calls from the modules of statements get wrong results: solvers are right, and what a check computes from their
results is compared with the truth. The checks' own private functions stay right too, most of which compare.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gail.exact import FiniteMDP, Solution, Status, Verification, occupancy_of, statements
from gail.exact import regularizers as psi
from gail.exact.problems import Matching
from gail.exact.process.finite_horizon import time_expanded
from gail.exact.regularizers.separable import Separable
from gail.exact.statements.duality import irl_is_dual, proposition_3_2, unattained_dual
from gail.exact.statements.learning import gradients
from gail.exact.statements.rewards import identifiability, two_experts
from gail.exact.statements.surrogates import jensen_shannon
from gail.exact.statements.verdicts import Verdicts
from gail.exact.statements.worst_case import WorstCases

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).parents[1] / "psi_library.py")
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

_WRONG = importlib.util.spec_from_file_location("wrong_results", Path(__file__).parents[1] / "wrong_results.py")
results = importlib.util.module_from_spec(_WRONG)
sys.modules[_WRONG.name] = results  # dataclasses look their module up
_WRONG.loader.exec_module(results)

Case = Callable[[], Verification]


# Small instances: no episode ends; episodes end; three steps; deterministic.


def endless() -> FiniteMDP:
    return FiniteMDP(np.random.default_rng(7).dirichlet(np.ones(3), size=(3, 2)), [0.5, 0.3, 0.2], 0.8)


def ending() -> FiniteMDP:
    rows = np.array(
        [[[0.0, 0.6, 0.0], [0.3, 0.3, 0.4]], [[0.5, 0.2, 0.3], [0.0, 0.0, 1.0]], [[0.4, 0.0, 0.1], [0.0] * 3]]
    )
    return FiniteMDP(rows, [1.0, 0.0, 0.0], 0.9, [True, False, True])


def finite() -> FiniteMDP:
    return time_expanded(FiniteMDP([[[0.7, 0.3], [0.2, 0.8]], [[0.1, 0.9], [0.6, 0.4]]], [0.5, 0.5], 0.9), 2)


def ring() -> FiniteMDP:
    return FiniteMDP([[np.eye(3)[(s + a) % 3] for a in (0, 1)] for s in range(3)], [1.0, 0.0, 0.0], 0.5)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def cost(mdp: FiniteMDP) -> np.ndarray:
    return np.random.default_rng(1).random((mdp.num_states, mdp.num_actions))


def expert(mdp: FiniteMDP) -> np.ndarray:
    policy = np.random.default_rng(2).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    return occupancy_of(mdp, policy)


def single_minded(mdp: FiniteMDP) -> np.ndarray:
    return occupancy_of(mdp, np.tile(np.eye(mdp.num_actions)[0], (mdp.num_states, 1)))


def features(mdp: FiniteMDP) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(mdp.num_states, mdp.num_actions, 3))


def member(name: str, mdp: FiniteMDP) -> psi.Regularizer:
    return _MODULE.library(mdp.num_states, mdp.num_actions)[name]


def with_psi(check: Callable[..., Verification], make: Callable[[], FiniteMDP], name: str, *more: Any) -> Case:
    """A check that takes a process, an expert, a psi and more."""

    def run() -> Verification:
        mdp = make()
        return check(mdp, expert(mdp), member(name, mdp), *more, "small", rng())

    return run


def inaccurate(make: Callable[[], FiniteMDP], name: str) -> Case:
    """Proposition 3.2 where the conic solver reports reduced accuracy."""

    def run() -> Verification:
        honest = proposition_3_2.match_occupancy

        def match(*given: Any, **options: Any) -> Solution:
            solution = honest(*given, **options)
            status = Status.BACKEND_INACCURATE if options else solution.status
            return dataclasses.replace(solution, status=status)

        with results.replaced(proposition_3_2, "match_occupancy", match):
            return with_psi(statements.check_proposition_3_2, make, name, 0.5)()

    return run


def cases() -> dict[str, list[Case]]:
    """Instances on which each check makes all of its claims."""
    every, some = (endless, ending), (endless,)
    s = statements
    return {
        "check_proposition_3_1": [lambda make=make: s.check_proposition_3_1(make(), "small", rng()) for make in every],
        "check_lemma_3_1": [lambda make=make: s.check_lemma_3_1(make(), "small", rng()) for make in every],
        "check_lemma_3_2": [lambda make=make: s.check_lemma_3_2(make(), 0.7, "small", rng()) for make in every],
        "check_planning_duality": [
            lambda make=make: s.check_planning_duality(mdp := make(), cost(mdp), "small") for make in (*every, finite)
        ],
        "check_soft_planning_duality": [
            lambda make=make: s.check_soft_planning_duality(mdp := make(), cost(mdp), 0.5, "small")
            for make in (*every, finite)
        ],
        "check_proposition_3_2": [
            *(
                with_psi(s.check_proposition_3_2, endless, name, 0.5)
                for name in ("Logistic", "Constant", "L2Ball", "LInfBall", "LinearSpan", "Quadratic")
            ),
            with_psi(s.check_proposition_3_2, ending, "Logistic", 0.5),
            with_psi(s.check_proposition_3_2, finite, "Constant", 0.5),
            inaccurate(endless, "Logistic"),
        ],
        "check_corollary_3_2_1": [
            lambda make=make, of=of: s.check_corollary_3_2_1(mdp := make(), of(mdp), 0.5, "small", rng())
            for make, of in ((endless, expert), (ending, expert), (endless, single_minded))
        ],
        "check_without_entropy": [
            with_psi(s.check_without_entropy, make, name)
            for make, name in ((endless, "Constant"), (endless, "Logistic"), (ending, "L2Ball"))
        ],
        "check_unattained_dual": [
            lambda make=make: s.check_unattained_dual(mdp := make(), cost(mdp), 0.5, "small") for make in every
        ],
        "check_irl_is_dual": [
            lambda make=make, of=of: s.check_irl_is_dual(mdp := make(), of(mdp), 0.5, "small", rng())
            for make, of in ((endless, expert), (ending, expert), (endless, single_minded))
        ],
        "check_feature_classes": [
            lambda make=make: s.check_feature_classes(mdp := make(), expert(mdp), features(mdp), 0.5, "small", rng())
            for make in some
        ],
        "check_class_scaling": [
            lambda make=make: s.check_class_scaling(mdp := make(), expert(mdp), features(mdp), 0.5, 2.0, "small", rng())
            for make in some
        ],
        "check_unexpressive_class": [lambda: s.check_unexpressive_class(s.unexpressive_instance(), "roads")],
        "check_surrogate_family": [
            with_psi(s.check_surrogate_family, make, name)
            for make, name in ((endless, "Logistic"), (endless, "Hinge"), (ending, "Exponential"))
        ],
        "check_jensen_shannon": [
            lambda make=make: s.check_jensen_shannon(mdp := make(), expert(mdp), "small", rng()) for make in every
        ],
        "check_uniqueness_and_bias": [
            lambda make=make: s.check_uniqueness_and_bias(mdp := make(), expert(mdp), 0.5, "small", rng())
            for make in every
        ],
        "check_lemma_a_1": [lambda make=make: s.check_lemma_a_1(make(), "small", rng()) for make in every],
        "check_imitation_gradient": [
            with_psi(s.check_imitation_gradient, make, name, 0.3)
            for make, name in ((endless, "Logistic"), (ending, "Quadratic"))
        ],
        "check_gradient_elsewhere": [
            with_psi(s.check_gradient_elsewhere, make, name, 0.3)
            for make, name in ((endless, "Logistic"), (ending, "Quadratic"))
        ],
        "check_monotone_improvement": [
            lambda make=make: s.check_monotone_improvement(mdp := make(), cost(mdp), "small", rng()) for make in every
        ],
        "check_guided_cost_learning": [
            lambda make=make: s.check_guided_cost_learning(mdp := make(), cost(mdp), 2, "small", rng())
            for make in (endless, ring, ending)
        ],
        "check_guided_cost_inequalities": [lambda: s.check_guided_cost_inequalities("coin")],
        "check_compounding_error": [
            lambda make=make: s.check_compounding_error(mdp := make(), cost(mdp), expert(mdp), 3, "small", rng())
            for make in every
        ],
        "check_average_cost": [lambda: s.check_average_cost(mdp := endless(), cost(mdp), 0.5, "small", rng())],
        "check_constrained_duality": [
            lambda make=make: s.check_constrained_duality(mdp := make(), cost(mdp), expert(mdp), 0.5, "small", rng())
            for make in every
        ],
        "check_shared_cost": [
            lambda make=make: s.check_shared_cost(mdp := make(), expert(mdp), 0.5, "small", rng()) for make in some
        ],
        "check_identifiability": [
            lambda make=make: s.check_identifiability(make(), "small", rng()) for make in (*every, ring)
        ],
        "check_two_sides": [lambda: s.check_two_sides("ring")],
        "check_airl": [lambda make=make: s.check_airl(make(), "small", rng()) for make in (*every, ring)],
        "check_airl_bias": [lambda: s.check_airl_bias("table")],
        "check_transfer": [lambda: s.check_transfer("table", rng())],
        "check_entangled_rewards": [lambda: s.check_entangled_rewards("table")],
        "check_two_discounts": [lambda make=make: s.check_two_discounts(make(), "small", rng()) for make in every],
        "check_two_dynamics": [lambda: s.check_two_dynamics("tables", rng())],
        "check_recovery_family": [lambda: s.check_recovery_family("recovery")],
        "check_regularizer": [
            lambda name=name: s.check_regularizer(member(name, endless()), 3, 2, rng(), tensor=np.array)
            for name in ("Logistic", "L2Ball", "LInfBall", "ReverseKL", "Constant")
        ],
    }


CASES = cases()


# What else can be wrong: for claims that no wrong result of a single ingredient violates.


def with_other(check: str, place: Any, name: str, other: Callable[..., Callable[..., Any]], case: int = 0) -> Case:
    """A case in which a function or method is replaced by what `other` makes of it."""

    def run() -> Verification:
        with results.replaced(place, name, other(vars(place)[name])):
            return CASES[check][case]()

    return run


def with_a_cost(right: Callable[..., Solution]) -> Callable[..., Solution]:
    def solve(*given: Any) -> Solution:
        solution = right(*given)
        return dataclasses.replace(solution, cost=np.zeros_like(solution.policy))

    return solve


def stopped(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda problem, steps, **options: right(problem, min(steps, 3), **options)


def at_another_cost(_: Any) -> Callable[..., np.ndarray]:
    """The cost that the check itself will draw next."""

    def gradient(problem: Matching, logits: np.ndarray) -> np.ndarray:
        drawn = rng()
        drawn.normal(size=logits.shape)
        cost = gradients.another_cost(problem, drawn)
        return gradients.policy_gradient(problem.mdp, logits, cost, problem.entropy_weight)

    return gradient


def flattened(right: Callable[..., Any]) -> Callable[..., Any]:
    def conjugate(self: Any, *given: Any) -> Any:
        value, cost = right(self, *given)
        return value, cost.ravel()

    return conjugate


def tenth(right: Callable[..., float]) -> Callable[..., float]:
    return lambda *given: 0.1 * right(*given)


def widened(right: Callable[..., Any]) -> Callable[..., Any]:
    """An ambiguity of too many dimensions, and of more of them for several processes than for one."""

    def find(given: Any, **options: Any) -> Any:
        found = right(given, **options)
        more = 1 if isinstance(given, FiniteMDP) else 20
        wide = [np.repeat(one, [1] * (one.shape[-1] - 1) + [1 + more], axis=-1) for one in found.potentials]
        last = np.repeat(found.directions[..., -1:], more, axis=-1)
        directions = np.concatenate([found.directions, last], axis=-1)
        return dataclasses.replace(found, potentials=tuple(wide), directions=directions)

    return find


def with_wide_ambiguity(check: str, module: ModuleType, *claims: str, case: int = 0) -> dict[str, Case]:
    return {claim: with_other(check, module, "reward_ambiguity", widened, case) for claim in claims}


WRONG: dict[str, dict[str, Case]] = {
    "check_identifiability": {
        **with_wide_ambiguity(
            "check_identifiability", identifiability, "the dimension is that of the recovered null space"
        ),
        **with_wide_ambiguity(
            "check_identifiability", identifiability, "the dimension is the number of linked classes", case=2
        ),
    },
    "check_two_sides": with_wide_ambiguity("check_two_sides", identifiability, "the dimension is two"),
    "check_two_discounts": with_wide_ambiguity(
        "check_two_discounts", two_experts, "two experts leave no more open than one"
    ),
    "check_two_dynamics": with_wide_ambiguity(
        "check_two_dynamics",
        two_experts,
        "two random dynamics leave one dimension open",
        "another start determines nothing more",
    ),
    "check_jensen_shannon": {
        "TV <= sqrt(2 JSD)": with_other("check_jensen_shannon", jensen_shannon, "_jensen_shannon", tenth)
    },
    "check_unattained_dual": {
        "the solver returns no cost": with_other("check_unattained_dual", unattained_dual, "solve_irl", with_a_cost)
    },
    "check_irl_is_dual": {
        "the costs of dual ascent keep growing": with_other("check_irl_is_dual", irl_is_dual, "dual_ascent", stopped, 2)
    },
    "check_gradient_elsewhere": {
        "at another cost the policy gradient is another vector": with_other(
            "check_gradient_elsewhere", gradients, "imitation_gradient", at_another_cost
        )
    },
    "check_regularizer": {
        "conjugate returns a number and a cost of the shape of the occupancies": with_other(
            "check_regularizer", Separable, "conjugate", flattened
        ),
        "psi is finite at two costs or more": with_other(
            "check_regularizer", Separable, "value", lambda _: lambda *given: np.inf
        ),
    },
}
"""By check, the claim and what violates it."""


@pytest.mark.parametrize("check", CASES)
def test_every_claim_can_fail(check: str) -> None:
    known = set()
    for claim, case in WRONG.get(check, {}).items():
        assert claim in results.violated(case)
        known.add(claim)
    assert results.never_violated(CASES[check], known) == set()


def test_every_check_has_its_cases() -> None:
    assert set(CASES) == {name for name in statements.__all__ if name.startswith("check_")}


def lines_of_claims() -> set[tuple[str, int]]:
    """Where the modules of statements make a claim: calls of collectors of claims, and certificates."""
    makers = {name for one in (Verdicts, WorstCases) for name in vars(one) if not name.startswith("_")}
    makers = (makers - {"verification"}) | {"Certificate", "Premise", "IndependentCheck", "solved"}
    found = set()
    for module in results.statement_modules():
        if module.__name__ in results.RESULTS:
            continue
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in makers:
                found.add((str(module.__file__), node.lineno))
    return found


def test_every_line_that_makes_a_claim_is_reached() -> None:
    reached = set().union(*(results.observed(case)[1].lines for check in CASES.values() for case in check))
    assert lines_of_claims() - reached == set()


VOID = """
import numpy as np
from gail.exact import FiniteMDP, occupancy_of
from gail.exact.statements.verdicts import Verdicts

def check():
    verdicts = Verdicts("Occupancies", "small")
    rho = occupancy_of(FiniteMDP(np.full((2, 2, 2), 0.5), [1.0, 0.0], 0.8), np.full((2, 2), 0.5))
    verdicts.identity("the mass is 5", rho.sum(), 5.0)
    verdicts.identity("the mass is itself", rho.sum(), rho.sum())
    verdicts.claim("nothing is wrong", 0.0, 0.0)
    return verdicts.verification()
"""


def test_a_claim_that_nothing_violates_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three claims, one compares a number with itself, and one says nothing of any number."""
    module: Any = ModuleType(f"{results.STATEMENTS}.void")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(VOID, "void.py", "exec"), vars(module))
    assert results.never_violated([module.check], set()) == {"the mass is itself", "nothing is wrong"}
    assert results.never_violated([module.check], {"nothing is wrong"}) == {"the mass is itself"}
