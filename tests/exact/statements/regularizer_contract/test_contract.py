"""`check_regularizer` names the formula that is wrong: one psi each, right but for one thing."""

import numpy as np
import pytest
import torch

from gail.exact import check_regularizer
from gail.exact import regularizers as psi

SHAPE = (3, 2)
FEATURES = np.random.default_rng(0).normal(size=(*SHAPE, 3))


def checked(regularizer, seed=0):
    return check_regularizer(regularizer, *SHAPE, np.random.default_rng(seed), tensor=torch.tensor)


class Distance:
    """The least that a psi can be: psi(c) = sum c^2 / 2, with nothing offered."""

    def value(self, cost, expert):
        return 0.5 * float(np.sum(cost**2))

    def conjugate(self, rho, rho_expert):
        return 0.5 * float(np.sum((rho - rho_expert) ** 2)), rho - rho_expert


class Raised(psi.Logistic):
    """Logistic with one added to all costs: psi(c) = psi_GA(c - 1), so that sup T = 1."""

    domain = (-np.inf, 1.0)
    unit_cost = 1.0 - float(np.log(2.0))

    def penalty(self, cost):
        return super().penalty(cost - 1.0)

    def answer(self, rho, expert):
        entries, cost = super().answer(rho, expert)
        return entries + rho - expert, cost + 1.0

    def slopes(self, cost):
        return super().slopes(cost - 1.0)

    def learner_loss(self, logit):
        return super().learner_loss(logit) - 1.0

    def expert_loss(self, logit):
        return super().expert_loss(logit) + 1.0

    def conic(self, cp, rho, expert):
        value, constraints = super().conic(cp, rho, expert)
        return value + cp.sum(rho - expert), constraints


