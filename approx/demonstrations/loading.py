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
from gail.approx.demonstrations.episodes import join
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


def load_demonstrations(path: StrPath, broken: list[str] | None = None) -> Demonstrations:
    """Read demonstrations in any of the formats.

    Args:
        path: the file or folder.
        broken: None to refuse a file with a broken episode; a list to leave broken episodes out, and to append for
            each one a sentence that names it and its fault.

    Raises:
        BrokenEpisode: an episode is broken, and `broken` is None.
        InvalidDemonstrations: the file is malformed or has no known format; the message, one line, names the file,
            the field, the episode and the value.
    """
    path = Path(path)
    with naming_file(path):
        return _from_folder(path, broken) if path.is_dir() else _from_file(path, broken)


def _from_folder(path: Path, broken: list[str] | None) -> Demonstrations:
    if huggingface.is_dataset(path):
        return join(huggingface.from_folder(path), broken)
    if (path / "dataset_dict.json").is_file():
        raise InvalidDemonstrations("a HuggingFace dataset of several splits: name the folder of one of them")
    data = minari.data_folder(path)
    if data is None:
        raise InvalidDemonstrations(
            "neither a Minari dataset (data/metadata.json) nor a HuggingFace one on disk (state.json)"
        )
    with minari.from_folder(data) as recording:
        return join(recording, broken)


def _from_file(path: Path, broken: list[str] | None) -> Demonstrations:
    with path.open("rb") as stream:
        begin = stream.read(8)
    if begin.startswith(b"PK"):
        with Archive(path) as archive:
            return _from_archive(archive, broken)
    if begin == b"\x89HDF\r\n\x1a\n":
        return _from_hdf5(path, broken)
    if begin.startswith(b"\x93NUMPY"):
        raise InvalidDemonstrations("a single array, not an .npz of named arrays")
    if begin[:1] in (b"\x80", b"(", b"]", b"}"):
        return _from_pickle(path, broken)
    raise InvalidDemonstrations(
        f"it begins with {begin!r}: neither .npz, HDF5 nor pickle" if begin else "the file is empty"
    )


def _from_archive(archive: Archive, broken: list[str] | None) -> Demonstrations:
    found = set(archive.names)
    if "provenance" in found:
        return npz.from_archive(archive, broken)
    if found >= stable_baselines.FIELDS:
        return join(stable_baselines.from_archive(archive), broken)
    if found >= baselines.FIELDS:
        return join(baselines.from_archive(archive), broken)
    if found >= imitation_archives.FIELDS:
        return join(imitation_archives.from_archive(archive), broken)
    if found >= {"observations", "actions"}:
        return npz.from_archive(archive, broken)
    own = ("observations", "actions", "lengths", "...")
    raise InvalidDemonstrations(
        f"an .npz with {', '.join(sorted(found)) or 'nothing'}: needed are {', '.join(own)} (our own), "
        f"{', '.join(sorted(stable_baselines.FIELDS))} (stable-baselines), "
        f"{', '.join(sorted(baselines.FIELDS))} (baselines) or "
        f"{', '.join(sorted(imitation_archives.FIELDS))} (imitation)"
    )


def _from_hdf5(path: Path, broken: list[str] | None) -> Demonstrations:
    with opened(path) as file:
        if "observations" in names(file):
            return join(d4rl.from_hdf5(file), broken)
        if any(name.startswith("episode_") for name in names(file)):
            data = minari.data_folder(path.parent)
            if data is not None:
                return _from_folder(path.parent, broken)
            alone = Provenance(None, "a Minari file without its metadata", native=True)
            return join(minari.from_hdf5(file, alone), broken)
        raise InvalidDemonstrations(
            f"an HDF5 file with {', '.join(names(file)) or 'nothing'}: needed are observations, actions, rewards and "
            "terminals (D4RL), or groups episode_0, episode_1, ... (Minari)"
        )


def _from_pickle(path: Path, broken: list[str] | None) -> Demonstrations:
    with path.open("rb") as stream:
        content = unpickle(stream, path.stat().st_size)
    if isinstance(content, list) and content and isinstance(content[0], Record):
        return join(imitation_pickles.from_pickle(content), broken)
    if isinstance(content, list):
        return join(berkeley.from_pickle(content), broken)
    if isinstance(content, dict) and content.keys() >= stable_baselines.FIELDS:
        return join(stable_baselines.from_pickle(content), broken)
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
