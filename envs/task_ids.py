"""Ids of tasks: a Gymnasium id, with the arguments of its environment behind it as a JSON object, if there are any.

    Ant-v5            Ant-v5{"include_cfrc_ext_in_observation":false}            my_package:MyEnv-v0{"size":5}

Equal arguments give equal ids: names are sorted and nothing is padded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


class InvalidTaskArgument(ValueError):
    """An argument of a task is malformed; the message has it."""


def split_id(task_id: str) -> tuple[str, dict[str, Any]]:
    """The Gymnasium id, and the arguments of the environment."""
    name, brace, rest = task_id.partition("{")
    if not brace:
        return name, {}
    try:
        arguments = json.loads(brace + rest)
    except json.JSONDecodeError as error:
        raise InvalidTaskArgument(f"{task_id}: its arguments are no JSON object ({error})") from error
    return name, dict(arguments)


def joined_id(name: str, arguments: Mapping[str, Any]) -> str:
    """The id of a task with these arguments."""
    return name + (json.dumps(dict(arguments), sort_keys=True, separators=(",", ":")) if arguments else "")


def with_arguments(task_id: str, assignments: Sequence[str]) -> str:
    """The id with further arguments, each NAME=VALUE; a value that is not JSON is a string.

    Raises:
        InvalidTaskArgument: an assignment has no name.
    """
    name, arguments = split_id(task_id)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.isidentifier():
            raise InvalidTaskArgument(f"--env-arg {assignment}: NAME=VALUE is needed, such as frame_skip=2")
        try:
            arguments[key] = json.loads(text)
        except json.JSONDecodeError:
            # As Python writes them, which is how documentation shows arguments of environments.
            arguments[key] = {"True": True, "False": False, "None": None}.get(text, text)
    return joined_id(name, arguments)


def folder_name(task_id: str) -> str:
    """The id as part of a file's name, without the module that registers it."""
    name, arguments = split_id(task_id)
    parts = [name.rpartition(":")[2], *(f"{key}-{json.dumps(value)}" for key, value in sorted(arguments.items()))]
    return "-".join(re.sub(r"[^A-Za-z0-9_.-]+", "_", part).strip("_") for part in parts)
