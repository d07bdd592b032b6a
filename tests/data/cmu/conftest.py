"""A body of two bones as ASF, its motion as AMC, and both as BVH."""

import pytest

ASF = """# two bones on a root
:version 1.10
:units
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 1 2 3
   orientation 0 0 0
:bonedata
  begin
     id 1
     name upper
     direction 0 1 0
     length 2
     axis 0 0 0 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-70.0 70.0)
  end
  begin
     id 2
     name lower
     direction 1 0 0
     length 1
     axis 90 0 0 XYZ
    dof rx rz
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""
AMC = """# a comment
:FULLY-SPECIFIED
:DEGREES
7
root 0 0 0 0 0 0
upper 0 0 0
lower 0 0
8
root 10 0 0 0 0 0
upper 0 0 90
lower 0 0
9
root 0 0 0 0 90 0
upper 0 0 0
lower 0 90
"""
BVH = """HIERARCHY
ROOT root
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT upper
  {
    OFFSET 0 2 0
    CHANNELS 2 Zrotation Xrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.008333333
0 0 0 0 0 0 0 0
10 0 0 90 0 0 0 0
"""


@pytest.fixture
def files(tmp_path):
    """Paths of the three files by their suffix."""
    found = {}
    for suffix, text in (("asf", ASF), ("amc", AMC), ("bvh", BVH)):
        found[suffix] = tmp_path / f"body.{suffix}"
        found[suffix].write_text(text)
    return found
