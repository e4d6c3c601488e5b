"""Adversarial inverse reinforcement learning (Fu, Luo & Levine 2018) with exact occupancy measures.

    D = e^f / (e^f + pi(a|s)),    logit l = f - log pi(a|s),    f(s,a,s') = g(s[,a]) + gamma h(s') - h(s)

is the probability of the *expert* (the label of the source, contrary to the discriminator of psi_GA). pi is the
learner's current policy, on the expert's samples too. At the end of an episode h(s') = 0. The loss of the population,

    F(g, h) = - sum rho_E log D - sum rho_pi log(1 - D),

over all transitions is convex in (g, h) (`logistic_fit`). Its best logit is log rho_E / rho_pi, which does not depend
on s'. So the best f is log pi_E(a|s) + log rho_E(s) / rho_pi(s); against the learner pi = pi_E it is log pi_E, the
expert's soft advantage A(s,a) = r + gamma E[V(s')] - V(s). It follows, at pi = pi_E:

- g(s,a), h = 0: f = log pi_E. The reward is the advantage, which depends on the expert's dynamics. This is also the
  form of GAN-GCL for single transitions, with log Z inside of g.
- g(s), with E[h(s') | s,a] in place of h(s') ("expected"), or deterministic dynamics: if the expert is soft-optimal for
  a state-only reward r with entropy weight 1, then g = r and h = V attain the best logit. g is r up to
  `reward_ambiguity`: up to a constant, where its dimension is 1.
- g(s), with the sampled s' ("sampled") and stochastic dynamics: gamma h(s') varies with s', so that no g and h attain
  the best logit. The optimum is a projection, and g is a biased estimate of r.

Of all optimal (g, h), which differ by shaping, the one of least norm is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import entr

from gail.exact.occupancy import occupancy_of, policy_of, validate_occupancy, validate_policy
from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.rewards.logistic_fit import fit_logistic
from gail.exact.solution import Status

NextState: TypeAlias = Literal["sampled", "expected"]


@dataclass(frozen=True, eq=False)
class AirlFit:
    """The best discriminator against one learner.

    Attributes:
        reward: g, (S,) if it is state-only, else (S, A); 0 where neither expert nor learner is.
        potential: (S,) h; zero without shaping.
        loss: F(g, h).
        bound: a number that the loss of no g and h of this form is below, up to rounding.
        least_loss: the loss of the best of all logits, log rho_E / rho_pi.
        gradient: largest derivative of F.
        status: OPTIMAL if loss - bound is within 1e-12 of the total mass; DUAL_NOT_ATTAINED if rewards grow without
            limit, as for an expert that never takes some action.
    """

    reward: Array
    potential: Array
    loss: float
    bound: float
    least_loss: float
    gradient: float
    status: Status

    @property
    def misfit(self) -> float:
        """Loss beyond that of the best logit: zero exactly where f attains it."""
        return self.loss - self.least_loss

    def shaped(self, mdp: FiniteMDP) -> Array:
        """(S, A) E[f(s,a,s')] = g(s[,a]) + gamma E[h(s')] - h(s) on a process, this one or another."""
        pairs = self.reward if self.reward.ndim == 2 else self.reward[:, None]
        return np.asarray(pairs - mdp.flow_adjoint(self.potential))

    def __repr__(self) -> str:
        form = "state-only" if self.reward.ndim == 1 else "state-action"
        return (
            f"AirlFit({form}, {self.status.name}, loss {self.loss:.9g}, gap {self.loss - self.bound:.1e}, "
            f"misfit {self.misfit:.3g})"
        )


def fit_airl(
    mdp: FiniteMDP,
    expert: ArrayLike,
    policy: ArrayLike | None = None,
    *,
    state_only: bool = True,
    shaping: bool = True,
    next_state: NextState = "sampled",
) -> AirlFit:
    """The g and h of least loss for an expert's occupancy measure (S, A) and a learner's policy (S, A).

    Args:
        mdp: the process.
        expert: the expert's occupancy measure.
        policy: the learner's; the expert's own by default, the fixed point of the game.
        state_only: whether g is a function of the state.
        shaping: whether there is an h.
        next_state: "sampled" as in the source; "expected" takes the expectation of h over the next state first.

    Raises:
        InvalidOccupancy, InvalidPolicy: see `validate_occupancy` and `occupancy_of`.
        ValueError: the policy never takes some action where expert or learner is, so that log pi is infinite; or an
            unknown `next_state`.
        NotEnoughMemory: the regression would need more than is available.
        TypeError: the process is not a FiniteMDP.
    """
    validate_process(mdp)
    if next_state not in ("sampled", "expected"):
        raise ValueError(f"next_state must be 'sampled' or 'expected', got {next_state!r}")
    rho = validate_occupancy(mdp, expert)
    learner = validate_policy(mdp, policy_of(rho) if policy is None else policy)
    visits = occupancy_of(mdp, learner)
    _require_positive(learner, (rho + visits).sum(axis=1) > 0.0)
    total = (rho + visits).ravel()
    pairs = np.flatnonzero(total > 0.0)
    design, sample, chance = _design(mdp, pairs, state_only, shaping, next_state == "sampled")
    weights, shares = chance * total[sample], rho.ravel()[sample] / total[sample]
    fit = fit_logistic(design, np.log(learner.ravel()[sample]), weights, shares)
    reward, potential = _split(mdp, fit.parameters, state_only, shaping)
    best = float(weights @ (entr(shares) + entr(1.0 - shares)))
    return AirlFit(reward, potential, fit.loss, fit.bound, best, fit.gradient, fit.status)


def _require_positive(policy: Array, visited: NDArray[np.bool_]) -> None:
    never = np.argwhere((policy <= 0.0) & visited[:, None])
    if never.size:
        state, action = never[0]
        raise ValueError(
            f"policy must take every action where expert or learner is, but its probability of action {action} at "
            f"state {state} is {policy[state, action]}"
        )


def _design(
    mdp: FiniteMDP, pairs: NDArray[np.int64], state_only: bool, shaping: bool, sampled: bool
) -> tuple[Sparse, NDArray[np.int64], Array]:
    """X (N, K) with f = X (g, h); the pair of each sample; and its probability given the pair.

    A sample is a pair, or one of the pair's transitions, of which the end of the episode is one.
    """
    states, actions = mdp.num_states, mdp.num_actions
    if sampled and shaping:
        sample, chance, following = _transitions(mdp, pairs)
    else:
        sample, chance, following = pairs, np.ones(pairs.size), mdp.transitions[pairs]
    column = sample // actions if state_only else sample
    size = states if state_only else states * actions
    own = sparse.csr_array((np.ones(sample.size), (np.arange(sample.size), column)), shape=(sample.size, size))
    if not shaping:
        return own, sample, chance
    here = sparse.csr_array(
        (np.ones(sample.size), (np.arange(sample.size), sample // actions)), shape=(sample.size, states)
    )
    return sparse.csr_array(sparse.hstack([own, mdp.discount * following - here])), sample, chance


def _transitions(mdp: FiniteMDP, pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array, Sparse]:
    """For each transition of these pairs: its pair, its probability, and the next state as a row, zero for the end."""
    rows = mdp.transitions[pairs]
    ends = np.asarray(1.0 - rows.sum(axis=1))
    ending = np.flatnonzero(ends > np.finfo(np.float64).eps * mdp.num_states)
    sample = np.concatenate([np.repeat(pairs, np.diff(rows.indptr)), pairs[ending]])
    chance = np.concatenate([rows.data, ends[ending]])
    entries = (np.ones(rows.nnz), (np.arange(rows.nnz), rows.indices))
    return sample, chance, sparse.csr_array(entries, shape=(sample.size, mdp.num_states))


def _split(mdp: FiniteMDP, parameters: Array, state_only: bool, shaping: bool) -> tuple[Array, Array]:
    size = mdp.num_states if state_only else mdp.num_states * mdp.num_actions
    reward = parameters[:size]
    potential = parameters[size:] if shaping else np.zeros(mdp.num_states)
    return reward if state_only else reward.reshape(mdp.num_states, mdp.num_actions), potential
