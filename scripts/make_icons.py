"""Draw the app's PNG icons: `python scripts/make_icons.py`. Only needed when the drawing changes.

The same two rings as chalicelib/web/icon.svg, by distance to their centre lines, smoothed over one
pixel. PNG by hand (RFC 2083): grey, 8 bits, one zlib stream.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "chalicelib" / "web"
INK = 0xE6
# Centre x, centre y, radius in a square of 512; the stroke is 22 wide.
RINGS = ((152, 310, 57), (330, 256, 111))
STROKE = 22
# A maskable icon may be cut to a circle of 80% of its width: the drawing shrinks towards the middle.
SIZES = {"icon-180": (180, 1.0), "icon-192": (192, 1.0), "icon-512": (512, 1.0), "icon-maskable": (512, 0.72)}
MIDDLE = (251, 256)


def grey(x: float, y: float, pixel: float) -> int:
    """The shade at a point of the 512 square; `pixel` is one pixel's width in it."""
    distance = min(abs(math.hypot(x - cx, y - cy) - r) for cx, cy, r in RINGS) - STROKE / 2
    return round(INK * min(1.0, max(0.0, 0.5 - distance / pixel)))


def draw(size: int, shrink: float) -> bytes:
    """The icon as PNG bytes."""
    pixel = 512 / size / shrink
    rows = bytearray()
    for row in range(size):
        rows.append(0)  # filter type: none
        y = MIDDLE[1] + (row + 0.5 - size / 2) * pixel
        rows.extend(grey(MIDDLE[0] + (column + 0.5 - size / 2) * pixel, y, pixel) for column in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    for name, (size, shrink) in SIZES.items():
        (WEB / f"{name}.png").write_bytes(draw(size, shrink))
