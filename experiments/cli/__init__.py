"""The `gail` command: one file per verb. A verb's file imports what it needs when the verb is called.

| module | content |
|---|---|
| `main` | the entry point: finds the verb, and turns a user's mistake into one sentence |
| every other module | one verb, or a family of verbs; a function's docstring is the verb's help |
"""
