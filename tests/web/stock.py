"""A shop to look at, stocked through its own API: people who sign up, a seller with shipping and goods, pictures, categories."""

import io
import subprocess
import sys
import uuid

import httpx
from PIL import Image, ImageDraw

from tests.cryptoshop.processes import Serve

PASSWORD = "a sentence is a good password"
PICTURE_SIZE = 640


class Person:
    """Somebody signed in, with the API at hand. Raises AssertionError for whatever is not done."""

    def __init__(self, venue: Serve, email: str, password: str = PASSWORD, *, new: bool = True) -> None:
        self.email, self.password = email, password
        self._http = httpx.Client(base_url=venue.rest_url, timeout=30, headers={"Accept": "application/json"})
        self._enter("/account/signup" if new else "/account/login")

    def _enter(self, path: str) -> None:
        self.csrf = ""
        self.call("POST", path, {"email": self.email, "password": self.password})
        me = self.call("GET", "/account/me")
        self.csrf = me["csrf"]

    def call(self, method: str, path: str, body: object = None, **more) -> dict:
        headers = {"X-CSRF-Token": self.csrf}
        if method == "POST" and path.startswith("/shop"):
            headers["Idempotency-Key"] = str(uuid.uuid4())
        answer = self._http.request(method, path, json=body, headers=headers, **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def upload(self, path: str, png: bytes) -> dict:
        headers = {"X-CSRF-Token": self.csrf, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "image/png"}
        answer = self._http.post(path, content=png, headers=headers)
        assert answer.status_code == 201, answer.text[:500]
        return answer.json()

    def close(self) -> None:
        self._http.close()


def administrator(venue: Serve, email: str = "root@example.com") -> Person:
    command = [sys.executable, "-m", "cryptoshop.cli", "admin", "--data-dir", str(venue.data_dir), "create-admin", email]
    done = subprocess.run([*command, "--password-stdin"], input=PASSWORD + "\n", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Person(venue, email, new=False)


def picture(colour: str, shape: int) -> bytes:
    """A PNG that is told apart from its neighbours: one of three shapes on its colour."""
    image = Image.new("RGB", (PICTURE_SIZE, PICTURE_SIZE), colour)
    pen, box = ImageDraw.Draw(image), (160, 160, 480, 480)
    (pen.ellipse, pen.rectangle, lambda at, fill: pen.regular_polygon((320, 330, 200), 3, fill=fill))[shape % 3](box, fill="#f4efe6")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


GOODS = [
    # title, category, asset, price, colour, attributes
    ("Tansy desk lamp", "lighting", "USDT", "89.90", "#4a5a6a", {"Material": "Walnut", "Height": "42 cm"}),
    ("Tansy reading lamp", "lighting", "USDT", "129.00", "#8a6d3b", {"Material": "Brass", "Height": "55 cm"}),
    ("Tansy floor lamp", "lighting", "ETH", "0.0750", "#5b6f4c", {"Material": "Oak", "Height": "160 cm"}),
    ("Bramble mug", "kitchen", "USDT", "18.50", "#7a5c58", {"Material": "Stoneware"}),
    ("Bramble pan", "kitchen", "USDT", "54.00", "#3f4a57", {"Material": "Iron"}),
    ("Bramble board", "kitchen", "BTC", "0.00065000", "#6c7a3f", {"Material": "Olive wood"}),
    ("Sorrel notebook", "paper", "USDT", "14.00", "#57618a", {"Material": "Linen", "Pages": "192"}),
    ("Sorrel pen", "paper", "BTC", "0.00210000", "#35506b", {"Material": "Brass"}),
    ("Sorrel cards", "paper", "USDT", "22.00", "#86506a", {"Material": "Cotton"}),
]


MUGS = [("Small", "White", "18.50", 40), ("Small", "Indigo", "19.50", 0), ("Large", "White", "24.00", 3), ("Large", "Moss", "24.00", 30)]


class Stock:
    """A moderator, a seller and the goods of GOODS; `products` by title. The mug comes in sizes and colours, one of them sold out."""

    def __init__(self, venue: Serve) -> None:
        self.admin = administrator(venue)
        self.categories = {
            slug: self.admin.call("POST", "/shop/admin/categories", {"name": name, "slug": f"{slug}-test"})["id"]
            for slug, name in (("lighting", "Tansy lamps"), ("kitchen", "Bramble kitchenware"), ("paper", "Sorrel stationery"))
        }
        self.seller = Person(venue, "seller@example.com")
        about = "Small things for the home, made to be kept."
        self.slug = self.seller.call("POST", "/shop/seller", {"name": "Hearth and Hand", "country": "DE", "about": about})["slug"]
        waiting = self.admin.call("GET", "/shop/admin/sellers?state=applied")["items"]
        applied = next(one for one in waiting if one["slug"] == self.slug)
        self.admin.call("POST", f"/shop/admin/sellers/{applied['id']}/approve", {"note": ""})
        zone = self.seller.call("POST", "/shop/seller/zones", {"name": "Europe", "countries": ["DE", "FR", "AT"]})
        for name, prices, days in (("Parcel", ("4.90", "0.00008", "0.0015"), (2, 4)), ("Express", ("14.50", "0.00024", "0.0045"), (1, 1))):
            for asset, price in zip(("USDT", "BTC", "ETH"), prices, strict=True):
                method = {"name": name, "asset": asset, "basePrice": price, "daysMin": days[0], "daysMax": days[1]}
                self.seller.call("POST", f"/shop/seller/zones/{zone['id']}/methods", method)
        self.products = {title: self._product(index, *rest) for index, (title, *rest) in enumerate((good[0], *good) for good in GOODS)}

    def _product(self, index: int, title: str, category: str, asset: str, price: str, colour: str, attributes: dict[str, str]) -> dict:
        variants = [{"sku": f"T{index}", "options": {}, "price": price, "weightG": 400, "onHand": 40}]
        if title == "Bramble mug":
            variants = [
                {
                    "sku": f"T{index}-{size}-{glaze}",
                    "options": {"Size": size, "Glaze": glaze},
                    "price": cost,
                    "weightG": 400,
                    "onHand": count,
                }
                for size, glaze, cost, count in MUGS
            ]
        description = f"{title}, made by hand in small runs.\n\nWhat is not quite right goes back to the bench, not to you."
        product = self.seller.call("POST", "/shop/seller/products", {
            "title": title, "description": description, "categoryId": self.categories[category], "asset": asset, "attributes": attributes,
            "variants": variants,
        })  # fmt: skip
        for shape in range(3 if index in (0, 3) else 1):
            self.seller.upload(f"/shop/seller/products/{product['id']}/images?alt={title}", picture(colour, index + shape))
        return self.seller.call("PATCH", f"/shop/seller/products/{product['id']}", {"state": "active"})

    def buy(self, buyer: Person, *titles: str, pay_asset: str) -> dict:
        """The paid checkout of one of each, through the API."""
        for title in titles:
            buyer.call("POST", "/shop/cart/lines", {"variantId": self.products[title]["variants"][0]["id"], "quantity": 1})
        address = buyer.call("POST", "/shop/addresses", ADDRESS)
        checkout = buyer.call("POST", "/shop/checkouts", {"addressId": address["id"], "shipping": {}, "payAsset": pay_asset})
        return buyer.call("POST", f"/shop/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]})

    def ship(self, order_id: str) -> dict:
        return self.seller.call("POST", f"/shop/orders/{order_id}/shipments", {"carrier": "DHL", "tracking": "JD0146000045"})

    def close(self) -> None:
        self.admin.close()
        self.seller.close()


ADDRESS = {
    "name": "Carol Example", "line1": "Lindenweg 7", "line2": "", "city": "Leipzig", "region": "", "postcode": "04109", "country": "DE",
    "phone": "",
}  # fmt: skip
