"""Where work runs: tasks, backends, the worker, its sandbox, and what is kept."""

import logging

logging.getLogger("explainers").addHandler(logging.NullHandler())
