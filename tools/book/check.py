"""Looks at a book that mdBook has built: check.py FOLDER, where its src/ and book/ are.

Every page of src/ is there as HTML, no include is left as it was written, and every link and picture
leads to a file, and to a heading in it if it names one.
"""

import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    """What a page leads to, and what may be led to in it."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif (tag, name) in [("a", "href"), ("img", "src")] and value:
                self.targets.append(value)


def main():
    folder = pathlib.Path(sys.argv[1])
    book = folder / "book"
    sources = sorted((folder / "src").glob("*.md"))
    names = [source.stem for source in sources if source.stem != "SUMMARY"]
    assert len(names) > 15, f"expected the pages of the book, came {names}"
    pages = {}
    for path in sorted(book.glob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert "{{#" not in text, f"{path}: an include was not taken in"
        pages[path.resolve()] = Page(text)
    faults, links = [f"{name}.html is missing" for name in names if not (book / f"{name}.html").is_file()], 0
    for path, page in pages.items():
        if path.stem not in names:
            continue
        for target in page.targets:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme:
                continue
            links += 1
            at = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[at].anchors if at in pages else set()
            # Lines of a source are meant for who reads the book where its sources are.
            named = parts.fragment if at.suffix == ".html" else ""
            if not at.exists() or (named and named not in anchors):
                faults.append(f"{path.name}: `{target}` leads nowhere")
    if faults:
        sys.exit("\n".join(faults))
    print(f"book: {len(names)} pages, {links} links")


main()
