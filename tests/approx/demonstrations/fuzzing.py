"""Damage demonstration files of every format and read them: `python fuzzing.py FILES_PER_KIND SEED [KIND...]`.

Every damaged file must be read, or refused as `InvalidDemonstrations` in one line. Anything else ends the process:
another exception, a file that takes longer than the alarm, an audit event of code run by a file, or a crash. The last
damaged file stays in the working directory for inspection. Prints JSON: the numbers of files and of refusals, and the
largest growth of memory caused by one file.
"""

import faulthandler
import io
import json
import pickle
import resource
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from gail.approx.demonstrations import FORMATS, Demonstrations, InvalidDemonstrations, Provenance, load_demonstrations
from gail.approx.trajectories.trajectories import Trajectories

SECONDS_PER_FILE = 30
CODE = {"os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class"}
CODE |= {"socket.connect", "os.remove", "os.rename", "shutil.rmtree", "code.__new__"}
Rng = np.random.Generator


def tiny() -> Demonstrations:
    rng = np.random.default_rng(0)
    batch = Trajectories(
        observations=rng.normal(size=(5, 2)).astype(np.float32),
        actions=rng.normal(size=(5, 1)).astype(np.float32),
        rewards=rng.normal(size=5),
        final_observations=rng.normal(size=(2, 2)).astype(np.float32),
        lengths=np.array([3, 2]),
        terminated=np.array([True, False]),
        truncated=np.array([False, True]),
    )
    return Demonstrations(batch, Provenance("Task-v0", "made", episode_returns=(1.0, 2.0)))


class Hostile:
    def __reduce__(self):
        return exec, ("import pathlib; pathlib.Path('ran').touch()",)


def objects(*items):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def objects_npz(path: Path) -> None:
    """An `.npz` of (pickled) object arrays, as OpenAI's baselines write episodes of different lengths."""
    batch = tiny().trajectories
    fields = {"obs": batch.observations, "acs": batch.actions, "rews": batch.rewards}
    with path.open("wb") as stream:
        np.savez(stream, ep_rets=np.ones(2), **{name: objects(a[:3], a[3:]) for name, a in fields.items()})


def hostile_npz(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, obs=objects(np.zeros((3, 2))), acs=objects(Hostile()), ep_rets=np.ones(1))


def legacy_npz(path: Path) -> None:
    batch = tiny().trajectories
    with path.open("wb") as stream:
        arrays = {"obs": np.zeros((7, 2)), "acts": batch.actions, "rews": batch.rewards}
        np.savez(stream, terminal=batch.terminated, indices=np.array([3]), **arrays)


def pickled_dict(path: Path) -> None:
    batch = tiny().trajectories
    starts = np.array([True, False, False, True, False])
    steps = {"obs": batch.observations, "actions": batch.actions, "rewards": batch.rewards}
    path.write_bytes(pickle.dumps({**steps, "episode_starts": starts, "episode_returns": np.ones(2)}, protocol=2))


class ImitationsTrajectory:
    """A class that pickles under the name of imitation's class."""

    __module__, __qualname__ = "imitation.data.types", "TrajectoryWithRew"


def imitation_pickle(path: Path) -> None:
    batch, found = tiny().trajectories, ImitationsTrajectory()
    fields = {"obs": np.zeros((4, 2)), "acts": batch.actions[:3], "rews": batch.rewards[:3]}
    vars(found).update(**fields, terminal=True, infos=objects({}, {}, {"TimeLimit.truncated": True}))
    parts = ("imitation", "imitation.data", "imitation.data.types")
    sys.modules.update({part: SimpleNamespace(TrajectoryWithRew=ImitationsTrajectory) for part in parts})
    path.write_bytes(pickle.dumps([found, found], protocol=4))
    for part in parts:
        del sys.modules[part]


def hostile_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps([{"observation": np.zeros((2, 2)), "action": Hostile()}], protocol=4))


