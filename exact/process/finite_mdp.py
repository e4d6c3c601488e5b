"""Finite Markov decision processes with sparse transitions.

A process is (S, A, P, p0, gamma). From state s, action a leads to s' with probability P(s'|s,a). The start is drawn
from p0. Each further step is discounted by gamma. Costs are not part of the process, because many costs are evaluated
on the same process.

The occupancy measure of a policy pi is rho(s,a) = pi(a|s) sum_t gamma^t Pr(s_t = s). With the flow operator

    (flow rho)(s) = sum_a rho(s,a) - gamma sum_{s',a'} P(s|s',a') rho(s',a')

the occupancy measures are exactly {rho >= 0 : flow rho = p0} (Ho & Ermon 2016, Proposition 3.1; Puterman
1994, section 6.9). Its adjoint (flow* V)(s,a) = V(s) - gamma E[V(s') | s,a] turns a state function into the
potential shaping of a cost.

Termination. At states marked in `terminal` a row may sum to less than one. The missing mass is the probability that the
episode ends after that action. gamma = 1 is accepted if continuation is acyclic, so that every episode ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from gail.exact.process.arrays import Array, Sparse, real_numbers
from gail.exact.process.layouts import feasible_pairs, mask_of, stacked_actions, start_of, successor_lists
from gail.exact.process.lifetimes import longest_lifetimes
from gail.exact.process.precision import say_rounded, unit_of
from gail.exact.process.stages import stage_bounds

ROUNDING = 1e-9
"""Largest deviation of a probability vector's sum from one that is accepted as rounding."""


class InvalidMDP(ValueError):
    """The process is ill defined; the message names the first invalid state, action and value."""


class InvalidCost(ValueError):
    """The cost is not a finite (S, A) array."""


