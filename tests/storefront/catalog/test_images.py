"""Images: only pixels of allowed formats and sizes come through, upright, small, and served for ever."""

import asyncio
import io
import struct
import uuid
import zlib

import pytest
from PIL import Image

from storefront.catalog.images import IMAGES_MAX, LARGE_BYTES_MAX, LARGE_SIDE, SMALL_SIDE, encode
from storefront.errors import Refusal, ShopError

ORIENTATION, GPS = 0x0112, 0x8825
SECRET = b"52 degrees north"


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48), form: str = "PNG", **options) -> bytes:
    """Left half one colour, right half another."""
    image = Image.new(mode, size)
    image.paste({"RGB": (255, 0, 0), "RGBA": (255, 0, 0, 128), "CMYK": (0, 255, 255, 0)}.get(mode, 200), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def shown(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    assert image.format == "WEBP"
    return image


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with almost no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_large_and_small_are_bounded_and_keep_their_shape():
    encoded = encode(picture(size=(3200, 1600), form="JPEG"))
    assert (encoded.width, encoded.height) == (LARGE_SIDE, LARGE_SIDE // 2) == shown(encoded.large).size
    assert shown(encoded.small).size == (SMALL_SIDE, SMALL_SIDE // 2)
    assert encode(picture(size=(64, 48)))[2:] == (64, 48)  # nothing is blown up


def test_noise_fits_too():
    noise = Image.effect_noise((1600, 1600), 200)
    out = io.BytesIO()
    Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180))).save(out, "JPEG", quality=95)
    assert len(encode(out.getvalue()).large) <= LARGE_BYTES_MAX


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_gone_and_the_picture_upright(form):
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned by a quarter
    exif[GPS] = {29: SECRET.decode()}
    file = picture(size=(64, 32), form=form, exif=exif, icc_profile=b"profile" * 20)
    assert SECRET in file
    encoded = encode(file + SECRET)
    image = shown(encoded.large)
    assert image.size == (32, 64) and not dict(image.getexif()) and "icc_profile" not in image.info
    assert SECRET not in encoded.large + encoded.small
    top, bottom = image.convert("RGB").getpixel((16, 8)), image.convert("RGB").getpixel((16, 56))
    assert top[0] > 200 and bottom[0] < 60


@pytest.mark.parametrize(("mode", "form"), [
    ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("CMYK", "JPEG"),
    ("L", "JPEG"),
])  # fmt: skip
def test_every_kind_of_pixel_is_shown(mode, form):
    encoded = encode(picture(mode, form=form))
    assert shown(encoded.large).size == (64, 48)
    assert (shown(encoded.large).mode == "RGBA") == (mode in ("RGBA", "LA"))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("body", [
    b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", picture(form="GIF"), picture(form="TIFF"), picture(form="BMP"),
    picture(size=(600, 600))[:-200], png_of(40_000, 40_000), png_of(6400, 6400), png_of(2**31 - 1, 2**31 - 1), png_of(100, 100),
    picture(size=(8, 8)), picture(form="JPEG")[:100],
], ids=range(13))  # fmt: skip
def test_what_is_no_image_or_too_large_is_refused(body):
    with pytest.raises(ShopError) as refused:
        encode(body)
    assert refused.value.refusal is Refusal.BAD_IMAGE


def images_of(product) -> str:
    return f"/shop/seller/products/{product.product_id}/images"


PNG = {"content-type": "image/png"}


async def test_an_image_is_uploaded_shown_ordered_and_removed(world):
    seller = await world.seller()
    product = await world.product(seller)
    async with world.client(seller) as client:
        refs = []
        for n in range(3):
            answer = await client.post(images_of(product), params={"alt": f"side {n}"}, content=picture(size=(64 + n, 48)), headers=PNG)
            assert answer.status_code == 201, answer.text
            refs.append(answer.json())
        assert [(ref["alt"], ref["width"], ref["height"]) for ref in refs] == [(f"side {n}", 64 + n, 48) for n in range(3)]
        order = [refs[2]["id"], refs[0]["id"], refs[1]["id"]]
        assert [ref["id"] for ref in (await client.put(images_of(product), json={"order": order})).json()["items"]] == order
        for wrong in (order[:2], [*order, order[0]], [*order[:2], str(uuid.uuid4())]):
            assert (await client.put(images_of(product), json={"order": wrong})).json()["code"] == "INVALID_REQUEST"
        assert (await client.delete(f"/shop/seller/images/{order[0]}")).json() == {}
    async with world.client() as client:
        page = (await client.get(f"/shop/products/{product.slug}")).json()
        assert [ref["id"] for ref in page["images"]] == order[1:] and page["image"]["id"] == order[1]
        for size in ("small", "large"):
            answer = await client.get(f"/shop/images/{order[1]}/{size}")
            assert answer.headers["content-type"] == "image/webp" and shown(answer.content).size == (64, 48)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            again = await client.get(f"/shop/images/{order[1]}/{size}", headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        for path in (f"{order[0]}/large", f"{order[1]}/huge", f"{uuid.uuid4()}/small", "x/small"):
            assert (await client.get(f"/shop/images/{path}")).json()["code"] == "NOT_FOUND"


async def test_uploads_out_of_bounds_are_refused(world):
    seller = await world.seller()
    product = await world.product(seller)
    async with world.client(seller) as client:
        for content, headers, code in (
            (b"no image", PNG, "BAD_IMAGE"), (picture(), {"content-type": "application/json"}, "BAD_IMAGE"),
            (png_of(9000, 9000), PNG, "BAD_IMAGE"), (b"\x89PNG" + bytes(8 * 1024 * 1024), PNG, "TOO_LARGE"), (b"", PNG, "BAD_IMAGE"),
        ):  # fmt: skip
            answer = await client.post(images_of(product), content=content, headers=headers)
            assert answer.json()["code"] == code
        answer = await client.post(images_of(product), params={"alt": "x" * 201}, content=picture(), headers=PNG)
        assert answer.json()["code"] == "INVALID_REQUEST"
    assert await world.pool.fetchval("SELECT count(*) FROM shop_images") == 0


async def test_of_many_uploads_at_once_no_more_are_kept_than_may_be(world):
    seller = await world.seller()
    product = await world.product(seller)
    async with world.client(seller) as client:
        answers = await asyncio.gather(*(client.post(images_of(product), content=picture(), headers=PNG) for _ in range(IMAGES_MAX + 2)))
    kept = await world.pool.fetch("SELECT position FROM shop_images ORDER BY position")
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert [row["position"] for row in kept] == list(range(len(kept))) and len(kept) == sum(answer.status_code == 201 for answer in answers)
    assert len(kept) <= IMAGES_MAX and refused <= {"TOO_MANY", "BUSY"} and refused
