"""Rewards as functions that can be kept: networks of r(s, a), with a shaping term, saved to a file.

| module | content |
|---|---|
| `model` | `RewardModel`: the networks g and h, and f = g + gamma h(s') - h(s) |
| `classifier` | `RewardClassifier`: f fitted to tell expert from learner, on logits f - log pi |
| `replay` | steps of earlier policies |
| `learned_reward` | `LearnedReward`: a frozen reward; save, load, call |
"""
