"""What a process that explains needs, imported before it is forked."""

import pyarrow as pa
import pyarrow.parquet
import torch
from PIL import Image

import explainers.api
import explainers.many.work
import explainers.methods
import explainers.models.prepared

__all__ = ["explainers", "pyarrow", "torch"]

pa.array([0])  # with this pyarrow looks for pandas, which takes long where it is
Image.preinit()
