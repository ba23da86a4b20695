"""Collects the app's texts into the catalogues: `python -m dash_app.languages`.

New texts are added empty and texts that are gone are taken out; `--check` changes nothing and fails when a catalogue is
not as it would become, or has an empty text. Translate by editing the `.po` file.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE: Final = Path(__file__).parent
KEYWORDS: Final = {"_": None, "marked": None, "_n": (1, 2), "marked_n": (1, 2)}

_HEADER: Final = r"""# The app's texts; see dash_app/languages/__main__.py.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plural_forms}\n"

"""


def collected(folder: Path) -> Catalog:
    """Every text of the Python files below `folder`, with the files it stands in."""
    catalogue = Catalog()
    found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords=KEYWORDS)
    for path, _line, message, _comments, _context in found:
        catalogue.add(message, locations=[(path, 0)])
    return catalogue


def updated(catalogue: Catalog, texts: Catalog) -> Catalog:
    """A catalogue with exactly these texts and the translations it has of them."""
    new = Catalog(locale=catalogue.locale)
    for text in texts:
        if text.id:
            known = catalogue.get(text.id)
            new.add(text.id, known.string if known is not None else "", locations=text.locations)
    return new


def read(path: Path) -> Catalog:
    """A catalogue from its file, which is named after its language."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def written(catalogue: Catalog) -> bytes:
    """The catalogue as its file holds it: sorted, without line numbers and dates, so that only texts change it."""
    file = io.BytesIO()
    write_po(file, catalogue, sort_output=True, include_lineno=False, omit_header=True, width=116)
    return _HEADER.format(plural_forms=catalogue.plural_forms).encode() + file.getvalue()


def empty(catalogue: Catalog) -> list[Message]:
    """Texts without a translation, or with one only for some of their numbers."""
    return [text for text in catalogue if text.id and not (text.string and all(text.string))]


def main(check: bool) -> int:
    """Updates or checks every catalogue; returns the exit status."""
    texts, status = collected(HERE.parent), 0
    for path in sorted(HERE.glob("*.po")):
        catalogue = updated(read(path), texts)
        stale, missing = path.read_bytes() != written(catalogue), empty(catalogue)
        sys.stdout.write(f"{path.name}: {len(catalogue)} texts, {len(missing)} to translate\n")
        status |= check and (stale or bool(missing))
        if stale and not check:
            path.write_bytes(written(catalogue))
    return int(status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is to be done")
    sys.exit(main(parser.parse_args().check))
