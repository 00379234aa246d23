"""The results as pictures: SVG, light and dark, readable by number and shape, not colour alone."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from staleness.cells import COLUMNS, EDITS_OF_EACH_KIND, LIKE_HATCHLING, OLD_UVS, ON_OLD_UVS, Cell
from staleness.commands import COMMANDS, Command, Group
from staleness.results import Results
from staleness.trial import Outcome

COST = (
    "cost, with Flit, PDM and Poetry: the median of the command after an edit, over the fastest "
    "one's; of a command that runs the program, with its start."
)

LABEL, SIDE, ROW, HEAD = 425, 43, 22, 132
"""The width of the commands' column, of a cell and the height of a row and the heading, pixels."""


@dataclass(frozen=True)
class Theme:
    """The colours of a picture: Okabe and Ito's, which colour-blind people tell apart."""

    background: str
    text: str
    quiet: str
    fresh: str
    on_fresh: str
    stale: str
    on_stale: str


THEMES = {
    "light": Theme("#ffffff", "#1f2328", "#59636e", "#d3e8f7", "#0b3a5e", "#d55e00", "#ffffff"),
    "dark": Theme("#0d1117", "#e6edf3", "#9198a1", "#12354f", "#b9ddf5", "#e69f00", "#1a1200"),
}


@dataclass(frozen=True)
class Row:
    """A command: what its cells count, all of them together, and its cost."""

    name: str
    cells: Sequence[Counter[Outcome]]
    total: Counter[Outcome]
    cost: str


@dataclass(frozen=True)
class Picture:
    """A table of counts: its headings, its rows by group, and what stands below."""

    title: str
    columns: Sequence[str]
    groups: Mapping[str, Sequence[Row]]
    caption: Sequence[str]


def newest_uv(results: Results) -> str:
    """Return the newest uv that was measured."""
    return max(
        {cell.uv for cell in results.cells}, key=lambda uv: [int(part) for part in uv.split(".")]
    )


def by_edit(results: Results) -> Picture:
    """Return what each command did with each edit on the newest uv, over all build backends."""
    newest = newest_uv(results)
    costs = results.costs(newest, LIKE_HATCHLING)

    def row(command: Command) -> Row:
        mine = [
            cell for cell in results.cells if cell.uv == newest and cell.command == command.name
        ]
        counts = [results.count_of(c for c in mine if c.edit == edit) for edit in COLUMNS]
        cost = f"{costs[command.name]:.1f}" if command.name in costs else ""
        return Row(command.name, counts, results.count_of(mine), cost)

    subjects = dict.fromkeys(cell.subject for cell in results.cells if cell.uv == newest)
    return Picture(
        f"What runs after an edit, with uv {newest}",
        list(COLUMNS.values()),
        _grouped(COMMANDS, row),
        [
            *_legend(sum(results.count_of(c for c in results.cells if c.uv == newest).values())),
            f"Build backends: {', '.join(subjects)}.",
            COST,
            _measured_with(results),
        ],
    )


def by_uv(results: Results) -> Picture:
    """Return what each command did on each uv, over the edits that were tried with all of them."""
    uvs = [uv for uv in (*OLD_UVS, newest_uv(results)) if any(c.uv == uv for c in results.cells)]

    def tried(cell: Cell) -> bool:
        return cell.subject in ON_OLD_UVS and cell.edit in EDITS_OF_EACH_KIND

    def row(command: Command) -> Row:
        mine = [c for c in results.cells if c.command == command.name and tried(c)]
        counts = [results.count_of(c for c in mine if c.uv == uv) for uv in uvs]
        return Row(command.name, counts, results.count_of(mine), "")

    commands = [command for command in COMMANDS if command.asks_uv]
    names = {command.name for command in commands}
    count = sum(
        results.count_of(c for c in results.cells if tried(c) and c.command in names).values()
    )
    return Picture(
        "The same commands with older uv",
        [f"uv {uv}" for uv in uvs],
        _grouped(commands, row),
        [
            *_legend(count),
            f"Build backends: {', '.join(ON_OLD_UVS)}.",
            f"Edits: {', '.join(COLUMNS[edit] for edit in EDITS_OF_EACH_KIND)}.",
            _measured_with(results),
        ],
    )


def _grouped(commands: Iterable[Command], row: Callable[[Command], Row]) -> dict[str, list[Row]]:
    rows: dict[Group, list[Row]] = {}
    for command in commands:
        made = row(command)
        if made.total:
            rows.setdefault(command.group, []).append(made)
    return {group.value: found for group, found in rows.items()}


def _legend(count: int) -> list[str]:
    text = f"{count} trials: edit, run the command again, ask the program."
    return [f"{text} 2/6: of 6 trials, 2 ran the old code. 1!: in 1 trial the command failed."]


