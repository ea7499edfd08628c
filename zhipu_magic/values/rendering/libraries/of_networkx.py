"""networkx's graphs: how large, of what degrees, what nodes and edges carry, and the first of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import N_, for_model
from ....text.languages.numbers import estimated, plural
from ..registry import LATE, add
from .parts import block, briefly, first_of, library_and_class, named

_HUBS: Final = 5


def _graph(value: Any, tokens: int) -> str:
    nodes, edges = value.number_of_nodes(), value.number_of_edges()
    kind = for_model("directed") if value.is_directed() else for_model("undirected")
    name = f" {briefly(value.name)}" if getattr(value, "name", "") else ""
    heading = for_model(
        "{graph}, {kind}, {nodes}, {edges}",
        graph=f"{library_and_class(value)}{name}",
        kind=kind,
        nodes=plural(nodes, "node"),
        edges=plural(edges, "edge"),
    )
    return block(
        heading,
        _figures(value, nodes, edges),
        tokens,
        items=_items(value),
        count=lambda: sum(_has_a_line(node, data, value) for node, data in value.nodes(data=True)) + edges,
    )


def _figures(graph: Any, nodes: int, edges: int) -> Iterator[str]:
    if not nodes:
        return
    degrees = dict(graph.degree())
    least, greatest = min(degrees.values()), max(degrees.values())
    yield for_model(
        "degree: least {least}, mean {mean}, greatest {greatest}",
        least=least,
        mean=estimated(2 * edges / nodes),
        greatest=greatest,
    )
    if greatest > least:
        hubs = sorted(degrees, key=lambda node: -degrees[node])[:_HUBS]  # stable: the graph's own order
        listed = ", ".join(f"{briefly(node)} ({degrees[node]})" for node in hubs)
        yield for_model("highest degrees: {nodes}", nodes=listed)
    graphs_own = {name: one for name, one in graph.graph.items() if name != "name"}
    for what, found in (
        (N_("attributes of the graph: {names}"), [graphs_own]),
        (N_("attributes of the nodes: {names}"), (data for _, data in graph.nodes(data=True))),
        (N_("attributes of the edges: {names}"), (data for *_, data in graph.edges(data=True))),
    ):
        names = dict.fromkeys(name for data in found for name in data)
        if names:
            yield for_model(what, names=first_of(names, 20))


def _has_a_line(node: Any, data: Any, graph: Any) -> bool:
    return bool(data) or not graph.degree(node)


def _items(graph: Any) -> Iterator[str]:
    """Nodes with attributes or without edges, and then edges."""
    arrow = " -> " if graph.is_directed() else " -- "
    for node, data in graph.nodes(data=True):
        if _has_a_line(node, data, graph):
            yield f"{briefly(node)}{f': {named(data.items())}' if data else ''}"
    for begin, end, data in graph.edges(data=True):
        yield f"{briefly(begin)}{arrow}{briefly(end)}{f': {named(data.items())}' if data else ''}"


def _register(module: ModuleType) -> None:
    add(module, "Graph", _graph)


LATE["networkx.classes.graph"] = _register
