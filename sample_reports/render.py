"""Render the sample reports anew from the committed snapshot of the demo.

python sample_reports/render.py            # writes one of each format beside this file
python sample_reports/render.py --snapshot # takes a new snapshot of the demo first (about two minutes)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SNAPSHOT = HERE / "shop.pgtune"
FILES = {
    "report.html": "html",
    "report.json": "json",
    "report.md": "markdown",
    "report.txt": "terminal",
    "indexes.sql": "sql",
    "report.sarif": "sarif",
    "junit.xml": "junit",
    "gitlab.json": "gitlab",
    "github.txt": "github",
}


def pgtune(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pgtune_cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def render(folder: Path) -> None:
    """Analyse the snapshot; every file of FILES is written to `folder`."""
    outputs = [argument for name in FILES for argument in ("-o", f"{FILES[name]}={folder / name}")]
    pgtune("analyze", str(SNAPSHOT), "-q", *outputs)


def main() -> None:
    if "--snapshot" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            pgtune("demo", "-o", folder)
            SNAPSHOT.write_bytes((Path(folder) / "shop.pgtune").read_bytes())
    render(HERE)


if __name__ == "__main__":
    main()
