"""Citations: files, sections and decisions that docstrings, comments and Markdown name are in the
repository.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "benchmarks", "data/starter", "docs", "engine", "pages", "tests")
TOLD = re.compile(r'"""(.*?)"""|#(.*?)$', re.DOTALL | re.MULTILINE)
OURS = re.compile(
    r"(?<![\w./-])((?:app|benchmarks|data|docs|engine|pages|tests)/[\w./-]*\w\.(?:py|md|toml|jsonl?|js|yaml)(?:\.gz)?)\b"
)
NOTE = re.compile(r"(?<![\w./…-])([\w-]+\.md)\b")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)")
SECTION = re.compile(
    r"docs/method\.md,\s+sections?\s+(\d+(?:\.\d+)?)(?:\s+(?:to|and)\s+(\d+(?:\.\d+)?))?"
)
DECISION = re.compile(r'docs/decisions\.md,?\s+"([^"]+)"')


def prose(path: Path) -> str:
    """Docstrings and comments of a Python file, all of a Markdown one."""
    text = path.read_text(encoding="utf-8")
    return (
        text if path.suffix == ".md" else "\n".join("".join(parts) for parts in TOLD.findall(text))
    )


def every_text() -> list[tuple[Path, str]]:
    found = [
        *ROOT.glob("*.md"),
        *(
            path
            for room in ROOMS
            for kind in ("*.py", "*.md")
            for path in (ROOT / room).rglob(kind)
        ),
    ]
    assert len(found) > 100
    return [(path, prose(path)) for path in sorted(found)]


def missing_files(path: Path, text: str) -> list[str]:
    cited = [(name, (ROOT,)) for name in OURS.findall(text)] + [
        (name, (ROOT, path.parent)) for name in NOTE.findall(text)
    ]
    if path.suffix == ".md":
        cited += [(name, (path.parent,)) for name in LINK.findall(text)]
    return sorted(
        {
            f"{path}: {name}"
            for name, folders in cited
            if not any((folder / name).exists() for folder in folders)
        }
    )


def headings(name: str) -> set[str]:
    return set(
        re.findall(r"^#+ (.+?)\s*$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_every_file_that_is_cited_exists():
    assert [gone for path, text in every_text() for gone in missing_files(path, text)] == []


def test_every_section_and_decision_that_is_cited_is_a_heading():
    numbers, titles = (
        {h.split()[0].rstrip(".") for h in headings("docs/method.md")},
        headings("docs/decisions.md"),
    )
    cited = [
        (path, number)
        for path, text in every_text()
        for pair in SECTION.findall(text)
        for number in pair
        if number
    ]
    assert len(cited) > 40
    assert [(path, number) for path, number in cited if number not in numbers] == []
    named = [
        (path, " ".join(title.split()))
        for path, text in every_text()
        for title in DECISION.findall(text)
    ]
    assert named
    assert [(path, title) for path, title in named if title not in titles] == []


@pytest.mark.parametrize(
    "text", ["docs/none.md", "engine/none.py", "see none.md section 8", "[a](none.png)"]
)
def test_a_citation_of_nothing_is_found(text):
    assert missing_files(ROOT / "README.md", text)
