"""The Java archives that Spark lacks: pinned, fetched once at set-up, local ever after.

Spark ships all that Delta depends on, so two archives are enough. They are resolved by Spark's own
package resolution, which knows the mirrors and proxies of the machine; their bytes must match the
digests below.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from trailhound.errors import UserError

PINNED = {
    "io.delta:delta-spark_4.2_2.13:4.4.0": (
        "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead"
    ),
    "io.delta:delta-storage:4.4.0": (
        "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc"
    ),
}
# What Delta names as its dependencies and Spark already has on its class path.
SHIPPED_WITH_SPARK = (
    "org.*:*,com.*:*,javax.*:*,commons-*:*,io.airlift:*,io.unitycatalog:*,io.delta:delta-kernel*"
)


def directory() -> Path:
    """Return the folder of the local archives: beside the environment that holds trailhound."""
    named = os.environ.get("TRAILHOUND_JARS")
    return Path(named) if named else Path(sys.prefix) / "share" / "trailhound" / "jars"


def local() -> list[Path]:
    """Return the paths of the pinned archives, fetching those that are not there yet.

    Raises:
        UserError: the archives can be neither found nor fetched, or have other bytes than pinned.
    """
    paths = {_file_name(coordinate): digest for coordinate, digest in PINNED.items()}
    folder = directory()
    if not all((folder / name).is_file() for name in paths):
        _fetch(folder)
    return [folder / name for name in paths]


def _file_name(coordinate: str) -> str:
    group, artifact, version = coordinate.split(":")
    return f"{group}_{artifact}-{version}.jar"


def _fetch(folder: Path) -> None:
    import pyspark

    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    with tempfile.TemporaryDirectory() as scratch:
        nothing = Path(scratch) / "nothing.py"
        nothing.touch()
        command = [str(submit), "--conf", f"spark.jars.ivy={scratch}/ivy"]
        command += ["--packages", ",".join(PINNED), "--exclude-packages", SHIPPED_WITH_SPARK]
        resolved = subprocess.run([*command, str(nothing)], capture_output=True, text=True)
        if resolved.returncode:
            reasons = [
                line for line in resolved.stderr.splitlines() if "rror" in line or "!!" in line
            ]
            reason = reasons[-1].strip() if reasons else f"exit code {resolved.returncode}"
            raise UserError(f"cannot fetch the Delta archives with Spark's resolver: {reason}")
        folder.mkdir(parents=True, exist_ok=True)
        for coordinate, digest in PINNED.items():
            jar = Path(scratch) / "ivy" / "jars" / _file_name(coordinate)
            found = hashlib.sha256(jar.read_bytes()).hexdigest()
            if found != digest:
                raise UserError(f"{coordinate} has digest {found}, pinned is {digest}")
            # A rename within one folder: a set-up that is interrupted leaves no half an archive.
            shutil.copy(jar, folder / f".{jar.name}")
            (folder / f".{jar.name}").rename(folder / jar.name)


if __name__ == "__main__":
    try:
        local()
    except UserError as error:
        sys.exit(f"trailhound: {error}")
