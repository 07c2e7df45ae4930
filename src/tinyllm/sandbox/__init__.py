"""Code that nobody has read, run so that it can compute and do nothing else."""

from tinyllm.sandbox.choosing import arun, layers, run
from tinyllm.sandbox.job import Job, Layer, Ran

__all__ = ["Job", "Layer", "Ran", "arun", "layers", "run"]
