"""Unsafe or careless constructs stay out of the package and the app; each rule is proved by a planted case."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLS = {
    "pickle.load", "pickle.loads", "torch.load", "eval", "exec", "yaml.load", "os.system", "marshal.loads", "gr.load",
}  # fmt: skip
PICTURES = ROOT / "omniactor" / "gui" / "images.py"  # the only place where files become pixels
KEYWORDS = {("allow_pickle", True), ("shell", True), ("trust_remote_code", True), ("share", True)}


def offences(source):
    """Return what is wrong with a piece of code, as (line, reason)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            bare = node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
            silent = (
                isinstance(node.type, ast.Name)
                and node.type.id == "Exception"
                and all(isinstance(s, ast.Pass) for s in node.body)
            )
            if bare or silent:
                found.append((node.lineno, "an except that swallows everything"))
        if isinstance(node, ast.Call):
            if ast.unparse(node.func) in CALLS:
                found.append((node.lineno, f"call of {ast.unparse(node.func)}"))
            for keyword in node.keywords:
                if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in KEYWORDS:
                    found.append((node.lineno, f"{keyword.arg}={keyword.value.value}"))
        if (
            isinstance(node, ast.Assign)
            and "MAX_IMAGE_PIXELS" in ast.unparse(node.targets[0])
            and ast.unparse(node.value) == "None"
        ):
            found.append((node.lineno, "no limit on image size"))
    return found


def picture_offences(source):
    """Return where a piece of code opens a picture itself instead of asking `omniactor.gui.images`."""
    opens = ("Image.open", "PIL.Image.open", "imageio.imread", "cv2.imread", "cv2.imdecode")
    found = [
        (node.lineno, f"call of {ast.unparse(node.func)}")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in opens
    ]
    if "LOAD_TRUNCATED_IMAGES" in source:
        found.append((0, "pictures cut short are taken for whole ones"))
    return found


@pytest.mark.parametrize("folder", ["omniactor", "demo"])
def test_pictures_are_opened_in_one_place_only(folder):
    found = {str(p.relative_to(ROOT)): picture_offences(p.read_text()) for p in (ROOT / folder).rglob("*.py") if p != PICTURES}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "planted", ["Image.open(f)", "PIL.Image.open(f)", "cv2.imread(p)", "ImageFile.LOAD_TRUNCATED_IMAGES = True"]
)
def test_each_way_around_it_is_caught(planted):
    assert picture_offences(planted)


@pytest.mark.parametrize("folder", ["omniactor", "demo"])
def test_nothing_forbidden_is_in_the_code(folder):
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in (ROOT / folder).rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_the_package_never_imports_the_app_or_gradio():
    for path in (ROOT / "omniactor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not [name for name in names if name.split(".")[0] in ("gradio", "demo")], path


@pytest.mark.parametrize(
    "planted",
    ["pickle.loads(x)", "torch.load(f)", "eval(s)", "np.load(f, allow_pickle=True)", "subprocess.run(c, shell=True)",
     "try:\n  f()\nexcept:\n  pass", "try:\n  f()\nexcept Exception:\n  pass", "Image.MAX_IMAGE_PIXELS = None",
     "demo.launch(share=True)", "AutoModel.from_pretrained(r, trust_remote_code=True)"],
)  # fmt: skip
def test_each_rule_catches_a_planted_case(planted):
    assert offences(planted)
