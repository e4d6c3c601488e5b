"""A new psi is one class: Pearson's chi-squared divergence, solved exactly, checked, and ready for neural training.

    psi*(rho - rho_E) = sum (rho - rho_E)^2 / rho_E,      psi(c) = sum rho_E c^2 / 4   for c >= -2

Run it: python examples/04_your_own_regularizer.py
"""

import numpy as np

from gail.envs import gridworld
from gail.exact import check_proposition_3_2, check_regularizer, match_occupancy, solve_rl
from gail.exact.regularizers import SmoothSeparable


class ChiSquared(SmoothSeparable):
    """Pearson's chi-squared divergence. psi is a sum over pairs, so functions of one entry define it."""

    domain = (-2.0, np.inf)
    unit_cost = 0.0  # the cost where learner and expert agree

    def penalty(self, cost):
        """psi, entry by entry and per unit of rho_E."""
        return cost**2 / 4.0

    def slopes(self, cost):
        """Its first and second derivatives."""
        return cost / 2.0, np.full_like(cost, 0.5)

    def answer(self, rho, expert):
        """psi* entry by entry, and the cost that attains it."""
        return (rho - expert) ** 2 / expert, 2.0 * (rho - expert) / expert

    def elasticity(self, rho, expert):
        """rho times the derivative of that cost in rho."""
        return 2.0 * rho / expert

    def learner_loss(self, logit):
        """Minus the cost, of a discriminator's logit: rho / rho_E = e^logit."""
        return 2.0 - 2.0 * np.exp(logit)

    def expert_loss(self, logit):
        """The expert's part of the loss; the minimum of the loss over logits is -psi*."""
        return np.exp(2.0 * logit) - 1.0

    def conic(self, cp, rho, expert):
        """For an independent check by CVXPY: a convex expression, and constraints. Needs every pair to be taken."""
        return cp.sum(cp.multiply(1.0 / expert, cp.square(rho - expert))), []


# First check that these formulas belong together. Every check that fails is named, with its numbers.
rng = np.random.default_rng(0)
contract = check_regularizer(ChiSquared(), states=3, actions=2, rng=rng)
for claim in contract.certificates:
    print(f"{'holds' if claim.holds else 'FAILS':6} {claim.violation:.0e}  {claim.statement}")
assert contract.holds

task = gridworld("S..\n.#P\n..G", slip=0.2, discount=0.9)
expert = solve_rl(task.mdp, task.cost, entropy_weight=1.0).require_optimal()

imitator = match_occupancy(task.mdp, expert.occupancy, ChiSquared(), entropy_weight=0.5).require_optimal()
print(f"optimum {imitator.primal_value:.6f}, proven to a gap of {imitator.gap:+.1e}")

for claim in check_proposition_3_2(task.mdp, expert.occupancy, ChiSquared(), 0.5, "3x3 gridworld", rng).certificates:
    print(f"{'holds' if claim.holds else 'FAILS':6} {claim.violation:.0e}  {claim.statement}")
    assert claim.holds

# The loss of a neural discriminator agrees with psi*: at the best logits it is -psi*.
logits = np.log(imitator.occupancy / expert.occupancy)
loss = ChiSquared().discriminator_loss(logits, logits, imitator.occupancy, expert.occupancy)
divergence = ChiSquared().conjugate(imitator.occupancy, expert.occupancy)[0]
print(f"least discriminator loss {loss:.9f}, -psi* {-divergence:.9f}")
assert abs(loss + divergence) <= 1e-9
