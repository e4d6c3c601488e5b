"""Hard planning by QuantEcon's DiscreteDP and by mdpsolver, on an instance that gail has written.

    python -m venv peers && peers/bin/pip install -r bench/peers/requirements.txt
    peers/bin/python bench/peers/compare.py instance.npz rows.csv

An instance has transitions (data, indices, indptr, CSR of shape (S*A, S)), cost (S, A), discount, initial (S,),
tolerance, and values (S,): gail's, which were certified. A row has the peer, its method, the seconds of its call
(for mdpsolver, whose input is nested lists, without the time to build those, given apart), the error of its values
against gail's relative to their largest, and its status. The tolerance is what is asked of that error; both peers
take it as a bound on the error of the values up to a constant of the discount, and are given the equivalent.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
from scipy import sparse


def quantecon_row(instance, method):
    """DiscreteDP, given state-action pairs and sparse transitions."""
    from quantecon.markov import DiscreteDP

    transitions, cost, discount, values, epsilon = instance
    states, actions = cost.shape
    indices = np.repeat(np.arange(states), actions), np.tile(np.arange(actions), states)
    began = time.perf_counter()
    problem = DiscreteDP(-cost.ravel(), transitions, discount, *indices)
    result = problem.solve(method=method, epsilon=epsilon, max_iter=100_000)
    seconds = time.perf_counter() - began
    return row("QuantEcon DiscreteDP", method, seconds, 0.0, -np.asarray(result.v), values)


def mdpsolver_row(instance, method):
    """mdpsolver, given nested lists of the nonzero transitions."""
    import mdpsolver

    transitions, cost, discount, values, epsilon = instance
    states, actions = cost.shape
    began = time.perf_counter()
    ends = transitions.indptr
    spans = [[slice(ends[s * actions + a], ends[s * actions + a + 1]) for a in range(actions)] for s in range(states)]
    chances = [[transitions.data[span].tolist() for span in row] for row in spans]
    columns = [[transitions.indices[span].tolist() for span in row] for row in spans]
    model = mdpsolver.model()
    model.mdp(discount=discount, rewards=(-cost).tolist(), tranMatProbs=chances, tranMatColumns=columns)
    building = time.perf_counter() - began
    began = time.perf_counter()
    model.solve(algorithm=method, tolerance=epsilon)
    seconds = time.perf_counter() - began
    return row("mdpsolver", method, seconds, building, -np.array(model.getValueVector()), values)


def row(peer, method, seconds, building, found, values):
    """One line of the table."""
    error = float(abs(found - values).max() / abs(values).max())
    result = {"peer": peer, "method": method, "states": values.size, "seconds": round(seconds, 3)}
    return {**result, "building_seconds": round(building, 3), "relative_error": f"{error:.3e}"}


def main(source, target):
    """Solve the instance in file `source` by every peer, and write the rows to file `target`."""
    with np.load(source) as file:
        cost, values = file["cost"], file["values"]
        shape = cost.size, cost.shape[0]
        transitions = sparse.csr_matrix((file["data"], file["indices"], file["indptr"]), shape=shape)
        epsilon = float(file["tolerance"]) * float(abs(values).max())
        instance = transitions, cost, float(file["discount"]), values, epsilon
    wanted = [(quantecon_row, "modified_policy_iteration"), (quantecon_row, "policy_iteration"), (mdpsolver_row, "mpi")]
    rows = []
    for measure, method in wanted:
        rows.append(measure(instance, method))
        print(rows[-1], flush=True)
        with Path(target).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
