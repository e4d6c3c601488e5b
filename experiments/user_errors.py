"""Errors that a user can fix: printed as one sentence, exit status 2.

Every other error is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

from gail.approx.cost_players.rewards.learned_reward import InvalidRewardFile, RewardDoesNotFit
from gail.approx.demonstrations import BrokenEpisode, InvalidDemonstrations
from gail.approx.policies.policy import InvalidPolicyFile
from gail.approx.policies.spaces import UnsupportedSpace
from gail.approx.settings import InvalidSettings
from gail.approx.training.training import InvalidCheckpoint, TrainingFailed
from gail.approx.trajectories.trajectories import InvalidTrajectories
from gail.envs import EnvironmentFailed, InvalidTaskArgument, RewardFailed, UnsupportedEnvironment
from gail.envs.data import NotShipped
from gail.envs.gridworlds import InvalidMap
from gail.envs.tasks import UnknownTask
from gail.exact import InvalidCost, InvalidMDP, InvalidOccupancy, NotEnoughMemory
from gail.exact.regularizers import InvalidRegularizer
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.run import InvalidRun

__all__ = ["USER_ERRORS", "BrokenEpisode"]

USER_ERRORS: tuple[type[Exception], ...] = (
    InvalidRequest,
    InvalidRun,
    InvalidCheckpoint,
    TrainingFailed,
    InvalidDemonstrations,
    InvalidTrajectories,
    InvalidPolicyFile,
    InvalidRewardFile,
    RewardDoesNotFit,
    InvalidSettings,
    UnsupportedSpace,
    UnsupportedEnvironment,
    EnvironmentFailed,
    RewardFailed,
    UnknownTask,
    InvalidTaskArgument,
    NotShipped,
    InvalidMap,
    InvalidMDP,
    InvalidOccupancy,
    InvalidCost,
    InvalidRegularizer,
    NotEnoughMemory,
)