@pytest.mark.parametrize("regularizer", [Distance(), Raised()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("seed", range(3))
def test_a_psi_that_is_right_passes(regularizer, seed):
    verification = checked(regularizer, seed)
    assert [one for one in verification.certificates if not one.holds] == []
    assert len(verification.certificates) >= 8


def without(base, **wrong):
    """The psi with some members replaced by functions of the right ones."""
    return type(f"Wrong{base.__name__}", (base,), {name: make(getattr(base, name)) for name, make in wrong.items()})


def on_result(change):
    """A method whose result is changed."""
    return lambda right: lambda self, *arguments: change(right(self, *arguments))


def on_cost(change):
    """`conjugate` or `answer` with another cost."""
    return on_result(lambda pair: (pair[0], change(pair[1])))


def less_than_best(right):
    """A cost on the way to the best one, with the value that it has: consistent, and too little."""

    def conjugate(self, rho, expert):
        cost = 0.9 * right(self, rho, expert)[1]
        return float(np.sum((rho - expert) * cost)) - self.value(cost, expert), cost

    return conjugate


def constant(result):
    return lambda right: lambda self, *arguments: result


EQUALITY, BEST = "psi*(rho - rho_E) = <rho - rho_E, c> - psi(c)", "no cost does better"
GRADIENT, CONVEX, CONVEX_DUAL = "is the gradient of psi*", "psi is convex", "psi* is convex"
FENCHEL, FAR = "psi*(rho - rho_E) >=", "gains grow without bound along the returned cost"

WRONG = [
    (without(Distance, conjugate=on_cost(np.negative)), EQUALITY),
    (without(Distance, conjugate=on_cost(np.negative)), GRADIENT),
    (without(Distance, conjugate=on_result(lambda pair: (2.0 * pair[0], pair[1]))), EQUALITY),
    (without(Distance, conjugate=on_result(lambda pair: (0.5 * pair[0], pair[1]))), FENCHEL),
    (without(Distance, conjugate=on_result(lambda pair: (np.nan, pair[1]))), FENCHEL),
    (without(Distance, conjugate=on_result(lambda pair: (np.inf, np.inf * np.sign(pair[1])))), FAR),
    (without(Distance, conjugate=on_result(lambda pair: (-pair[0], pair[1]))), CONVEX_DUAL),
    (without(Distance, conjugate=on_result(lambda pair: pair[0])), "returns a number and a cost"),
    (without(Distance, conjugate=on_cost(np.ravel)), "returns a number and a cost"),
    (without(Distance, conjugate=less_than_best), BEST),
    (without(Distance, value=on_result(np.negative)), CONVEX),
    (without(Distance, value=constant(np.inf)), "finite at two costs or more"),
    (without(Distance, value=constant(np.nan)), FENCHEL),
    (without(psi.L2Ball, conjugate=less_than_best), BEST),
    (without(psi.LInfBall, conjugate=less_than_best), BEST),
    (without(psi.Logistic, answer=on_cost(lambda cost: cost - 1e-3)), EQUALITY),
    (without(psi.Logistic, penalty=on_result(np.negative)), CONVEX),
    (without(psi.Logistic, elasticity=on_result(np.negative)), "elasticity is not negative"),
    (without(psi.Logistic, elasticity=on_result(lambda one: 1.01 * one)), "second derivative of psi*"),
    (without(psi.Logistic, slopes=on_result(lambda pair: (-pair[0], pair[1]))), "derivatives' first"),
    (without(psi.Logistic, slopes=on_result(lambda pair: (pair[0], 2.0 * pair[1]))), "derivatives' second"),
    (without(psi.Logistic, slopes=on_result(lambda pair: (pair[0] + 1e-3, pair[1]))), "psi'(c) = rho - rho_E"),
    (without(psi.Logistic, start=constant((np.ones(SHAPE), np.ones(SHAPE)))), "start lies"),
    (without(psi.Logistic, move=lambda right: lambda self, cost, step: cost + step), "does not leave the domain"),
    (without(psi.Logistic, move=lambda right: lambda self, cost, step: right(self, cost, -step)), "a small step"),
    (without(psi.Logistic, learner_loss=on_result(lambda loss: -loss)), "the least discriminator loss"),
    (without(psi.Logistic, expert_loss=on_result(lambda loss: loss + 0.1)), "the least discriminator loss"),
    (without(psi.Logistic, cost=on_result(lambda cost: -cost)), "the cost of the best logits"),
    (without(psi.Logistic, cost=lambda right: lambda self, logit: -np.abs(np.asarray(logit)) * 1.0), "best logits"),
    (without(psi.Logistic, conic=on_result(lambda pair: (2.0 * pair[0], pair[1]))), "the conic form"),
    (without(psi.ReverseKL, unit_cost=lambda right: right + 1e-3), "unit_cost is the best cost"),
    (without(psi.ReverseKL, needs_coverage=lambda right: False), "needs_coverage says"),
    (without(psi.Quadratic, conjugate_elasticity=on_result(lambda one: 0.5 * one)), "second derivative of psi*"),
    (without(psi.LInfBall, bounds=on_result(lambda pair: (pair[0], 2.0 * pair[1]))), "the linear program over bounds"),
    (without(psi.LInfBall, repaired=on_result(lambda cost: 2.0 * cost)), "repaired costs are in the domain"),
    (without(psi.LInfBall, repaired=on_result(lambda cost: 0.5 * cost)), "does not change costs in the domain"),
    (without(psi.L2Ball, support=on_result(lambda one: 1.1 * one)), EQUALITY),
    (without(psi.L2Ball, maximise=on_result(lambda one: 2.0 * one)), "maximise returns weights of the class"),
    (without(psi.L2Ball, maximise=on_result(lambda one: -one)), "maximise attains the support"),
    (without(psi.L2Ball, restricted=lambda right: lambda self, states: self.__class__(-2.0 * self.features[states])),
     "restricted is psi on fewer states"),
]  # fmt: skip


def made(kind):
    return kind(FEATURES) if issubclass(kind, psi.FeatureClass) else kind()


@pytest.mark.parametrize(("kind", "claim"), WRONG, ids=[f"{n}-{kind.__name__}" for n, (kind, _) in enumerate(WRONG)])
def test_what_is_wrong_is_named(kind, claim):
    failed = [one for one in checked(made(kind)).certificates if not one.holds]
    assert any(claim in one.statement for one in failed), [one.statement for one in failed]
    assert all(one.statement.startswith(kind.__name__) for one in failed)


def test_a_loss_that_differs_on_tensors_is_seen():
    def expert_loss(self, logit):
        right = psi.Logistic.expert_loss(self, logit)
        return right if isinstance(logit, np.ndarray) else 1.001 * right

    wrong = type("Wrong", (psi.Logistic,), {"expert_loss": expert_loss})()
    failed = [one.statement for one in checked(wrong).certificates if not one.holds]
    assert failed == ["Wrong: the losses of tensors and arrays are equal"]
    assert check_regularizer(wrong, *SHAPE, np.random.default_rng(0)).holds


def test_a_failure_says_where_and_by_how_much():
    def conjugate(self, rho, expert):
        value, cost = Distance.conjugate(self, rho, expert)
        cost[1, 0] *= 3.0
        return value, cost

    wrong = type("Wrong", (Distance,), {"conjugate": conjugate})()
    gradient = next(one for one in checked(wrong).certificates if "gradient" in one.statement)
    assert (gradient.numbers["state"], gradient.numbers["action"]) == (1.0, 0.0)
    assert gradient.violation > 0.1 > 1e-3 > gradient.tolerance
    assert gradient.instance == "3 states, 2 actions"
    assert gradient.numbers["left"] != pytest.approx(gradient.numbers["right"], rel=0.1)


def test_a_class_is_no_psi():
    with pytest.raises(TypeError, match=r"psi must be an instance: Logistic\(\)"):
        check_regularizer(psi.Logistic, *SHAPE, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            (None, 3, 2, np.random.default_rng(0)),
            TypeError,
            r"psi must be an instance such as Logistic\(\), got NoneType",
        ),
        ((psi.Logistic(), 0, 2, np.random.default_rng(0)), ValueError, "states must be at least 1, got 0"),
        ((psi.Logistic(), 3, 3.0, np.random.default_rng(0)), TypeError, "actions must be a whole number .*, got 3.0"),
        ((psi.Logistic(), 3, 2, 0), TypeError, r"rng must be a generator such as numpy.random.default_rng\(0\), got 0"),
    ],
)
def test_what_cannot_be_checked_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        check_regularizer(*given)
