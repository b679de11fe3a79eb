"""Small files on whatever file system Spark reads: the ends of checkpoints and logs."""

import uuid
from datetime import datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from trailhound.times import from_micros


class Folder:
    """A folder on any file system that Spark knows."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm: Any = spark._jvm
        self._jvm = jvm
        self._path = self._jvm.org.apache.hadoop.fs.Path(path)
        configuration = spark._jsc.hadoopConfiguration()
        self._files = self._path.getFileSystem(configuration)

    def names(self) -> list[str]:
        """Return the names of what lies in the folder; none if it is not there."""
        try:
            found = self._files.listStatus(self._path)
        except Py4JJavaError as error:
            if error.java_exception.getClass().getSimpleName() == "FileNotFoundException":
                return []
            raise
        return sorted(status.getPath().getName() for status in found)

    def written_at(self, name: str) -> datetime:
        """Return when a file was written, by the clock of its file system."""
        path = self._jvm.org.apache.hadoop.fs.Path(self._path, name)
        return from_micros(self._files.getFileStatus(path).getModificationTime() * 1000)

    def text(self, name: str) -> str:
        """Return the text of a file."""
        stream = self._files.open(self._jvm.org.apache.hadoop.fs.Path(self._path, name))
        try:
            content: str = self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
            return content
        finally:
            stream.close()

    def write(self, name: str, text: str) -> None:
        """Write a file that is not there yet: whole, or not at all."""
        path = self._jvm.org.apache.hadoop.fs.Path
        unfinished = path(self._path, f".{name}.{uuid.uuid4()}")
        stream = self._files.create(unfinished)
        try:
            stream.write(text.encode())
        finally:
            stream.close()
        if not self._files.rename(unfinished, path(self._path, name)):
            raise FileExistsError(f"{self._path}/{name}")
