"""Hard planning by QuantEcon's DiscreteDP and by mdpsolver, on an instance that gail has written.

    python -m venv peers && peers/bin/pip install -r bench/peers/requirements.txt
    peers/bin/python bench/peers/compare.py instance.npz rows.csv

An instance has transitions (data, indices, indptr, CSR of shape (S*A, S)), cost (S, A), discount, initial (S,),
tolerance, and values (S,): gail's, which were certified. A row has the peer, its method, the seconds of its call
(for mdpsolver, whose input is nested lists, without the time to build those, given apart), the error of its values
against gail's relative to their largest, and its status. The tolerance is what is asked of that error; both peers
take it as a bound on the error of the values up to a constant of the discount, and are given the equivalent.

QuantEcon compiles its loops when they are first called; it solves an instance of two states before the clock starts.
Its policy iteration may alternate between tied policies, and its linear program is dense, a simplex tableau of S by
S*A + S numbers. Every solver gets so many seconds in a process of its own; where one does not finish, or where the
tableau would be too large, the row says so in place of an error.
"""

import csv
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
from scipy import sparse

TABLEAU = 8e9
"""Bytes of a simplex tableau that is tried."""

LIMIT = 60.0
"""Seconds that a solver gets."""


def quantecon_row(instance, method):
    """DiscreteDP, given state-action pairs and sparse transitions."""
    from quantecon.markov import DiscreteDP

    transitions, cost, discount, values, epsilon = instance
    states, actions = cost.shape
    indices = np.repeat(np.arange(states), actions), np.tile(np.arange(actions), states)
    pair = np.arange(2), np.zeros(2, dtype=int)
    DiscreteDP(np.ones(2), arranged(sparse.eye(2, format="csr"), method), 0.5, *pair).solve(method=method)
    began = time.perf_counter()
    problem = DiscreteDP(-cost.ravel(), arranged(transitions, method), discount, *indices)
    result = problem.solve(method=method, epsilon=epsilon, max_iter=100_000)
    seconds = time.perf_counter() - began
    return row("QuantEcon DiscreteDP", method, seconds, 0.0, -np.asarray(result.v), values)


def arranged(transitions, method):
    """Sparse transitions as the method takes them: its linear program refuses sparse ones."""
    return transitions.toarray() if method == "linear_programming" else transitions


def limited_row(measure, instance, method):
    """A solver's row, measured in a process of its own, which is ended after LIMIT seconds."""
    states, actions = instance[1].shape
    result = {"peer": PEERS[measure], "method": method, "states": states, "seconds": "", "building_seconds": ""}
    if method == "linear_programming" and 8.0 * states * states * (actions + 1) > TABLEAU:
        return {**result, "relative_error": "tableau too large"}
    received, sent = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: sent.send(measure(instance, method)))
    process.start()
    sent.close()
    try:
        if received.poll(LIMIT):
            return received.recv()
        return {**result, "relative_error": f"not finished after {LIMIT:g} s"}
    except EOFError:
        return {**result, "relative_error": "failed"}
    finally:
        process.terminate()
        process.join()


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


PEERS = {quantecon_row: "QuantEcon DiscreteDP", mdpsolver_row: "mdpsolver"}


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
    wanted = [
        (quantecon_row, "modified_policy_iteration"),
        (quantecon_row, "policy_iteration"),
        (quantecon_row, "linear_programming"),
        (mdpsolver_row, "mpi"),
    ]
    rows = []
    for measure, method in wanted:
        rows.append(limited_row(measure, instance, method))
        print(rows[-1], flush=True)
        with Path(target).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
