"""The report of `gail transfer`: the summary first, then pictures, details and what is ambiguous."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from gail.experiments.reports.page import Report
from gail.experiments.transfer.pictures import bias_of_slips, correlations_with_truth, frozen_regrets
from gail.experiments.transfer.reward_maps import reward_maps
from gail.experiments.transfer.study import PairStudy, TransferStudy
from gail.experiments.transfer.tables import ambiguity_table, details, summary, write_tables

ANSWER = (
    "Relative true regret at lambda = 0 of the worst optimal policy of each learned reward: 0 is optimal, 1 is as bad "
    "as the uniform policy, and more is worse than that. Every policy is optimal for a reward without a preference, "
    "whose number is that of the worst policy of all. Rewards are sorted by their worst target. A question mark: plan "
    "or optimum is not certified. A dash: there is no such reward, and the details of the pair say why."
)

FROZEN = (
    "GAIL's discriminator, frozen after k iterations of the exact game on the source, and planned for from scratch. As "
    "the game's own policy approaches the expert (black; the expert is soft-optimal, so it keeps some regret), D "
    "approaches 1/2, and its reward forgets what is bad. A D fitted to all policies so far remembers it. But its "
    "reward is made of the expert's visits on the source, and stays bad on the target. Regrets at lambda = 0 of the "
    "worst optimal policy."
)

CORRELATIONS = (
    "Correlation of the frozen rewards log (1-D)/D with the true reward, over state-action pairs weighted by visits: "
    "of the expert, of the uniform policy, and of both in equal parts. A curve ends where the reward is constant to "
    "nine digits."
)

BIAS = (
    "State-only AIRL at pi = pi_E on the walled map, with moves that slip. With the expected potential of the next "
    "state, g is the true reward up to a constant. With the sampled one, no discriminator of this form is the best "
    "one as soon as moves slip, and g is biased: much so as soon as slips lead into pits more often than choice does. "
    "Dotted: the largest probability with which the expert without slip aims at a pit. The target's wall is open at "
    "its other end, and its moves slip as often."
)

MAPS = (
    "Rewards learned on the source. Upper row: the true reward, and learned rewards plus the constant that brings them "
    "nearest to it. Lower row: the expert on the source, and the learned rewards minus the best potential shaping of "
    "the source. Each cell has one triangle per action; hatched cells are not visited by any policy."
)

AMBIGUITY = (
    "The dimension of the linear space of rewards that have the same soft-optimal experts "
    "(`gail.exact.reward_ambiguity`). A dimension of 1 with constants only means that nothing more can be asked of any "
    "method. The singular values say how clear the decision on the rank is."
)


def write_transfer(found: TransferStudy, folder: Path) -> Path:
    """Write `report.html`, `pictures/` and the CSV files into a folder; returns the report's path."""
    write_tables(found, folder)
    report = Report("gail transfer", "Rewards learned on one finite process, and used on another.")
    report.heading("Which reward survives")
    report.paragraph(ANSWER)
    report.table(*summary(found))
    for one in found.pairs:
        report.paragraph(f"{one.pair.name}: {_described(one)}")
    report.heading("Why GAIL's discriminator is not a reward")
    for name, figure, caption, alt in curves(found)[:2]:
        report.figure(name, figure, caption, alt)
    report.heading("Learned rewards on the map")
    for name, figure, caption, alt in maps(found):
        report.figure(name, figure, caption, alt)
    report.heading("The bias of sampled next states")
    for name, figure, caption, alt in curves(found)[2:]:
        report.figure(name, figure, caption, alt)
    report.heading("What experts leave open")
    report.paragraph(AMBIGUITY)
    report.table(*ambiguity_table(found))
    for one in found.pairs:
        report.heading(f"Details: {one.pair.name}")
        report.table(*details(one))
    path = folder / "report.html"
    report.write(path)
    return path


def _described(one: PairStudy) -> str:
    pair = one.pair
    return (
        f"{pair.source.num_states} states, {pair.source.num_actions} actions, discount {pair.source.discount:g}, the "
        f"expert's lambda {pair.entropy_weight:g}. {pair.what_changes} The expert's own relative regret on the source, "
        f"at lambda = 0, is {one.frozen.expert:.3f}."
    )


def curves(found: TransferStudy) -> list[tuple[str, Figure, str, str]]:
    """Name, figure, caption and alternative text of the regrets, the correlations and the bias."""
    names = ", ".join(one.pair.name for one in found.pairs)
    return [
        (
            "frozen",
            frozen_regrets(found.pairs),
            FROZEN,
            f"Regret of planning for frozen discriminators against the iteration, on source and target of {names}",
        ),
        (
            "correlations",
            correlations_with_truth(found.pairs),
            CORRELATIONS,
            f"Correlation of frozen discriminators' rewards with the true reward against the iteration, for {names}",
        ),
        (
            "slip",
            bias_of_slips(found.slips),
            BIAS,
            "Error and target regret of state-only AIRL against the probability of a slip, for expected and sampled "
            "next states",
        ),
    ]


def maps(found: TransferStudy) -> list[tuple[str, Figure, str, str]]:
    """The same of the maps of every pair that has a layout."""
    return [
        (
            f"rewards-{one.pair.name}",
            reward_maps(one),
            MAPS,
            f"Maps of the true reward, of four learned rewards, and of these without shaping, for {one.pair.name}",
        )
        for one in found.pairs
        if one.pair.layout is not None
    ]
