"""Learn a reward on one finite process, plan with it on another, and pay the true cost there (`gail transfer`).

| module | content |
|---|---|
| `pairs` | sources and targets: two maps, two dynamics, two random tables |
| `learned` | the rewards that an expert on the source yields, one per method |
| `path_rewards` | GAN-GCL and guided cost learning on enumerated paths |
| `study` | every reward's regret on source and target, and what is ambiguous |
| `frozen` | GAIL's discriminator, frozen after k iterations of the exact game |
| `slip` | the bias of AIRL with sampled next states, against the probability of a slip |
| `tables` | rows, sorted summaries, CSV |
| `pictures`, `reward_maps` | figures |
| `report` | the HTML report |
| `docs_page` | the measured part of docs/rewards.md |
"""

from gail.experiments.transfer.docs_page import write_docs
from gail.experiments.transfer.pairs import PAIRS, Pair, make_pair
from gail.experiments.transfer.report import write_transfer
from gail.experiments.transfer.study import PairStudy, TransferStudy, study_pair, study_pairs

__all__ = [
    "PAIRS",
    "Pair",
    "PairStudy",
    "TransferStudy",
    "make_pair",
    "study_pair",
    "study_pairs",
    "write_docs",
    "write_transfer",
]
