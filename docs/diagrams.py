"""The diagrams of the documentation, drawn as SVG in the colours of the pictures."""

from html import escape

from staleness.picture import THEMES, Theme

STATIONS = (
    ("sources", "src/greet", ("an older file in", "a newer one's place")),
    ("build", "the build backend", ("build/lib", "*.egg-info/SOURCES.txt")),
    ("wheel", "a zip archive", ("uv's built wheels,", "keyed by pyproject.toml")),
    ("environment", "site-packages", ("uv's environments;", "commands, METADATA")),
    ("process", "python", ("__pycache__", "the shell's hash of PATH")),
)
"""Where code is on its way, what that is, and what may keep old code there."""

WIDTH, HEIGHT, STEP = 1000, 190, 196


def way(theme: Theme) -> str:
    """Draw the way from the sources to what runs, and below each station its caches."""
    parts = []
    for place, (name, what, caches) in enumerate(STATIONS):
        x = 12 + STEP * place
        parts.append(
            f'<rect x="{x}" y="20" width="150" height="58" rx="8" class="f"/>'
            f'<text x="{x + 75}" y="45" class="b tf">{escape(name)}</text>'
            f'<text x="{x + 75}" y="64" class="tf">{escape(what)}</text>'
            f'<path d="M{x + 75} 78v20" class="l"/>'
            f'<rect x="{x - 8}" y="98" width="182" height="56" rx="8" class="x"/>'
            f'<text x="{x + 83}" y="121">{escape(caches[0])}</text>'
            f'<text x="{x + 83}" y="140">{escape(caches[1])}</text>'
        )
        if place:
            parts.append(f'<path d="M{x - 46} 49h40m-8 -6l8 6l-8 6" class="l"/>')
    style = (
        f"text{{font:12.5px ui-sans-serif,system-ui,sans-serif;fill:{theme.text};"
        f"text-anchor:middle}}.b{{font-weight:600}}.f{{fill:{theme.fresh}}}"
        f".tf{{fill:{theme.on_fresh}}}.l{{stroke:{theme.quiet};fill:none;stroke-width:1.5}}"
        f".x{{fill:none;stroke:{theme.stale};stroke-width:1.5;stroke-dasharray:4 3}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'width="{WIDTH}" height="{HEIGHT}">\n<title>From an edit to what runs</title>\n'
        f"<style>{style}</style>\n"
        f'<rect width="100%" height="100%" fill="{theme.background}"/>\n'
        + "\n".join(parts)
        + f'\n<text x="12" y="178" style="text-anchor:start;fill:{theme.quiet}">'
        "Dashed: what may still hold old code after an edit.</text>\n</svg>\n"
    )


DIAGRAMS = {f"way-{name}.svg": theme for name, theme in THEMES.items()}
