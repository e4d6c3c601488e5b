"""The quadruped of AIRL as a MuJoCo model, with legs of chosen lengths.

A ball carries four legs in the directions (±1, ±1). Leg k has three capsules: a fixed hip of length 0.2√2, a thigh of
length l√2 that turns about the vertical by ±30°, and a shin of length m√2 that bends down by 30° to 70°. A motor at the
thigh and one at the shin turn the action u in [-1, 1] into the torque g u:

| task | legs | l | m | g |
|---|---|---|---|---|
| ordinary | all | 0.2 | 0.4 | 30 |
| disabled | left (second coordinate positive) | 0.2 | 0.4 | 30 |
| disabled | right | 0.1 | 0.2 | 1 |

Masses and sizes of the ordinary model are those of Gymnasium's Ant, whose gear g is 150. Gymnasium calls the left legs
front legs and the right ones back legs; forward is the first coordinate in both, so the disabled legs are those of one
side, and the animal has to turn before it can crawl. Joints and motors are ordered leg by leg, thigh before shin.

The integrator is Euler's with implicit damping, a quarter of the work of Gymnasium's Runge-Kutta steps.
"""

from __future__ import annotations

from dataclasses import dataclass

DIRECTIONS = {"left_front": (1, 1), "left_back": (-1, 1), "right_back": (-1, -1), "right_front": (1, -1)}
"""The legs, in the order of joints and motors, as seen by one who faces forward."""
HIP = 0.2
BENT = 1.0
"""Angle of the shins, in radians, at which the ordinary animal stands."""
STANDING_HEIGHT = 0.55


@dataclass(frozen=True)
class Leg:
    """Lengths along each of the two horizontal axes, and the motors' gear."""

    thigh: float = 0.2
    shin: float = 0.4
    gear: float = 30.0


ORDINARY = dict.fromkeys(DIRECTIONS, Leg())
DISABLED = {name: Leg(0.1, 0.2, 1.0) if name.startswith("right") else Leg() for name in DIRECTIONS}


def ant_xml(legs: dict[str, Leg]) -> str:
    """The model in MuJoCo's format; `legs` names a leg for each of `DIRECTIONS`."""
    bodies = "".join(_leg_xml(name, *DIRECTIONS[name], legs[name]) for name in DIRECTIONS)
    motors = "".join(
        f'<motor name="{part}_{name}" joint="{part}_{name}" gear="{legs[name].gear}"/>'
        for name in DIRECTIONS
        for part in ("thigh", "shin")
    )
    return _MODEL.format(bodies=bodies, motors=motors)


def _leg_xml(name: str, forward: int, left: int, leg: Leg) -> str:
    def along(length: float) -> str:
        return f"{forward * length} {left * length} 0"

    return f"""
      <body name="hip_{name}">
        <geom fromto="0 0 0 {along(HIP)}"/>
        <body name="thigh_{name}" pos="{along(HIP)}">
          <joint name="thigh_{name}" axis="0 0 1" range="-30 30"/>
          <geom fromto="0 0 0 {along(leg.thigh)}"/>
          <body name="shin_{name}" pos="{along(leg.thigh)}">
            <joint name="shin_{name}" axis="{-left} {forward} 0" range="30 70"/>
            <geom fromto="0 0 0 {along(leg.shin)}"/>
          </body>
        </body>
      </body>"""


_MODEL = """
<mujoco model="ant">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option timestep="0.01" integrator="Euler"/>
  <default>
    <joint type="hinge" armature="1" damping="1" limited="true"/>
    <geom type="capsule" size="0.08" density="5" friction="1 0.5 0.5" margin="0.01" condim="3" conaffinity="0"
          rgba="0.75 0.55 0.35 1"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="1 1 1" rgb2="0.6 0.7 0.8" width="64" height="64"/>
    <texture name="tiles" type="2d" builtin="checker" rgb1="0.85 0.87 0.85" rgb2="0.7 0.74 0.72" width="8" height="8"/>
    <material name="tiles" texture="tiles" texrepeat="40 40"/>
  </asset>
  <worldbody>
    <light directional="true" pos="0 0 3" dir="0 0 -1"/>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1" material="tiles" rgba="1 1 1 1"/>
    <body name="torso" pos="0 0 0.75">
      <camera name="track" mode="trackcom" pos="0 -3 1.2" xyaxes="1 0 0 0 0.35 1"/>
      <freejoint name="root"/>
      <geom name="torso" type="sphere" size="0.25"/>{bodies}
    </body>
  </worldbody>
  <actuator>{motors}</actuator>
</mujoco>
"""
