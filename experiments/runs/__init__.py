"""Runs: one frozen config gives one folder with metrics, checkpoints, a policy and a report.

| module | content |
|---|---|
| `algorithms` | the list of cost players and policy players; a new algorithm is added here |
| `config` | the config of a run as tagged unions, to and from nested dictionaries |
| `options` | config files, `--set` and named options, applied to a recipe |
| `recipes` | the settings of each task: tuned, the paper's, an expert's |
| `players` | from a config to the cost player and the environments |
| `training` | begin, resume and stop a training in its folder |
| `run` | the folder: which file holds what |
| `metrics`, `tensorboard` | one row per iteration, as CSV and as TensorBoard events |
| `learning_curves` | a training's returns, averaged in bins |
| `progress`, `interrupts` | the live display, and Ctrl-C |
"""
