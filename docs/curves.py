"""How time grows with the number of files, drawn as SVG: both axes are logarithmic."""

import json
import math
from collections.abc import Mapping
from html import escape
from pathlib import Path

from staleness.picture import THEMES, Theme

GROWTH = Path(__file__).parents[1] / "bench" / "results" / "growth.json"
WHAT = "files, flat"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 820, 420, 60, 200, 46, 52
MARKS = ("", "7 3", "2 3", "9 3 2 3")
"""The dashes of the lines, so that nobody needs to tell colours apart."""

Rows = Mapping[str, Mapping[str, Mapping[str, float]]]


def growth() -> Mapping[str, Rows]:
    """Return what grows → size → verb → times the start, and megabytes."""
    found: Mapping[str, Rows] = json.loads(GROWTH.read_text("utf-8"))
    return found


def slope(rows: Rows, verb: str) -> float:
    """Return the exponent between the two largest sizes: 1 is linear."""
    (few, before), (many, after) = [*rows.items()][-2:]
    times = after[verb]["times_the_start"] / before[verb]["times_the_start"]
    return math.log(times) / math.log(int(many) / int(few))


def drawn(theme: Theme) -> str:
    """Return the picture of the time over the number of files."""
    rows = growth()[WHAT]
    sizes = [int(size) for size in rows]
    verbs = list(next(iter(rows.values())))
    top = max(each[verb]["times_the_start"] for each in rows.values() for verb in verbs)
    decades = math.ceil(math.log10(top))

    def x(size: float) -> float:
        part = math.log10(size / sizes[0]) / math.log10(sizes[-1] / sizes[0])
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(times: float) -> float:
        part = math.log10(max(times, 1)) / decades
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    parts = [
        *(
            f'<path d="M{LEFT} {y(10**n):.0f}H{WIDTH - RIGHT}" class="g"/>'
            f'<text x="{LEFT - 8}" y="{y(10**n) + 4:.0f}" class="e">{10**n}</text>'
            for n in range(decades + 1)
        ),
        *(
            f'<text x="{x(size):.0f}" y="{HEIGHT - BOTTOM + 20}" class="m">{size:,}</text>'
            for size in sizes
        ),
    ]
    ends = sorted((y(rows[str(sizes[-1])][verb]["times_the_start"]), verb) for verb in verbs)
    below = 0.0
    for number, (end, verb) in enumerate(ends):
        line = " ".join(
            f"{x(size):.1f},{y(rows[str(size)][verb]['times_the_start']):.1f}" for size in sizes
        )
        below = max(end + 4, below + 17)
        label = f"{verb} (slope {slope(rows, verb):.2f})"
        parts.append(
            f'<polyline points="{line}" class="l" stroke-dasharray="{MARKS[number]}"/>'
            f'<text x="{WIDTH - RIGHT + 8}" y="{below:.0f}">{escape(label)}</text>'
        )
    style = (
        f"text{{font:12.5px ui-sans-serif,system-ui,sans-serif;fill:{theme.text}}}"
        f".e{{text-anchor:end}}.m{{text-anchor:middle}}.g{{stroke:{theme.fresh}}}"
        f".l{{fill:none;stroke:{theme.stale};stroke-width:1.8}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'width="{WIDTH}" height="{HEIGHT}">\n<title>Time by number of files</title>\n'
        f"<style>{style}</style>\n"
        f'<rect width="100%" height="100%" fill="{theme.background}"/>\n'
        f'<text x="{LEFT - 40}" y="24">time, as a multiple of `neverstale --version`</text>\n'
        + "\n".join(parts)
        + f'\n<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 10}" class="m">modules in the '
        "package</text>\n</svg>\n"
    )


CURVES = {f"growth-{name}.svg": theme for name, theme in THEMES.items()}
