"""`gail verify`; exit status 0 if every applicable statement holds, 1 if one does not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gail.experiments.verify.instances import Instance


def verify(
    mdp: tuple[str, ...] = (),
    map: Path | None = None,
    statement: tuple[str, ...] = (),
    psi: tuple[str, ...] = (),
    entropy_weight: float = 1.0,
    discount: float = 0.95,
    expert_entropy_weight: float = 1.0,
    tolerance: float | None = None,
    seed: int = 0,
    out: Path = Path("runs/verify"),
) -> int:
    """Check the statements of the theory numerically on finite MDPs, with certificates.

    Prints a verdict per statement, with the instance where it is worst, and writes a report with pictures; exits with
    1 if any statement fails, was not solved, or raised, and with 2 if none was applicable.

    Args:
        mdp: gridworld, garnet, chain, frozenlake, cliffwalking, taxi, graph, or .npz files with arrays transitions
            (S, A, S), initial (S,), discount, terminal (S,) where episodes may end, and expert_occupancy or cost
            (S, A); default: all of the named ones.
        map: an ASCII map in a text file (# wall, . floor, S start, G goal, P pit).
        statement: only these statements, by name or number (1 to 25); prop-3.2 selects all that begin with it; a wrong
            name lists all.
        psi: only these cost regularizers; a wrong name lists all.
        entropy_weight: lambda, the weight of the imitator's causal entropy.
        discount: discount factor of the named instances; a file has its own.
        expert_entropy_weight: the expert is soft-optimal for the instance's cost with this entropy weight.
        tolerance: relative violation that every numerical check allows, instead of the check's own.
        seed: seed of the random points at which inequalities are checked.
        out: folder of the report.
    """
    from rich.console import Console

    from gail.experiments.errors import InvalidRequest
    from gail.experiments.verify.both_routes import print_routes
    from gail.experiments.verify.checking import check_statements, print_findings
    from gail.experiments.verify.psi_choices import find_psi
    from gail.experiments.verify.report import check_report_folder, theories, write_report
    from gail.experiments.verify.statements import find_statements

    console = Console()

    choices = find_psi(psi)
    chosen = find_statements(statement, choices)
    if tolerance is not None and not 0.0 < tolerance < math.inf:
        raise InvalidRequest(f"--tolerance is {tolerance}: a positive number is needed")
    if seed < 0:
        raise InvalidRequest(f"--seed is {seed}: a number of at least 0 is needed")
    check_report_folder(out)
    instances = _instances(mdp, map, entropy_weight, expert_entropy_weight, discount)
    findings = check_statements(chosen, instances, entropy_weight, seed, tolerance, console)
    collected = theories(findings, instances, entropy_weight, choices)
    if len(instances) == 1:
        for theory in collected:
            print_routes(theory, console)
    print_findings(findings, console)
    path = write_report(findings, collected, entropy_weight, out)
    console.print(f"Report: [bold]{path.resolve()}[/bold]", soft_wrap=True, highlight=False)
    return 0 if all(finding.verification.holds for finding in findings) else 1


def _instances(
    names: tuple[str, ...],
    map_file: Path | None,
    entropy_weight: float,
    expert_entropy_weight: float,
    discount: float,
) -> list[Instance]:
    """The instances that a command line names; all named ones if it names none."""
    from gail.experiments.errors import InvalidRequest
    from gail.experiments.verify.instances import NAMES, gridworld_from_file, mdp_from_file, named

    if not 0.0 < entropy_weight < math.inf:
        raise InvalidRequest(
            f"--entropy-weight is {entropy_weight}: a positive number is needed for one occupancy by both routes"
        )
    if not 0.0 <= expert_entropy_weight < math.inf:
        raise InvalidRequest(f"--expert-entropy-weight is {expert_entropy_weight}: a number of at least 0 is needed")
    found = [] if map_file is None else [gridworld_from_file(map_file, expert_entropy_weight, discount)]
    for name in names if names or found else NAMES:
        if name in NAMES:
            found.append(named(name, expert_entropy_weight, discount))
        elif Path(name).is_file():
            found.append(mdp_from_file(Path(name), expert_entropy_weight))
        else:
            raise InvalidRequest(f"--mdp {name}: neither a file nor one of {', '.join(NAMES)}")
    return found
