"""The shape of the house: which package may import which, and what no package may contain.

Imports are read from the source by ast, wherever they stand (functions and type-checking blocks included); a
name imported from a package counts as the dotted path it would have.
"""

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).resolve().parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PACKAGE_DIR = {name: ROOT / folder for name, folder in SETUPTOOLS["package-dir"].items()}
MOST_ENTRIES = 12
"""Files and folders of one folder, not counting `__init__.py` and `py.typed`."""
TOP_PACKAGES = ("exact", "approx", "envs", "experiments")
NOT_PACKAGED = {"tests", "examples", "docs", "build", "dist", "runs"}

# Per package: the only parts of gail outside itself that it may import. None: any.
ALLOWED = {
    "gail.exact": (),
    "gail.envs": ("gail.exact",),
    "gail.approx": ("gail.exact.regularizers", "gail.exact.process.memory"),
    "gail.experiments": None,
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common"}


def imports(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """The dotted path of everything ``source`` imports, relative imports resolved against ``module``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                kept = parents[: len(parents) - node.level + is_package]
                base = ".".join([*kept, base] if base else kept)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(path: str, package: str) -> bool:
    return path == package or path.startswith(package + ".")


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """What ``module`` may not import, but does."""
    own = ".".join(module.split(".")[:2])
    allowed = ALLOWED[own]
    found = []
    for path in imports(source, module, is_package):
        if (
            (within(path, "gail") and allowed is not None and not any(within(path, p) for p in (own, *allowed)))
            or (within(path, "cvxpy") and module != "gail.exact.imitation.conic")
            or (within(path, "torch") and own == "gail.exact")
        ):
            found.append(f"{module} imports {path}")
    return found


def modules() -> Iterator[tuple[Path, str, bool]]:
    """Every source file of every package: its path, dotted name, and whether it is a package's own file."""
    for top in TOP_PACKAGES:
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            yield file, ".".join(("gail", *(parts[:-1] if is_package else parts))), is_package


def test_arrows_point_one_way():
    assert [v for file, name, init in modules() for v in violations(file.read_text(), name, init)] == []


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("gail.exact.process.finite_mdp", "import torch"),
        ("gail.exact.process.finite_mdp", "from torch.nn import functional"),
        ("gail.exact.process.finite_mdp", "from gail.envs import gridworld"),
        ("gail.exact.process.finite_mdp", "from ...approx import sampler"),
        ("gail.exact.planning.rl", "import cvxpy as cp"),
        ("gail.experiments.cli.main", "import cvxpy"),
        ("gail.envs.finite", "def f():\n    from gail.experiments.cli.main import main"),
        ("gail.envs.vector", "from gail import approx"),
        ("gail.envs.vector", "import gail"),
        ("gail.approx.policies.policy", "import gail.exact"),
        ("gail.approx.policies.policy", "from gail.exact import mdp"),
        ("gail.approx.policies.policy", "from gail.exact import regularizers, mdp"),
        ("gail.approx.demonstrations.formats.npz", "from gail.envs import data"),
        ("gail.approx.demonstrations.formats.npz", "from ....experiments import cli"),
    ],
)
def test_a_forbidden_import_is_seen(module, statement):
    assert len(violations(statement, module)) == 1


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("gail.exact.imitation.conic", "import cvxpy as cp"),
        ("gail.exact.imitation.conic", "from gail.exact import regularizers"),
        ("gail.envs.finite", "from gail.exact.process.finite_mdp import FiniteMDP"),
        ("gail.approx.cost_players.cost_player", "from gail.exact import regularizers as psi"),
        ("gail.approx.cost_players.cost_player", "from gail.exact.regularizers import Logistic\nimport torch"),
        ("gail.approx.trajectories.sampler", "from .trajectories import Trajectories\nfrom . import policies"),
        ("gail.experiments.cli.main", "from gail.approx import training\nfrom gail.envs import TASKS"),
    ],
)
def test_an_allowed_import_passes(module, statement):
    assert violations(statement, module) == []


def test_a_package_file_resolves_relative_imports_against_itself():
    assert list(imports("from .process import FiniteMDP", "gail.exact", is_package=True)) == [
        "gail.exact.process.FiniteMDP"
    ]
    assert list(imports("from . import bellman", "gail.exact.planning.rl")) == ["gail.exact.planning.bellman"]


