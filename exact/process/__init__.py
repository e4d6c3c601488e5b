"""Finite Markov decision processes, and objects that depend on the process alone.

| module | content |
|---|---|
| `finite_mdp` | `FiniteMDP`: transitions, start, discount; the flow operator and its adjoint |
| `arrays` | array types, and checks of numbers that a caller gives |
| `stages` | acyclic processes: runs of states that lead only to later runs |
| `reachability` | restriction to the states that some policy reaches |
| `finite_horizon` | a process run for T steps, as a process on pairs (step, state) |
| `absorbing_states` | terminating processes as processes that never end |
| `paths` | the distributions of policies and of rewards over enumerated paths |
| `memory` | available memory, and the check that a computation fits into it |
"""
