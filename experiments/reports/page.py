"""Reports: one HTML file that contains its pictures and needs no network."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from gail.approx.atomic_files import write_bytes, write_text
from gail.experiments.reports.figures import png

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.55 system-ui, sans-serif; color: #1b1b1b; }
body { max-width: 62rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.25rem; margin-top: 2.6rem; }
p.lead { color: #555; margin-top: 0; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; }
th { text-align: left; border-bottom: 2px solid #1b1b1b; padding: .3rem .9rem .3rem 0; }
td { border-bottom: 1px solid #ddd; padding: .3rem .9rem .3rem 0; font-variant-numeric: tabular-nums; }
td.good { color: #1a7f37; font-weight: 600; } td.bad { color: #c8102e; font-weight: 600; }
td.open { color: #9a6700; font-weight: 600; } td.inapplicable { color: #777; }
figure { margin: 1.2rem 0; } img { max-width: 100%; } figcaption { color: #555; font-size: .88rem; }
code { background: #f3f3f3; padding: .1rem .3rem; border-radius: 3px; }
"""

_COLOURS = {
    "holds": ' class="good"',
    "FAILS": ' class="bad"',
    "ERROR": ' class="bad"',
    "UNSOLVED": ' class="open"',
    "not applicable": ' class="not applicable"',
}


@dataclass
class Report:
    """Collects headings, text, tables and figures, then writes them."""

    title: str
    lead: str
    _parts: list[str] = field(default_factory=list)
    _pictures: dict[str, bytes] = field(default_factory=dict)

    def heading(self, text: str) -> None:
        """Add a section heading."""
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def paragraph(self, text: str) -> None:
        """Add a paragraph of plain text; text between backticks is shown as code."""
        pieces = html.escape(text).split("`")
        marked = "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))
        self._parts.append(f"<p>{marked}</p>")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; cells that are verdicts are coloured."""
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
        body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
        self._parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def figure(self, name: str, figure: Figure, caption: str, alt: str = "") -> None:
        """Add a picture with a caption; `write` also saves the picture as `pictures/<name>.png`.

        `alt` is what the picture shows, for readers who do not see it.
        """
        content = png(figure)
        self._pictures[name] = content
        image = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'
        self._parts.append(f"<figure>{image}<figcaption>{html.escape(caption)}</figcaption></figure>")

    def write(self, path: Path) -> None:
        """Write the HTML file, and each picture as `pictures/<name>.png` beside it; every write is atomic."""
        title = html.escape(self.title)
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
            f'<p class="lead">{html.escape(self.lead)}</p>{"".join(self._parts)}</body></html>\n'
        )
        for name, content in self._pictures.items():
            write_bytes(path.parent / "pictures" / f"{name}.png", content)
        write_text(path, page)


def _cell(text: str) -> str:
    colour = _COLOURS.get(text, "")
    return f"<td{colour}>{html.escape(text)}</td>"