def test_every_package_folder_is_listed():
    tops = [path for path in ROOT.iterdir() if path.name not in NOT_PACKAGED and not path.name.startswith(".")]
    found = {file.parent for top in tops for file in top.rglob("__init__.py")}
    named = {".".join(("gail", *folder.relative_to(ROOT).parts)) for folder in found}
    assert set(SETUPTOOLS["packages"]) == named
    assert {f"gail.{top}": ROOT / top for top in TOP_PACKAGES} == PACKAGE_DIR


def test_every_source_folder_is_a_package():
    folders = {".".join(("gail", *file.parent.relative_to(ROOT).parts)) for file, _, _ in modules()}
    assert folders == set(SETUPTOOLS["packages"])


def test_no_folder_is_crowded():
    crowded = {}
    for top in TOP_PACKAGES:
        for folder in {file.parent for file in (ROOT / top).rglob("*.py")}:
            left_out = {"__init__.py", "py.typed", "__pycache__"}
            entries = [path.name for path in folder.iterdir() if path.name not in left_out]
            if len(entries) > MOST_ENTRIES and folder != ROOT / "envs" / "data":  # one folder per task
                crowded[str(folder.relative_to(ROOT))] = sorted(entries)
    assert crowded == {}


def import_graph() -> dict[str, set[str]]:
    """The modules of gail that each module imports, wherever the import stands."""
    sources = {name: (file.read_text(), init) for file, name, init in modules()}
    graph: dict[str, set[str]] = {}
    for name, (source, init) in sources.items():
        graph[name] = set()
        for path in imports(source, name, init):
            while path not in sources and "." in path:
                path = path.rpartition(".")[0]
            if path in sources and path != name:
                graph[name].add(path)
    return graph


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, directly or by way of others."""
    found = networkx.strongly_connected_components(networkx.DiGraph(graph))
    return [sorted(group) for group in found if len(group) > 1]


def test_no_module_imports_itself_by_way_of_others():
    assert cycles(import_graph()) == []


def test_a_cycle_is_seen():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_tests_mirror_the_source():
    """A test file lies in the folder that has the name of the source folder that it tests."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    missing = {str(folder) for folder in folders if folder.parts and not (ROOT / folder).is_dir()}
    assert missing == {"exact/engine", "mutations"}  # the engine as a whole; the tables of mutants


IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for package in sys.argv[1:]:
    found = importlib.import_module(package)
    for module in pkgutil.iter_modules(found.__path__, package + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
taken = {"exact", "approx", "envs", "experiments"} & {name.split(".")[0] for name in sys.modules}
sys.exit(f"imported at top level: {sorted(taken)}" if taken else 0)
"""


def test_no_package_is_importable_without_its_namespace(tmp_path):
    # From an empty folder, so that nothing is found only because the source lies in the working directory.
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, *SETUPTOOLS["packages"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr


def test_no_file_is_a_grab_bag():
    folders = [ROOT / name for name in (*TOP_PACKAGES, "tests", "examples")]
    paths = [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*")]
    assert [str(path) for path in paths if path.stem.removeprefix("_") in FORBIDDEN_NAMES] == []


def test_the_library_does_not_print():
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file, name, _ in modules()
        if not within(name, "gail.experiments")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


SLOW_TO_IMPORT = ("torch", "cvxpy", "matplotlib", "networkx", "scipy.stats", "scipy.optimize")


@pytest.mark.parametrize(
    ("program", "never"),
    [
        ("import gail.exact", SLOW_TO_IMPORT),
        ("from gail.exact import solve_rl, regularizers", SLOW_TO_IMPORT),
        ("import gail.experiments", (*SLOW_TO_IMPORT, "numpy")),
        ("from gail.experiments.cli import main, verify", (*SLOW_TO_IMPORT, "numpy")),
    ],
)
def test_what_is_slow_to_import_is_imported_when_it_is_needed(program, never):
    loaded = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert sorted(set(never) & set(loaded)) == []


def test_every_public_name_is_there():
    for top in ("exact", "approx", "envs", "experiments"):
        package = importlib.import_module(f"gail.{top}")
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert set(package.__all__) <= set(dir(package)) | {"plot_gridworld"}
