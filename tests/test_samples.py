"""sample_reports/ is what the code renders today, byte for byte."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "sample_reports"


def renderer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render_samples", FOLDER / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    renderer().render(folder)
    return folder


@pytest.mark.parametrize("name", renderer().FILES)
def test_the_sample_is_rendered_from_the_committed_snapshot(name: str, rendered: Path) -> None:
    assert (rendered / name).read_text(encoding="utf-8") == (FOLDER / name).read_text(encoding="utf-8")