@dataclass(frozen=True, eq=False, init=False)
class FiniteMDP:
    """A validated finite process; the module docstring has its mathematics.

    Args:
        transitions: (S, A, S) dense, or sparse (S*A, S) whose row s*A + a is P(.|s,a).
        initial: (S,) start distribution, or the index of the only start.
        discount: gamma in [0, 1), or 1 where continuation is acyclic.
        terminal: the states whose rows may sum to less than one: a boolean mask (S,) or a list of states; none by
            default.

    Rows and `initial` whose sum is within 1e-9 of one are divided by the sum, so that probabilities sum to one exactly.
    Of numbers in less than double precision the sum may be off by that precision; the warning `RoundedInput` says so.
    A terminal state's row that sums to less than one is kept as it is. Arrays are copied, explicit zeros dropped, and
    the copies are read-only. Other layouts: `from_action_matrices`, `from_pairs`, `from_successor_lists`.

    Raises:
        InvalidMDP: not real numbers, wrong shapes, NaN or infinite entries, negative probabilities, rows that do not
            sum to one (or exceed one, at terminal states), `initial` not a distribution, a discount outside its range.
    """

    transitions: Sparse
    initial: Array
    discount: float
    terminal: NDArray[np.bool_]

    def __init__(
        self,
        transitions: ArrayLike | Sparse | Any,
        initial: ArrayLike | int,
        discount: float,
        terminal: ArrayLike | None = None,
    ) -> None:
        matrix = _as_matrix(transitions)
        rows, states = matrix.shape
        mask = mask_of(terminal, states, InvalidMDP)
        matrix = _stochastic(matrix, mask, rows // states, unit_of(transitions))
        initial = start_of(initial, states, InvalidMDP)
        start = _distribution(real_numbers("initial", initial, InvalidMDP), states, unit_of(initial))
        for array in (matrix.data, matrix.indices, matrix.indptr, start, mask):
            array.flags.writeable = False
        object.__setattr__(self, "transitions", matrix)
        object.__setattr__(self, "initial", start)
        object.__setattr__(self, "discount", _discount(discount, matrix, rows // states))
        object.__setattr__(self, "terminal", mask)

    @classmethod
    def from_action_matrices(
        cls, matrices: Any, initial: ArrayLike | int, discount: float, terminal: ArrayLike | None = None
    ) -> FiniteMDP:
        """A process given by one (S, S) matrix per action, dense or sparse: (A, S, S), as in pymdptoolbox."""
        return cls(stacked_actions(matrices, InvalidMDP), initial, discount, terminal)

    @classmethod
    def from_pairs(
        cls,
        states: ArrayLike,
        actions: ArrayLike,
        transitions: Any,
        initial: ArrayLike | int,
        discount: float,
        terminal: ArrayLike | None = None,
    ) -> tuple[FiniteMDP, NDArray[np.intp]]:
        """A process given by its feasible state-action pairs, as in QuantEcon's `DiscreteDP`.

        Args:
            states: (L,) state of each pair.
            actions: (L,) its action.
            transitions: (L, S) dense or sparse; row l is P(.|s_l, a_l).
            initial: as for `FiniteMDP`.
            discount: as for `FiniteMDP`.
            terminal: as for `FiniteMDP`.

        Returns:
            The process, and (S, A) the pair that each state and action stands for: `cost[pair]` is the cost (S, A) of a
            cost (L,). An action that is not feasible stands for the state's first feasible one.
        """
        rows, pair = feasible_pairs(states, actions, transitions, InvalidMDP)
        return cls(rows, initial, discount, terminal), pair

    @classmethod
    def from_successor_lists(
        cls,
        probabilities: Sequence[Sequence[Sequence[float]]],
        successors: Sequence[Sequence[Sequence[int]]],
        initial: ArrayLike | int,
        discount: float,
        terminal: ArrayLike | None = None,
    ) -> FiniteMDP:
        """A process given by lists: `probabilities[s][a]` of the states `successors[s][a]`, as in mdpsolver."""
        return cls(successor_lists(probabilities, successors, InvalidMDP), initial, discount, terminal)

    @property
    def num_states(self) -> int:
        """S."""
        return int(self.transitions.shape[1])

    @property
    def num_actions(self) -> int:
        """A."""
        return int(self.transitions.shape[0]) // self.num_states

    def discounted_next(self, values: Array) -> Array:
        """gamma E[V(s') | s,a] of a state function V (S,), as (S, A); of several, (S, k), as (S, A, k)."""
        expected = np.asarray(self.transitions @ values, dtype=np.float64)
        expected *= self.discount
        return expected.reshape(self.num_states, self.num_actions, *values.shape[1:])

    def flow(self, occupancy: Array) -> Array:
        """(S,) net outflow of a state-action function (S, A): flow rho = p0 for occupancy measures."""
        inflow = np.asarray(self.transitions.T @ occupancy.ravel(), dtype=np.float64)
        return np.asarray(occupancy.sum(axis=1) - self.discount * inflow)

    def flow_adjoint(self, values: Array) -> Array:
        """(S, A) adjoint of `flow`: V(s) - gamma E[V(s') | s,a], the potential shaping by V; (S, A, k) for (S, k)."""
        return values[:, None] - self.discounted_next(values)

    @cached_property
    def flow_matrix(self) -> Sparse:
        """`flow` as a sparse matrix (S, S*A)."""
        outgoing = sparse.csr_array(
            sparse.kron(sparse.eye_array(self.num_states), np.ones((1, self.num_actions)), format="csr")
        )
        return sparse.csr_array(outgoing - self.discount * self.transitions.T)

    def discounted_chain(self, policy: Array) -> Sparse:
        """gamma P_pi, (S, S): the discounted transition matrix of the states under a policy (S, A)."""
        taken = np.flatnonzero(policy.ravel() > 0.0)
        if taken.size == self.num_states:
            mixed = self.transitions[taken]  # a deterministic policy selects one row per state
        else:
            chances, rows = policy.ravel()[taken], taken.astype(self.transitions.indices.dtype)
            starts = np.append(0, np.cumsum(np.count_nonzero(policy > 0.0, axis=1))).astype(rows.dtype)
            shape = (self.num_states, self.num_states * self.num_actions)
            mixed = sparse.csr_array((chances, rows, starts), shape=shape) @ self.transitions
        mixed.data *= self.discount
        return mixed

    @cached_property
    def stages(self) -> tuple[tuple[slice, Sparse], ...] | None:
        """The stages (`stage_bounds`) as slices, last first, each with gamma P of its pairs; None without stages."""
        bounds = stage_bounds(self.transitions, self.num_actions)
        if bounds is None:
            return None
        pairs = [slice(start * self.num_actions, stop * self.num_actions) for start, stop in pairwise(bounds)]
        discounted = self.discount * self.transitions
        return tuple((slice(*run), discounted[pair]) for run, pair in zip(pairwise(bounds), pairs, strict=True))[::-1]

    @cached_property
    def reachable(self) -> NDArray[np.bool_]:
        """(S,) mask of the states that some policy visits, with positive probability and a positive discount."""
        states = self.num_states
        if self.discount == 0.0:
            return np.asarray(self.initial > 0.0)
        starts = np.flatnonzero(self.initial).astype(self.transitions.indices.dtype)
        # The rows of a state's actions are adjacent, so together they are the state's edges, some of them repeated.
        # The search starts at an extra node with edges to all initial states.
        bounds = self.transitions.indptr
        ends = np.append(bounds[:: self.num_actions], bounds.dtype.type(self.transitions.nnz + starts.size))
        targets = np.concatenate([self.transitions.indices, starts])
        graph = sparse.csr_array((np.ones(targets.size), targets, ends), shape=(states + 1, states + 1))
        order = csgraph.breadth_first_order(graph, states, return_predecessors=False)
        mask = np.zeros(states + 1, dtype=np.bool_)
        mask[order] = True
        mask = mask[:-1].copy()
        mask.flags.writeable = False
        return mask

    def reachable_part(self) -> FiniteMDP:
        """The process on its reachable states only, in their order; they are closed under transitions."""
        keep = self.reachable
        if self.discount == 0.0:  # successors have weight 0, so each state may lead to itself
            stay = sparse.kron(sparse.eye_array(int(keep.sum())), np.ones((self.num_actions, 1)), format="csr")
            return FiniteMDP(stay, self.initial[keep], 0.0, self.terminal[keep])
        rows = np.repeat(keep, self.num_actions)
        return FiniteMDP(self.transitions[rows][:, keep], self.initial[keep], self.discount, self.terminal[keep])

    @cached_property
    def level_width(self) -> int:
        """The largest number of states at equal distance from a remote state, along transitions of either direction.

        It is about the square root of the number of states for a planar process, and a large share of the states if
        transitions connect arbitrary states.
        """
        graph = self._support()
        remote = int(np.argmax(distances(graph, 0)))
        levels = distances(graph, remote)
        return int(np.bincount(levels[levels >= 0]).max())

    @cached_property
    def endless(self) -> bool:
        """Whether no episode ends: then every occupancy measure has the mass 1/(1-gamma)."""
        return self.discount < 1.0 and not bool(np.any(self.terminal & self.reachable))

    @cached_property
    def lifetime(self) -> Array:
        """(S,) a function u with u(s) >= 1 + gamma E[u(s') | s,a] for every action.

        It bounds the discounted number of remaining steps. Lowering a value function by delta * u compensates a
        violation delta of the Bellman inequality, which turns a rounded value function into a certified bound.
        """
        if self.endless:
            return np.full(self.num_states, 1.0 / (1.0 - self.discount))
        if self.discount < 1.0:
            return longest_lifetimes(self.transitions, self.discount)
        steps = np.ones(self.num_states)
        if self.stages is not None:
            for run, rows in self.stages:
                later: Array = np.asarray(rows @ steps)
                steps[run] += later.reshape(-1, self.num_actions).max(axis=1)
            return steps
        support = self._support()
        while True:  # one more level of the acyclic graph is final after each sweep
            reached = sparse.csr_array(support @ sparse.diags_array(steps))
            longer = 1.0 + reached.max(axis=1).toarray().ravel()
            if np.array_equal(longer, steps):
                return steps
            steps = longer

    def _support(self) -> Sparse:
        """Graph of the states: an edge from s to s' if some action leads from s to s'."""
        return _state_graph(self.transitions, self.num_actions)


def validate_process(mdp: FiniteMDP) -> None:
    """Check that the argument is a process.

    Raises:
        TypeError: it is not a FiniteMDP.
    """
    if not isinstance(mdp, FiniteMDP):
        raise TypeError(f"mdp must be a FiniteMDP, got {type(mdp).__name__}")


def validate_cost(mdp: FiniteMDP, cost: ArrayLike | Any, name: str = "cost") -> Array:
    """The cost as a float64 (S, A) array; `name` is used in the error message.

    Args:
        mdp: the process.
        cost: of a pair, (S, A), dense or sparse; of a state, (S,); or of a transition, (S, A, S), whose expectation
            over the next state is taken. The end of an episode is no transition and costs nothing there.

    Raises:
        InvalidCost: not real numbers, another shape, or an entry that is not finite.
    """
    array = real_numbers(name, cost, InvalidCost)
    states, actions = shape = (mdp.num_states, mdp.num_actions)
    if array.shape == (states,):
        array = np.repeat(array[:, None], actions, axis=1)
    if array.shape == (states, actions, states):
        rows = mdp.transitions
        each = array.reshape(-1, states)[np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices]
        array = np.asarray(sparse.csr_array((rows.data * each, rows.indices, rows.indptr), rows.shape).sum(axis=1))
        array = array.reshape(shape)
    if array.shape != shape:
        raise InvalidCost(
            f"{name} must have shape (states, actions) = {shape}, ({states},) or {(*shape, states)}, got {array.shape}"
        )
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        state, action = bad[0]
        raise InvalidCost(f"{name} at state {state}, action {action} is {array[state, action]}, must be finite")
    return array


def _as_matrix(transitions: Any) -> Sparse:
    """A float64 CSR copy of shape (S*A, S) without duplicates or explicit zeros."""
    if not sparse.issparse(transitions):
        dense = real_numbers("transitions", transitions, InvalidMDP)
        if dense.ndim != 3 or dense.shape[0] != dense.shape[2] or dense.size == 0:
            raise InvalidMDP(f"dense transitions must have shape (S, A, S) with S, A >= 1, got {dense.shape}")
        transitions = dense.reshape(-1, dense.shape[2])
    if transitions.dtype.kind not in "biuf":
        raise InvalidMDP(f"transitions must be an array of real numbers, got {transitions.dtype}")
    matrix = sparse.csr_array(transitions, dtype=np.float64, copy=True)
    rows, states = matrix.shape
    if states == 0 or rows == 0 or rows % states:
        raise InvalidMDP(f"transitions must have S*A rows and S columns with S, A >= 1, got {matrix.shape}")
    if max(rows, matrix.nnz) <= np.iinfo(np.int32).max:  # half the memory, and the type that SuperLU requires
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _stochastic(matrix: Sparse, terminal: NDArray[np.bool_], actions: int, unit: float) -> Sparse:
    """The matrix with checked rows; rows that sum to one up to rounding are divided by their sum."""
    # NaN fails every comparison, so the test is for valid entries.
    wrong = np.flatnonzero(~((matrix.data >= 0.0) & (matrix.data < np.inf)))
    if wrong.size:
        row = int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        raise InvalidMDP(
            f"transitions: probability {matrix.data[wrong[0]]} at state {row // actions}, "
            f"action {row % actions}, next state {matrix.indices[wrong[0]]} must be finite and nonnegative"
        )
    sums: Array = matrix.sum(axis=1)
    may_end = np.repeat(terminal, actions)
    allowed = ROUNDING + unit * np.diff(matrix.indptr)
    wrong = np.flatnonzero((sums > 1.0 + allowed) | ((sums < 1.0 - allowed) & ~may_end))
    if wrong.size:
        state, action, excess = wrong[0] // actions, wrong[0] % actions, sums[wrong[0]] - 1.0
        hint = " and the state is not marked terminal, as it must be if episodes end there" if excess < 0.0 else ""
        raise InvalidMDP(
            f"transitions: the row of state {state}, action {action} sums to {sums[wrong[0]]:.12g}, "
            f"off by {excess:+.3g}{hint}"
        )
    scale = np.where((sums > 1.0) | (sums > 1.0 - allowed) & (unit > 0.0) | ~may_end, sums, 1.0)
    off = float(abs(scale - 1.0).max())
    if off > ROUNDING:
        say_rounded("transitions", off)
    matrix.data /= np.repeat(scale, np.diff(matrix.indptr))
    return matrix


def _distribution(initial: Array, states: int, unit: float) -> Array:
    if initial.shape != (states,):
        raise InvalidMDP(f"initial must have shape ({states},), got {initial.shape}")
    wrong = np.flatnonzero(~((initial >= 0.0) & (initial < np.inf)))
    if wrong.size:
        raise InvalidMDP(f"initial: probability {initial[wrong[0]]} at state {wrong[0]} must be finite and nonnegative")
    total = float(initial.sum())
    if abs(total - 1.0) > ROUNDING + unit * states:
        raise InvalidMDP(f"initial sums to {total:.12g}, off by {total - 1.0:+.3g}; must sum to one")
    if abs(total - 1.0) > ROUNDING:
        say_rounded("initial", abs(total - 1.0))
    return initial / total


def _discount(discount: float, matrix: Sparse, actions: int) -> float:
    try:
        gamma = float(discount)
    except (TypeError, ValueError):
        raise InvalidMDP(f"discount must be a number in [0, 1], got {discount!r}") from None
    if not 0.0 <= gamma <= 1.0:
        raise InvalidMDP(f"discount must lie in [0, 1], got {gamma}")
    if gamma == 1.0:
        graph = _state_graph(matrix, actions)
        _, component = csgraph.connected_components(graph, directed=True, connection="strong")
        cyclic = (np.bincount(component)[component] > 1) | (graph.diagonal() > 0.0)
        if cyclic.any():
            raise InvalidMDP(
                f"discount 1 needs acyclic continuation, but state {np.argmax(cyclic)} can recur; "
                "use a discount below one"
            )
    return gamma


def _state_graph(matrix: Sparse, actions: int) -> Sparse:
    """Graph of the states: an edge of weight one from s to s' if some action leads from s to s'."""
    entries = sparse.coo_array(matrix)
    states = matrix.shape[1]
    graph = sparse.csr_array((np.ones(entries.nnz), (entries.row // actions, entries.col)), shape=(states, states))
    graph.data[:] = 1.0
    return graph


def distances(graph: Sparse, source: int) -> NDArray[np.int64]:
    """(S,) steps from a source to each state along edges of either direction; -1 for states that cannot be reached."""
    # The stubs know only some combinations of these options.
    steps = csgraph.dijkstra(graph, directed=False, indices=source, unweighted=True)  # type: ignore[call-overload]
    return np.where(np.isfinite(steps), steps, -1.0).astype(np.int64)
