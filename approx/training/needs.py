"""What an algorithm needs from demonstrations and settings, checked before anything is trained."""

from __future__ import annotations

from gail.approx.cost_players.cost_player import MakeCostPlayer, needs_of
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations
from gail.approx.settings import InvalidSettings
from gail.approx.training.training import TrainingSettings


def check_needs(make_cost_player: MakeCostPlayer, demonstrations: Demonstrations, settings: TrainingSettings) -> None:
    """Check the demonstrations and settings of a training against its algorithm (`TrainingNeeds`).

    Raises:
        InvalidDemonstrations: the algorithm needs observations, or steps, that subsampling dropped.
        InvalidSettings: the policy player has another discount, or batches do not consist of whole episodes.
    """
    needs, name = needs_of(make_cost_player), getattr(make_cost_player, "title", "this algorithm")
    check_settings(make_cost_player, settings)
    if needs.whole_episodes and not demonstrations.whole:
        raise InvalidDemonstrations(
            f"{name} compares whole episodes, and steps of these demonstrations are missing (1 of "
            f"{demonstrations.provenance.stride} was kept): use all steps (--stride 1), or another algorithm"
        )
    if needs.next_observations and not demonstrations.has_next:
        raise InvalidDemonstrations(
            f"{name} needs the observation after each demonstrated step, and subsampling dropped them (1 step of "
            f"{demonstrations.provenance.stride} was kept): subsample with --keep-next, or use another algorithm"
        )


def check_settings(make_cost_player: object, settings: TrainingSettings) -> None:
    """The part of `check_needs` that concerns settings."""
    needs, name = needs_of(make_cost_player), getattr(make_cost_player, "title", "this algorithm")
    discount = settings.policy.discount
    if needs.discount is not None and needs.discount != discount:
        raise InvalidSettings(
            f"cost.discount is {needs.discount}, policy.discount is {discount}: {name} needs the same in both"
        )
    if needs.whole_episodes and not settings.whole_episodes:
        raise InvalidSettings(f"whole_episodes is False: {name} needs batches of whole episodes")
