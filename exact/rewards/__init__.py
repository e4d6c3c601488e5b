"""Rewards that can be used again: what an expert determines, what AIRL learns, and what either is worth elsewhere.

    f(s,a,s') = g(s[,a]) + gamma h(s') - h(s),         D = e^f / (e^f + pi(a|s)) the probability of the *expert*

A soft-optimal expert determines its reward up to potential shaping V(s) - gamma E[V(s') | s,a], any V (Ng, Harada &
Russell 1999; Cao, Cohen & Szpruch 2021). Under other dynamics only some members of such a class have the same optimum.

| module | content |
|---|---|
| `ambiguity` | `reward_ambiguity`: the rewards that explain the same experts, as a linear space |
| `linked_classes` | the same for deterministic dynamics, by a graph (Fu, Luo & Levine 2018) |
| `shaping` | `compare_rewards`: whether two rewards are equal up to shaping, or up to a constant |
| `logistic_fit` | logistic regression on a population, with a duality gap |
| `airl` | `fit_airl`: the best discriminator of adversarial IRL against one learner |
| `airl_game` | `play_airl`: discriminator and learner in turn |
| `transfer` | `transfer`: the regret of a learned reward under other dynamics |
"""
