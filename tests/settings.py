"""The settings that the repository gives for clusters, for little data on this machine."""

from pathlib import Path

from processes import ROOT

from trailhound.runtime import jars

# Java that lives for a minute is done before its second compiler and its second collector pay.
# With one compiler Java keeps a fifth of the usual room for code; full, it fails in odd places.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
_HERE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": SHORT_LIVED,
    "spark.executor.extraJavaOptions": SHORT_LIVED,
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
}


def write(file: Path, **more: str) -> Path:
    """Write conf/spark-defaults.conf with the archives that are here, and settings on top.

    `more` are settings of executors, such as memory="1g".
    """
    given = (ROOT / "conf" / "spark-defaults.conf").read_text().splitlines()
    lines = [line for line in given if not line.startswith("spark.jars")]
    settings = _HERE | {f"spark.executor.{name}": value for name, value in more.items()}
    settings["spark.jars"] = ",".join(str(path) for path in jars.local())
    lines += [f"{name} {value}" for name, value in settings.items()]
    file.write_text("\n".join(lines) + "\n")
    return file
