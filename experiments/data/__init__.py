"""Demonstrations and tasks: record, check, show, tabulate.

| module | content |
|---|---|
| `demonstrations` | record a policy's episodes; check demonstrations against a task |
| `report` | tables and a picture of demonstrations |
| `shipped` | where a task's demonstrations are: in the package or in a cache |
| `mujoco_layouts` | observation sizes of the versions of Gymnasium's MuJoCo tasks |
| `task_arguments` | how verbs name a task and the arguments of its environment |
| `task_table`, `expert_curves` | docs/tasks.md and its picture |
"""
