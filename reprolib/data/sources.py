"""The data sets that rows can ask for: which module reads each, and who made which kind of it."""

from reprolib.contracts.source import Source

STAND_IN = {"generated": "ours", "real": "released"}  # for data that were released as files
AS_IN_THE_PAPER = {"generated": "paper"}  # for data that never were files
AS_FILES_TOO = {"generated": "paper", "real": "paper"}  # the same, where the official code writes files
OURS = {"generated": "ours"}  # for data whose making the paper leaves open

BASKETBALL = Source("reprolib.data.basketball.basketball_tensors", STAND_IN)
BABI = Source("reprolib.data.babi.babi_tensors", STAND_IN)
CLEVR = Source("reprolib.data.clevr.clevr_tensors", STAND_IN)
GRAPH_TASKS = Source("reprolib.data.graph_tensors", AS_IN_THE_PAPER)
JOINTS = Source("reprolib.data.cmu.joints_as_balls", STAND_IN)
PHYSICS = Source("reprolib.data.physical_tensors", OURS)
RANDOM_GRAPHS = Source("reprolib.data.random_graphs", AS_IN_THE_PAPER)
SORT_OF_CLEVR = Source("reprolib.data.sort_of_clevr_tensors", AS_IN_THE_PAPER)
SIMULATED_MOTION = Source("reprolib.data.motion_tensors", AS_FILES_TOO)
WALKS = Source("reprolib.data.cmu.walk_tensors", STAND_IN)
