"""What tests share: threads that wait politely, and a picture."""

import io
import os

# Must be set before torch is imported; spinning threads are slow where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Must be set before onnxruntime is imported, which otherwise reports what it does.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A PNG of 120 × 90 random pixels."""
    values = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()
