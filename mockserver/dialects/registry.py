"""The emulated APIs. Only this module names a dialect."""

from __future__ import annotations

from mockserver.dialects.base import Dialects
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.edge.dialect import EDGE

__all__ = ["DIALECTS"]

DIALECTS = Dialects(COLLECTION, EDGE)
