"""Makes the zip for `spark-submit --py-files`: with it a cluster needs only Spark and Delta.

It holds trailhound and the pure Python that the programs import, taken from the environment that
runs this. The same sources and environment give the same bytes.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

HOME = Path(__file__).resolve().parents[1]
PACKAGE = HOME / "trailhound"
CONTENT = HOME / "detections"
DATA = {".html", ".css", ".js"}
# What the programs import besides the standard library, Spark and Delta. The command line imports
# more; it is not what a cluster runs.
BUNDLED = ("PyYAML", "attrs", "cattrs", "typing_extensions")
# The zip format knows no earlier time.
EPOCH = (1980, 1, 1, 0, 0, 0)


def contents() -> dict[str, Path]:
    """Return what goes into the zip: the name there, and the file to take.

    Raises:
        PackageNotFoundError: the environment lacks a package of BUNDLED.
    """
    found = {name: HOME / name for name in ("LICENSE", "NOTICE")}
    for file in PACKAGE.rglob("*"):
        if file.suffix == ".py" or file.suffix in DATA:
            found[file.relative_to(HOME).as_posix()] = file
    for file in CONTENT.rglob("*.py"):
        found[(PACKAGE / file.relative_to(HOME)).relative_to(HOME).as_posix()] = file
    for package in BUNDLED:
        found.update(_bundled(package))
    return found


def _bundled(package: str) -> Iterator[tuple[str, Path]]:
    """The Python of a package and its licence: neither compiled parts nor what pip noted down."""
    installed = distribution(package)
    for file in installed.files or ():
        path = PurePosixPath(file)
        about = path.parts[0].endswith(".dist-info")
        is_code = path.suffix == ".py" and path.parts[0] != "_yaml"  # the face of the compiled part
        if is_code or (about and ("licenses" in path.parts or path.name == "METADATA")):
            yield path.as_posix(), Path(str(installed.locate_file(file)))


def write(archive: Path) -> None:
    """Write the zip; an archive that is there is replaced as a whole."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f".{archive.name}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as made:
        for name, file in sorted(contents().items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = 0o644 << 16
            made.writestr(entry, file.read_bytes())
    unfinished.replace(archive)


def main() -> int:
    """Write the zip that the command line names; 2 and one line where that cannot be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path, metavar="FILE", help="such as dist/trailhound.zip")
    archive = parser.parse_args().archive
    try:
        write(archive)
    except PackageNotFoundError as error:
        sys.stderr.write(f"trailhound: {error.name} is not installed; run make setup\n")
        return 2
    sys.stdout.write(f"{archive}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
