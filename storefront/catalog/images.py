"""Product images: whatever is sent is decoded and encoded anew, so nothing of the file itself, no metadata and no trailing data, is shown.

Formats, pixels and bytes are bounded before anything is decoded. Decoding takes a thread each, DECODERS at once; more than WAITING_MAX
that wait are turned away as BUSY, since each that waits has a database connection.
"""

import asyncio
import io
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from PIL import Image, ImageOps

from storefront.catalog import goods
from storefront.catalog.cards import ImageRef, images_of
from storefront.errors import Refusal, ShopError
from storefront.http import IMAGE_BODY_MAX
from storefront.work import Work

FORMATS = ("PNG", "JPEG", "WEBP")
PIXELS_MAX = 40_000_000
SIDE_MIN = 16
LARGE_SIDE, SMALL_SIDE = 1600, 480
LARGE_BYTES_MAX = 1024 * 1024
IMAGES_MAX = 8  # of a product
DECODERS = 2
WAITING_MAX = 4
_QUALITIES = (82, 70, 55, 35, 15)

Image.MAX_IMAGE_PIXELS = PIXELS_MAX
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
_threads = ThreadPoolExecutor(DECODERS, thread_name_prefix="images")
_waiting: set[asyncio.Future] = set()


class Encoded(NamedTuple):
    """WebP; width and height are the large one's."""

    large: bytes
    small: bytes
    width: int
    height: int


def encode(body: bytes) -> Encoded:
    """The file as the two WebP images that are shown, upright and without metadata. Raises BAD_IMAGE."""
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            if image.width * image.height > PIXELS_MAX or min(image.size) < SIDE_MIN:
                raise ShopError(Refusal.BAD_IMAGE)
            image.draft("RGB", (LARGE_SIDE, LARGE_SIDE))  # a JPEG is decoded at half or a quarter where that is enough
            large = _upright(image, LARGE_SIDE)
    except ShopError:
        raise
    except Exception as error:  # noqa: BLE001 (a decoder fed with a hostile file raises whatever it likes)
        raise ShopError(Refusal.BAD_IMAGE) from error
    small = large.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return Encoded(_webp(large), _webp(small), *large.size)


def _upright(image: Image.Image, side: int) -> Image.Image:
    """The first frame, turned as its EXIF says, no longer than `side`, with nothing but pixels."""
    transparent = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    plain = image if image.mode == mode else image.convert(mode)
    plain.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    plain = ImageOps.exif_transpose(plain)
    plain.info = {}
    return plain


def _webp(image: Image.Image) -> bytes:
    for quality in _QUALITIES:
        out = io.BytesIO()
        image.save(out, "WEBP", quality=quality, method=4)
        if out.tell() <= LARGE_BYTES_MAX:
            break
    return out.getvalue()


async def add_image(work: Work, product_id: uuid.UUID, body: bytes, alt: str) -> ImageRef:
    """Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND, TOO_LARGE, BAD_IMAGE, TOO_MANY, BUSY."""
    await goods.owned(work, product_id)
    if len(body) > IMAGE_BODY_MAX:
        raise ShopError(Refusal.TOO_LARGE)
    encoded = await _in_a_thread(body)
    await goods.lock(work.db, product_id)
    count, last = await work.db.fetchrow("SELECT count(*), max(position) FROM shop_images WHERE product_id = $1", product_id)
    if count >= IMAGES_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A product has at most {IMAGES_MAX} images.")
    image_id = uuid.uuid4()
    await work.db.execute(
        """INSERT INTO shop_images (image_id, product_id, position, alt, width, height, large, small)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        image_id, product_id, 0 if last is None else last + 1, alt, encoded.width, encoded.height, encoded.large, encoded.small,
    )  # fmt: skip
    return ImageRef(image_id, alt, encoded.width, encoded.height)


async def _in_a_thread(body: bytes) -> Encoded:
    if len(_waiting) >= DECODERS + WAITING_MAX:
        raise ShopError(Refusal.BUSY)
    task = asyncio.get_running_loop().run_in_executor(_threads, encode, body)
    _waiting.add(task)
    task.add_done_callback(_waiting.discard)
    return await task


async def remove_image(work: Work, image_id: uuid.UUID) -> None:
    """Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND."""
    product_id = await work.db.fetchval("SELECT product_id FROM shop_images WHERE image_id = $1", image_id)
    await goods.owned(work, product_id)
    await work.db.execute("DELETE FROM shop_images WHERE image_id = $1", image_id)


async def order_images(work: Work, product_id: uuid.UUID, image_ids: list[uuid.UUID]) -> list[ImageRef]:
    """Show them in this order; all of the product's must be named, once. Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND, INVALID_REQUEST."""
    await goods.owned(work, product_id)
    await goods.lock(work.db, product_id)
    rows = await work.db.fetch("SELECT image_id FROM shop_images WHERE product_id = $1", product_id)
    if sorted(image_ids) != sorted(row["image_id"] for row in rows):
        raise ShopError(Refusal.INVALID_REQUEST, "Name each image of the product once.")
    await work.db.execute(
        """UPDATE shop_images SET position = place - 1 FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (image_id, place)
           WHERE shop_images.image_id = wanted.image_id""",
        image_ids,
    )
    shown = await images_of(work.db, image_ids)
    return [shown[image_id] for image_id in image_ids]


async def image_bytes(work: Work, image_id: uuid.UUID, size: str) -> bytes:
    """WebP. Raises NOT_FOUND."""
    column = {"large": "large", "small": "small"}.get(size)
    body = column and await work.db.fetchval(f"SELECT {column} FROM shop_images WHERE image_id = $1", image_id)
    if not body:
        raise ShopError(Refusal.NOT_FOUND)
    return body