def _measured_with(results: Results) -> str:
    last = results.circumstances[-1]
    dates = sorted({each.date for each in results.circumstances})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    others = ", ".join(f"{name} {v}" for name, v in last.versions.items() if name != "uv")
    return f"Measured on {when}, {last.system}, CPython {last.python}, {others}."


NAMES = tuple(
    f"{name}-{theme}.svg" for name in ("staleness", "staleness-by-uv") for theme in THEMES
)


def drawn(results: Results) -> dict[str, str]:
    """Draw both pictures in both themes; give the SVG by the name of the file."""
    pictures = {"staleness": by_edit(results), "staleness-by-uv": by_uv(results)}
    return {
        f"{name}-{theme}.svg": as_svg(picture, colours)
        for name, picture in pictures.items()
        for theme, colours in THEMES.items()
    }


def as_svg(picture: Picture, theme: Theme) -> str:
    """Spell *picture* as SVG."""
    has_cost = any(row.cost for rows in picture.groups.values() for row in rows)
    columns = len(picture.columns)
    width = max(LABEL + SIDE * columns + 80 + (50 if has_cost else 0) + 20, 900)
    lines, y = [], HEAD
    for place, heading in enumerate(picture.columns):
        x = LABEL + SIDE * place + SIDE // 2
        lines.append(
            f'<text transform="translate({x + 4},{HEAD - 8}) rotate(-45)">{escape(heading)}</text>'
        )
    end = LABEL + SIDE * columns
    lines.append(f'<text x="{end + 12}" y="{HEAD - 8}" class="b">stale</text>')
    if has_cost:
        lines.append(f'<text x="{end + 80}" y="{HEAD - 8}" class="b">cost</text>')
    for group, rows in picture.groups.items():
        y += 8
        lines.append(f'<text x="12" y="{y + 15}" class="b">{escape(group)}</text>')
        y += ROW
        for row in rows:
            lines += _row(row, y, end)
            y += ROW
    y += 14
    for line in picture.caption:
        for part in textwrap.wrap(line, width // 7):
            lines.append(f'<text x="12" y="{y + 14}" class="q">{escape(part)}</text>')
            y += 18
    style = (
        f"text{{font:12px ui-sans-serif,system-ui,sans-serif;fill:{theme.text}}}"
        ".m{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11.5px}"
        f".b{{font-weight:600}}.q{{fill:{theme.quiet}}}.c{{text-anchor:middle;font-size:11px}}"
        f".f{{fill:{theme.fresh}}}.s{{fill:{theme.stale}}}"
        f".x{{fill:none;stroke:{theme.text};stroke-width:1.5;stroke-dasharray:3 2}}"
        f".tf{{fill:{theme.on_fresh}}}.ts{{fill:{theme.on_stale};font-weight:700}}"
    )
    title = escape(picture.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 12}" role="img" '
        f'width="{width}" height="{y + 12}">\n<title>{title}</title>\n<style>{style}</style>\n'
        f'<rect width="100%" height="100%" fill="{theme.background}"/>\n'
        f'<text x="12" y="24" class="b" style="font-size:16px">{title}</text>\n'
        + "\n".join(lines)
        + "\n</svg>\n"
    )


def _row(row: Row, y: int, end: int) -> list[str]:
    lines = [f'<text x="12" y="{y + 15}" class="m">{escape(row.name)}</text>']
    for place, counts in enumerate(row.cells):
        if counts:
            lines += _cell(counts, LABEL + SIDE * place, y)
    total = sum(row.total.values())
    bold = ' class="b"' if row.total[Outcome.STALE] else ""
    lines.append(
        f'<text x="{end + 12}" y="{y + 15}"{bold}>{row.total[Outcome.STALE]}/{total}</text>'
    )
    if row.cost:
        lines.append(f'<text x="{end + 80}" y="{y + 15}">{row.cost}</text>')
    return lines


def _cell(counts: Counter[Outcome], x: int, y: int) -> list[str]:
    """Draw a cell: stale ones are full and round, failed ones have a dashed frame."""
    stale, failed, total = counts[Outcome.STALE], counts[Outcome.FAILED], sum(counts.values())
    text = f"{stale}/{total}" + (f" {failed}!" if failed else "")
    shape = f'x="{x + 1}" y="{y + 1}" width="{SIDE - 2}" height="{ROW - 2}"'
    fill, on = ("s", "ts") if stale else ("f", "tf")
    lines = [f'<rect {shape} rx="{9 if stale else 0}" class="{fill}"/>']
    if failed:
        lines.append(f'<rect {shape} class="x"/>')
    lines.append(f'<text x="{x + SIDE // 2}" y="{y + 15}" class="c {on}">{text}</text>')
    return lines
