"""`copier update`: what the owner edited or deleted stays so, the rest becomes that of a new render."""

import shutil
from pathlib import Path

import copier
import pytest
from quality.combinations import Everything
from support.render import render, template_without_git
from support.world import World

CLI = Everything("hatchling", "src", "cli", extras=("dependabot",))


def committed(world: World, folder: Path, tag: str | None = None) -> None:
    if not (folder / ".git").exists():
        world.run("git", "-C", str(folder), "init", "--quiet")
    world.run("git", "-C", str(folder), "add", "--all")
    world.run("git", "-C", str(folder), "commit", "--quiet", "--allow-empty", "--message", "x")
    if tag:
        world.run("git", "-C", str(folder), "tag", tag)


@pytest.mark.slow
def test_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, CLI)
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    template = tmp_path / "template"
    shutil.copytree(template_without_git(), template)
    committed(world, template, "v1.0.0")
    project = tmp_path / "project"
    copier.run_copy(str(template), project, data=CLI.answers, defaults=True, quiet=True)
    committed(world, project)

    (project / "src/demo_app/commands/hello.py").unlink()
    (project / "tests/test_cli.py").unlink()
    (project / "CITATION.cff").unlink()
    (project / "README.md").write_text("# Mine\n", encoding="utf-8")
    committed(world, project)
    makefile = template / "template" / "Makefile"
    makefile.write_text(makefile.read_text() + "# newer\n", encoding="utf-8")
    committed(world, template, "v1.1.0")
    copier.run_update(str(project), defaults=True, overwrite=True, quiet=True)

    changed = world.run("git", "-C", str(project), "status", "--porcelain").stdout.splitlines()
    assert changed == [" M .copier-answers.yml", " M Makefile"]
    assert (project / "README.md").read_text(encoding="utf-8") == "# Mine\n"
    fresh = render(tmp_path / "fresh", CLI.answers)
    assert (project / "noxfile.py").read_bytes() == (fresh / "noxfile.py").read_bytes()
    assert (project / "Makefile").read_text().endswith("# newer\n")
