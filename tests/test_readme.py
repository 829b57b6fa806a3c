"""The README says what is true: its tree is the real tree, its front matter and commands exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("omniactor", "demo", "benchmarks")


def tree():
    """Return the file tree as the README shows it: one line per Python file, from its docstring."""
    lines = []

    def add(path, indent):
        about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0].rstrip(".")
        name = " " * indent + (path.parent.name + "/" if path.name == "__init__.py" else path.name)
        lines.append(f"{name:28s}{about}")

    def walk(folder, indent):
        if (folder / "__init__.py").exists():
            add(folder / "__init__.py", indent)
        else:
            lines.append(" " * indent + folder.name + "/")
        for path in sorted(folder.glob("*.py")):
            if path.name != "__init__.py":
                add(path, indent + 2)
        for inner in sorted(p for p in folder.iterdir() if p.is_dir() and any(p.glob("*.py"))):
            walk(inner, indent + 2)

    add(ROOT / "app.py", 0)
    for folder in FOLDERS:
        walk(ROOT / folder, 0)
    return "\n".join(lines)


def test_the_file_tree_is_the_real_one():
    shown = re.search(r"## Files\n\n```\n(.*?)\n```", README, re.S).group(1)
    assert shown == tree(), f"put this into the README:\n{tree()}"


def test_the_front_matter_makes_a_space_of_this_tree():
    front = dict(re.findall(r"^(\w+): (.+)$", README.split("---")[1], re.M))
    pins = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==([\d.]+)$", (ROOT / "requirements.txt").read_text(), re.M))
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pins["gradio"]
    assert (ROOT / front["app_file"]).is_file()


def test_every_make_target_and_command_of_the_readme_exists():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"\bmake ([\w-]+)", README)) <= targets
    from omniactor.cli import _parser

    known = set(_parser()._subparsers._group_actions[0].choices)
    assert set(re.findall(r"^omniactor ([\w-]+)", README, re.M)) <= known


def test_every_picture_of_the_readme_is_there_and_small():
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).stat().st_size < 3_000_000


def test_the_pins_are_those_that_doctor_expects():
    from omniactor.doctor import EXPECTED
    from omniactor.sim.tasks import HF_LIBERO

    text = (ROOT / "requirements.txt").read_text()
    assert HF_LIBERO in text
    for package, version in EXPECTED.items():
        assert f"{package}=={version}" in text