MAKERS: dict[str, Callable[[Path], None]] = {
    **{name: lambda path, kind=kind: kind.save(tiny(), path) for name, kind in FORMATS.items()},
    "imitation-npz": legacy_npz,
    "objects-npz": objects_npz,
    "hostile-npz": hostile_npz,
    "stable-baselines-pickle": pickled_dict,
    "imitation-pickle": imitation_pickle,
    "hostile-pickle": hostile_pickle,
}

EDGES = [b"", b"\x00", b"\xff", b"\xff" * 4, b"\xff" * 8, b"\x7f" + b"\xff" * 3, b"\x00" * 8, b"\x80\x00\x00\x00", b"("]
EDGES += [b"[" * 40, b"nan", b"1e999", b'"', b"\n", (1 << 40).to_bytes(8, "little"), (1 << 31).to_bytes(8, "little")]


def damaged(content: bytes, rng: Rng, region: int | None = None) -> bytes:
    """Up to four changes: bytes flipped, replaced, inserted, cut out, repeated, or the end cut off."""
    found = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        if not found:
            break
        place = int(rng.integers(min(len(found), region or len(found))))
        span = int(rng.integers(1, 9))
        match rng.integers(7):
            case 0:
                found[place] ^= 1 << int(rng.integers(8))
            case 1:
                found[place : place + span] = rng.bytes(span)
            case 2:
                found[place:place] = rng.bytes(span)
            case 3:
                del found[place : place + span]
            case 4:
                edge = EDGES[rng.integers(len(EDGES))]
                found[place : place + len(edge) * int(rng.integers(2))] = edge
            case 5:
                other = int(rng.integers(len(found)))
                found[place : place + span] = found[other : other + span]
            case _:
                if rng.random() < 0.2:
                    del found[place:]
    return bytes(found)


def with_damaged_member(content: bytes, rng: Rng) -> bytes:
    """A valid zip with correct checksums around one damaged member; the damage is mostly in the member's header."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        members = old.infolist()
        chosen = members[rng.integers(len(members))].filename
        for member in members:
            inside = old.read(member)
            if member.filename == chosen:
                inside = damaged(inside, rng, 160 if rng.random() < 0.7 else None)
            new.writestr(member.filename, inside)
    return result.getvalue()


def damage(path: Path, rng: Rng) -> None:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    file = files[rng.integers(len(files))]
    content = file.read_bytes()
    inside = content.startswith(b"PK") and rng.random() < 0.6
    file.write_bytes(with_damaged_member(content, rng) if inside else damaged(content, rng))


def read(path: Path) -> bool:
    """True if the file is read, False if it is refused."""
    try:
        found = load_demonstrations(path)
        assert found.trajectories.num_steps > 0
        if found.whole:
            found.following()
    except InvalidDemonstrations as error:
        assert str(path) in str(error) and "\n" not in str(error), error
        return False
    return True


def peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def fuzz(kind: str, files: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(np.random.SeedSequence([seed, *kind.encode()]))
    good, bad = Path(f"good-{kind}"), Path(f"bad-{kind}")
    MAKERS[kind](good)
    read(good)  # load modules that are imported on first use, so that their memory is not counted
    refused, growth = 0, 0
    for _ in range(files):
        if good.is_dir():
            shutil.copytree(good, bad, dirs_exist_ok=True)
        else:
            shutil.copy(good, bad)
        damage(bad, rng)
        before = peak_kilobytes()
        WATCHED[0] = True
        signal.alarm(SECONDS_PER_FILE)
        refused += not read(bad)
        signal.alarm(0)
        WATCHED[0] = False
        growth = max(growth, peak_kilobytes() - before)
    return {"files": files, "refused": refused, "growth_kilobytes": growth}


WATCHED = [False]


def watch(event: str, _: object) -> None:
    if WATCHED[0] and event in CODE:
        raise SystemExit(f"a file made this happen: {event}")


def main() -> None:
    files, seed, *kinds = sys.argv[1:]
    faulthandler.enable()
    sys.addaudithook(watch)
    print(json.dumps({kind: fuzz(kind, int(files), int(seed)) for kind in kinds or MAKERS}))
    assert not Path("ran").exists()


if __name__ == "__main__":
    main()
