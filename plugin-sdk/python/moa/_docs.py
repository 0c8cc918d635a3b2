"""Summary, help and examples from a function's documentation."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field

_MARKERS = ("예)", "예시)", "예:", "예시:", "Examples:", "Example:", "example:")


@dataclass
class Docs:
    """What a documentation says."""

    summary: str = ""
    """The first paragraph, as one line."""
    help: str = ""
    """The rest, without the examples."""
    examples: list[str] = field(default_factory=list)
    """Commands as typed."""


def read(doc: str | None) -> Docs:
    """Of a docstring. After a marker, the rest of its line and the following lines that begin with `!` are examples."""
    docs = Docs()
    prose: list[str] = []
    collecting = False

    def example(text: str) -> None:
        text = text.strip().strip("`").strip()
        if text:
            docs.examples.append(text)

    for line in inspect.cleandoc(doc or "").splitlines():
        bare = line.strip()
        marker = next((marker for marker in _MARKERS if bare.startswith(marker)), None)
        if marker is not None:
            collecting = True
            example(bare[len(marker) :])
        elif collecting and (not bare or bare.startswith("```")):
            continue
        elif collecting and bare.lstrip("`-* ").startswith("!"):
            example(bare.lstrip("-* "))
        else:
            if collecting:
                # The gap that the examples leave still separates paragraphs.
                prose.append("")
            collecting = False
            prose.append(line.rstrip())
    summary, _, rest = "\n".join(prose).strip("\n").partition("\n\n")
    docs.summary = " ".join(summary.split())
    docs.help = rest.strip("\n")
    return docs
