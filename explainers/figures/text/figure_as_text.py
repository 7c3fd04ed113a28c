"""Names in figures are text: plotly takes `<a href=…>` in them for a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

_OURS = re.compile(
    r"<(?!/?(?:b|br|i|em|sub|sup|extra)\s*/?>|span style='font-size:\d\dpx'>|/span>)", re.IGNORECASE
)
"""The start of every tag but those that figures of ours have: no other attribute, no address."""


def harmless(figure: go.Figure) -> go.Figure:
    """The figure with every tag in its texts as text, but for those that only change the letters.

    Parameters
    ----------
    figure : go.Figure

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> bars = go.Figure(go.Bar(x=['<a href="http://a">a</a>', "<b>b</b>"], y=[1, 2]))
    >>> bars = bars.update_xaxes(title="effect<br><span style='font-size:12px'>red raises</span>")
    >>> harmless(bars).data[0].x
    ('&lt;a href="http://a">a&lt;/a>', '<b>b</b>')
    >>> harmless(bars).layout.xaxis.title.text
    "effect<br><span style='font-size:12px'>red raises</span>"
    """
    import plotly.graph_objects as go

    content = figure.to_plotly_json()
    if not any(map(_OURS.search, _strings([content["data"], content["layout"]]))):
        return figure
    return go.Figure(data=_texts(content["data"]), layout=_texts(content["layout"]))


def _strings(value: Any) -> Iterator[str]:
    """All texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _strings(part)
    elif getattr(value, "dtype", None) is not None and value.dtype.kind in "OU":
        yield from _strings(value.tolist())


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        return _OURS.sub("&lt;", value)
    if isinstance(value, dict):
        return {key: _texts(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_texts(part) for part in value)
    if getattr(value, "dtype", None) is not None and value.dtype.kind in "OU":
        return [_texts(part) for part in value.tolist()]
    return value
