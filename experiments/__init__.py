"""The application: the `gail` command, runs, reports and benchmarks. The only part that prints and writes files."""
