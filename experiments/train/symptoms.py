"""Symptoms of a training that failed, each with its cause and a remedy: an imitator that failed says so.

A symptom is judged by the last third of the iterations, or by the final evaluation. The environment's own return is
used for warnings only; it chooses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gail.approx.evaluation import Evaluation
from gail.approx.policy_players.trust_region import StepOutcome
from gail.experiments.train.evaluation import Evaluated

TOO_ACCURATE = 0.97
"""Accuracy on both sides above which a discriminator's costs hardly tell the policy where to go."""

REJECTED = 0.5
"""Share of rejected steps above which the policy hardly moves."""

COLLAPSED = 0.5
"""Share of its best lead over random play that a policy may lose again."""

SHORT = 0.1
"""Share of the demonstrations' return, or of its lead over random play if that is less, by which a policy may miss it.
"""

CLEARLY = 2.0
"""Standard errors by which a difference of returns must exceed chance."""

WINDOW = 10
"""Iterations that a moving average takes."""

_OWN_CRITERIA = ("jsd_estimate", "feature_distance")
"""Columns that fall as imitation improves, as the imitator itself sees it; the first one with numbers counts."""


def symptoms(rows: Sequence[Mapping[str, str]], evaluated: Evaluated) -> list[str]:
    """Sentences on what went wrong, worst first; empty if nothing did.

    Args:
        rows: the metrics of a training, one row per iteration; none for a clone.
        evaluated: returns of the final policy, and what they are compared with.
    """
    found = [_below_random(evaluated) or _below_demonstrations(evaluated), _below_clone(evaluated)]
    if rows:
        found += [_collapse(rows, evaluated.random_play.mean), _too_accurate(rows), _rejections(rows)]
    return [sentence for sentence in found if sentence is not None]


def _best(evaluated: Evaluated) -> Evaluation:
    """The better of the policy's two evaluations."""
    return max(evaluated.mean_actions, evaluated.sampled_actions, key=lambda one: one.mean)


def _below_random(evaluated: Evaluated) -> str | None:
    best, random = _best(evaluated).mean, evaluated.random_play.mean
    if best >= random:
        return None
    return (
        f"The imitator is worse than random play: {best:,.1f} against {random:,.1f}. Either its reward "
        "has the wrong sign for these episodes (try --reward-form difference, or --absorbing), or the discriminator "
        "lags behind the policy (try --set learner.cost.discriminator.steps=20)."
    )


def _below_demonstrations(evaluated: Evaluated) -> str | None:
    best, random, demonstrated = _best(evaluated), evaluated.random_play.mean, evaluated.demonstrated
    if demonstrated is None or demonstrated <= random:
        return None
    allowed = SHORT * min(abs(demonstrated), demonstrated - random)
    if best.mean + CLEARLY * _error(best) >= demonstrated - allowed:
        return None
    reached = (best.mean - random) / (demonstrated - random)
    return (
        f"The imitator falls short of the demonstrations: {best.mean:,.1f} against their {demonstrated:,.1f}, which is "
        f"{reached:.0%} of the way from random play. Train longer (--steps), or with more demonstrations."
    )


def _below_clone(evaluated: Evaluated) -> str | None:
    best, clone = _best(evaluated), evaluated.clone
    if clone is None or best.mean >= clone.mean - CLEARLY * math.hypot(_error(best), _error(clone)):
        return None
    return (
        f"The imitator is worse than a clone of the same demonstrations: {best.mean:,.1f} against {clone.mean:,.1f}. "
        "Start from the clone (--warm-start bc) or train longer (--steps); or take the clone, clone.safetensors."
    )


def _error(evaluation: Evaluation) -> float:
    """Standard error of the mean return."""
    return evaluation.std / math.sqrt(len(evaluation.returns))


def _collapse(rows: Sequence[Mapping[str, str]], random: float) -> str | None:
    returns = _smooth(_column(rows, "true_return"))
    if not np.isfinite(returns).any():
        return None
    best, last = float(np.nanmax(returns)), float(returns[np.isfinite(returns)][-1])
    if best <= random or best - last <= COLLAPSED * (best - random):
        return None
    own = next((name for name in _OWN_CRITERIA if np.isfinite(_column(rows, name)).any()), None)
    best_by_own = ""
    if own is not None:
        at = int(np.nanargmin(_smooth(_column(rows, own))))
        best_by_own = f" By its own criterion ({own}) the imitator was best at iteration {rows[at]['iteration']}."
    return (
        f"The return fell from {best:,.1f} to {last:,.1f}: the two players circle instead of settling.{best_by_own} "
        "Let the discriminator keep pace (--set learner.cost.discriminator.steps=20) or shorten the policy's steps "
        "(--set learner.training.policy.trust_region.max_kl=0.01)."
    )


def _too_accurate(rows: Sequence[Mapping[str, str]]) -> str | None:
    sides = [_last_third(_column(rows, f"accuracy_{side}")) for side in ("learner", "expert")]
    if not all(np.isfinite(side).any() and np.nanmean(side) > TOO_ACCURATE for side in sides):
        return None
    learner, expert = (float(np.nanmean(side)) for side in sides)
    return (
        f"The discriminator classifies {learner:.0%} of the learner's and {expert:.0%} of the expert's pairs "
        "correctly: its costs carry little information. Weaken it (a larger --gradient-penalty, or --spectral-norm), "
        "or start from a clone (--warm-start bc)."
    )


def _rejections(rows: Sequence[Mapping[str, str]]) -> str | None:
    last = rows[-max(1, len(rows) // 3) :]
    share = float(np.mean([row["outcome"] != StepOutcome.ACCEPTED.name.lower() for row in last]))
    if share <= REJECTED:
        return None
    return (
        f"The line search rejected {share:.0%} of the last third of the policy's steps: advantages are noisy. Take "
        "larger batches (--set learner.training.batch_size=10000)."
    )


def _column(rows: Sequence[Mapping[str, str]], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) if row.get(name) else np.nan for row in rows])


def _last_third(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[-max(1, len(values) // 3) :]


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over up to `WINDOW` iterations, without those that have no number; nan where none has one."""
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0))
    count = np.cumsum(known)
    total[WINDOW:], count[WINDOW:] = total[WINDOW:] - total[:-WINDOW], count[WINDOW:] - count[:-WINDOW]
    means: NDArray[np.float64] = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return means
