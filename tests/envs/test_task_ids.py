"""Task ids that contain arguments of the environment."""

import json

import gymnasium
import pytest

from gail.envs import InvalidTaskArgument, UnsupportedEnvironment, find_task, make_vector, with_arguments
from gail.envs.task_ids import folder_name, split_id


def test_arguments_have_one_spelling():
    one = with_arguments("Ant-v5", ("frame_skip=3", "include_cfrc_ext_in_observation=False"))
    other = with_arguments("Ant-v5", ("include_cfrc_ext_in_observation=false", "frame_skip=3"))
    assert one == other == find_task('Ant-v5{"include_cfrc_ext_in_observation" : false, "frame_skip":3}').id
    assert split_id(one) == ("Ant-v5", {"frame_skip": 3, "include_cfrc_ext_in_observation": False})
    assert with_arguments("Ant-v5", ()) == "Ant-v5"
    assert with_arguments(one, ("frame_skip=4", "xml_file=a.xml")).count("frame_skip") == 1


def test_they_reach_the_environment():
    plain = with_arguments("Ant-v5", ("include_cfrc_ext_in_observation=false",))
    task = find_task(plain)
    assert (task.base, task.observation_size, task.action_size, task.subsample) == ("Ant-v5", 27, 8, 20)
    envs = make_vector(plain, 2, seed=0)
    assert envs.reset()[0].shape == (2, 27)
    envs.close()


def test_folders_can_be_named_after_them():
    assert folder_name('pkg:My-v0{"low":-0.5,"path":"../a b"}') == "My-v0-low--0.5-path-_.._a_b_".strip("_")


@pytest.mark.parametrize("assignment", ["frame_skip", "=3", "a b=3"])
def test_what_is_no_assignment_is_named(assignment):
    with pytest.raises(InvalidTaskArgument, match=f"--env-arg {assignment}: NAME=VALUE is needed"):
        with_arguments("Ant-v5", (assignment,))


def test_bad_arguments_are_named():
    with pytest.raises(InvalidTaskArgument, match="no JSON object"):
        find_task("Ant-v5{frame_skip}")
    with pytest.raises(UnsupportedEnvironment, match="unexpected keyword argument 'nonsense'"):
        find_task(with_arguments("Ant-v5", ("nonsense=1",)))
    assert json.loads(gymnasium.spec("Ant-v5").to_json())["kwargs"] == {}
