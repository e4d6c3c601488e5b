"""One function reads every format. The format is detected from the contents, never from the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gail.approx.atomic_files import StrPath
from gail.approx.demonstrations.containers.hdf5 import names, opened
from gail.approx.demonstrations.containers.npz_archives import Archive
from gail.approx.demonstrations.containers.pickled_arrays import Record
from gail.approx.demonstrations.containers.pickles import unpickle
from gail.approx.demonstrations.dataset import Demonstrations, Provenance
from gail.approx.demonstrations.errors import InvalidDemonstrations, naming_file
from gail.approx.demonstrations.formats import berkeley, d4rl, npz, stable_baselines
from gail.approx.demonstrations.formats import openai_baselines as baselines
from gail.approx.demonstrations.formats.berkeley import save_berkeley
from gail.approx.demonstrations.formats.d4rl import save_d4rl
from gail.approx.demonstrations.formats.huggingface import reader as huggingface
from gail.approx.demonstrations.formats.huggingface.writer import save_huggingface
from gail.approx.demonstrations.formats.imitation import npz as imitation_archives
from gail.approx.demonstrations.formats.imitation import pickles as imitation_pickles
from gail.approx.demonstrations.formats.minari import hdf5 as minari
from gail.approx.demonstrations.formats.minari.writer import save_minari, save_minari_arrow
from gail.approx.demonstrations.formats.npz import save_npz
from gail.approx.demonstrations.formats.stable_baselines import save_stable_baselines


@dataclass(frozen=True)
class Format:
    """A format that can be written."""

    name: str
    """Name by which users choose the format."""
    meaning: str
    """Description of the format."""
    save: Callable[[Demonstrations, StrPath], None]
    """Writes demonstrations to a path."""


FORMATS: dict[str, Format] = {
    kind.name: kind
    for kind in (
        Format("npz", "the project's own", save_npz),
        Format("minari", "a Minari dataset in HDF5 (folder)", save_minari),
        Format("minari-arrow", "a Minari dataset of Arrow files (folder)", save_minari_arrow),
        Format("huggingface", "HuggingFace datasets on disk, in imitation's layout (folder)", save_huggingface),
        Format("d4rl", "D4RL's HDF5", save_d4rl),
        Format("stable-baselines", "stable-baselines' .npz", save_stable_baselines),
        Format("berkeley", "Berkeley's pickled list of episodes", save_berkeley),
    )
}
"""The formats that can be written, by name."""


def load_demonstrations(path: StrPath) -> Demonstrations:
    """Read demonstrations in any of the formats.

    Raises:
        InvalidDemonstrations: the file is malformed or has no known format; the message, one line, names the file,
            the field, the episode and the value.
    """
    path = Path(path)
    with naming_file(path):
        return _from_folder(path) if path.is_dir() else _from_file(path)


def _from_folder(path: Path) -> Demonstrations:
    if huggingface.is_dataset(path):
        return huggingface.from_folder(path)
    if (path / "dataset_dict.json").is_file():
        raise InvalidDemonstrations("a HuggingFace dataset of several splits: name the folder of one of them")
    data = minari.data_folder(path)
    if data is None:
        raise InvalidDemonstrations(
            "neither a Minari dataset (data/metadata.json) nor a HuggingFace one on disk (state.json)"
        )
    return minari.from_folder(data)


def _from_file(path: Path) -> Demonstrations:
    with path.open("rb") as stream:
        begin = stream.read(8)
    if begin.startswith(b"PK"):
        with Archive(path) as archive:
            return _from_archive(archive)
    if begin == b"\x89HDF\r\n\x1a\n":
        return _from_hdf5(path)
    if begin.startswith(b"\x93NUMPY"):
        raise InvalidDemonstrations("a single array, not an .npz of named arrays")
    if begin[:1] in (b"\x80", b"(", b"]", b"}"):
        return _from_pickle(path)
    raise InvalidDemonstrations(
        f"it begins with {begin!r}: neither .npz, HDF5 nor pickle" if begin else "the file is empty"
    )


def _from_archive(archive: Archive) -> Demonstrations:
    found = set(archive.names)
    if "provenance" in found:
        return npz.from_archive(archive)
    if found >= stable_baselines.FIELDS:
        return stable_baselines.from_archive(archive)
    if found >= baselines.FIELDS:
        return baselines.from_archive(archive)
    if found >= imitation_archives.FIELDS:
        return imitation_archives.from_archive(archive)
    own = ("observations", "actions", "provenance", "...")
    raise InvalidDemonstrations(
        f"an .npz with {', '.join(sorted(found)) or 'nothing'}: needed are {', '.join(own)} (our own), "
        f"{', '.join(sorted(stable_baselines.FIELDS))} (stable-baselines), "
        f"{', '.join(sorted(baselines.FIELDS))} (baselines) or "
        f"{', '.join(sorted(imitation_archives.FIELDS))} (imitation)"
    )


def _from_hdf5(path: Path) -> Demonstrations:
    with opened(path) as file:
        if "observations" in names(file):
            return d4rl.from_hdf5(file)
        if any(name.startswith("episode_") for name in names(file)):
            data = minari.data_folder(path.parent)
            if data is not None:
                return minari.from_folder(data)
            return minari.from_hdf5(file, Provenance(None, "a Minari file without its metadata", native=True))
        raise InvalidDemonstrations(
            f"an HDF5 file with {', '.join(names(file)) or 'nothing'}: needed are observations, actions, rewards and "
            "terminals (D4RL), or groups episode_0, episode_1, ... (Minari)"
        )


def _from_pickle(path: Path) -> Demonstrations:
    with path.open("rb") as stream:
        content = unpickle(stream, path.stat().st_size)
    if isinstance(content, list) and content and isinstance(content[0], Record):
        return imitation_pickles.from_pickle(content)
    if isinstance(content, list):
        return berkeley.from_pickle(content)
    if isinstance(content, dict) and content.keys() >= stable_baselines.FIELDS:
        return stable_baselines.from_pickle(content)
    raise InvalidDemonstrations(
        f"a pickled {type(content).__name__}: needed is a list of dicts ({', '.join(berkeley.FIELDS)}), a dict with "
        f"{', '.join(sorted(stable_baselines.FIELDS))}, or a list of imitation's trajectories"
    )


def named_task(demonstrations: Demonstrations, task: str) -> Demonstrations:
    """The same demonstrations, with `task` as the task in their provenance.

    Raises:
        InvalidDemonstrations: their provenance names another task.
    """
    demonstrations.check_task(task)
    return replace(demonstrations, provenance=replace(demonstrations.provenance, task=task))
