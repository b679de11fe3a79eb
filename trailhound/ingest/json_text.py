"""JSON values inside a long text that may be damaged, found without reading any of it too often."""

import json
import re
from typing import Any

from trailhound.engine.exact_json import DECODER

# A mark of UTF-8 too: it stands where files that begin with one were put together.
BLANK = " \t\r\n\f\v\ufeff"
_BLANK = re.compile(f"[{BLANK}]*")
_COLON = re.compile(f"[{BLANK}]*:[{BLANK}]*")
_COMMA = re.compile(f"[{BLANK}]*,?[{BLANK}]*")
_LINE_WITH_DOCUMENT = re.compile(r"^[ \t\r\ufeff]*(?=[{\[])", re.MULTILINE)
_GOES_ON = re.compile(rf"(?:[,:]|:[{BLANK}]*\[|\A\[)[{BLANK}]*\Z")
_LONG_LINE = 64 * 1024
_FIRST_LOOK = 4 * 1024
# No error is further than this before the place where a value was cut, save in a string.
_LONGEST_TOKEN = 16


class Text:
    """A text to read JSON values from, at positions that only go forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._line, self._counted = 1, 0

    def __len__(self) -> int:
        return len(self.text)

    def value(self, position: int) -> tuple[Any, int]:
        """Return the value that begins at a position, and where it ends.

        Looks at the line first, then at more and more: an error costs the decoder a look at all
        that is before it, which in a file full of errors would never end.

        Raises:
            json.JSONDecodeError: there is none.
            RecursionError: it is nested too deeply.
        """
        line_end = self.text.find("\n", position, position + _LONG_LINE)
        end = line_end if line_end >= 0 else position + _FIRST_LOOK
        while True:
            part = self.text[position:end]
            try:
                value, length = DECODER.raw_decode(part)
                return value, position + length
            except json.JSONDecodeError as error:
                near_end = error.pos > len(part) - _LONGEST_TOKEN
                is_cut = near_end or error.msg.startswith("Unterminated")
                if end >= len(self.text) or not is_cut:
                    raise
            end = position + max(4 * len(part), _FIRST_LOOK)

    def value_or_none(self, position: int) -> Any:
        """Return the value that begins at a position; None if there is none."""
        try:
            return self.value(position)[0]
        except (ValueError, RecursionError):
            return None

    def line(self, position: int) -> int:
        """Return the line of a position, from 1."""
        self._line += self.text.count("\n", self._counted, position)
        self._counted = max(self._counted, position)
        return self._line

    def after_blank(self, position: int) -> int:
        """Return where the white space at a position ends."""
        return self._after(_BLANK, position)

    def after_comma(self, position: int) -> int:
        """Return where the white space at a position ends, with a comma in it or not."""
        return self._after(_COMMA, position)

    def next_document(self, position: int) -> int | None:
        """Return where the next line begins that may hold a document, none inside this one."""
        before = self.text[self.text.rfind("\n", 0, position) + 1 : position]
        indent = 0 if before.strip(BLANK) else len(before)
        for found in _LINE_WITH_DOCUMENT.finditer(self.text, position + 1):
            if len(found[0]) <= indent:
                return found.end()
        return None

    def goes_on(self, start: int, position: int) -> bool:
        """Return whether a document that began at `start` asks for more just before a position."""
        return _GOES_ON.search(self.text[max(start, position - 100) : position]) is not None

    def list_in(self, position: int, keys: tuple[str, ...]) -> tuple[str | None, int] | None:
        """Return the list that a damaged document is, or holds under one of the keys.

        Out: its key (None for a bare list) and where its elements begin; None without a list.
        """
        try:
            if self.text[position] == "[":
                return None, position + 1
            if self.text[position] != "{":
                return None
            while True:
                key, end = self.value(self.after_blank(position + 1))
                colon = _COLON.match(self.text, end)
                if not isinstance(key, str) or colon is None:
                    return None
                if key in keys and self.text[colon.end()] == "[":
                    return key, colon.end() + 1
                _, end = self.value(colon.end())
                position = self.after_blank(end)
                if self.text[position] != ",":
                    return None
        except (ValueError, RecursionError, IndexError):
            return None

    def _after(self, pattern: re.Pattern[str], position: int) -> int:
        match = pattern.match(self.text, position)
        return match.end() if match else position
