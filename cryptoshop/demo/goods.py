"""What the demo's shop sells, who sells it and where to: categories, sellers, products with their pictures, taxes, vouchers, collections.

Data, and what follows from it. Prices are in the seller's asset and believable at the start prices of cryptoshop/demo/markets.py.
"""

from typing import NamedTuple

PICTURES_MAX = 2  # of a product
SKU_LETTERS = 3  # of a colour's name
Colour = tuple[str, str, str]  # its name, and the colour and accent that it is drawn with
Detail = tuple[float, float, float]  # zoom, and around which point


class DemoCategory(NamedTuple):
    slug: str
    name: str
    parent: str = ""
    tax_class: str = "standard"


class DemoMethod(NamedTuple):
    """Amounts in the seller's asset; "" for free_from: never."""

    name: str
    base: str
    per_kg: str
    free_from: str
    days: tuple[int, int]


class DemoSeller(NamedTuple):
    name: str  # the demo user's
    title: str
    country: str
    asset: str
    about: str
    home: str  # the name of the zone that is `near`
    near: tuple[str, ...]
    methods: tuple[DemoMethod, ...]  # in the zone near
    abroad: DemoMethod
    commission_ppm: int | None = None
    reserve_ppm: int = 0


class DemoProduct(NamedTuple):
    """Variants are colours x sizes; without sizes all cost `price`. The pictures: each colour, then the detail of the first."""

    drawing: str
    title: str
    seller: str
    category: str
    price: str
    weight_g: int
    on_hand: int
    days_old: float
    backdrop: str
    colours: tuple[Colour, ...]
    attributes: dict[str, str]
    description: str
    sizes: tuple[tuple[str, str], ...] = ()
    detail: Detail | None = None


SIZE_NAMES = {"beans": "Weight", "notebook": "Ruling", "pen": "Nib", "bicycle": "Frame", "skillet": "Diameter"}  # elsewhere "Size"
EU = ("AT", "BE", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "NL", "PL", "PT", "SE")

CATEGORIES = (
    DemoCategory("kitchen", "Kitchen"),
    DemoCategory("cookware", "Pots and pans", "kitchen"),
    DemoCategory("knives-and-boards", "Knives and boards", "kitchen"),
    DemoCategory("tableware", "Tableware", "kitchen"),
    DemoCategory("coffee-and-tea", "Coffee and tea"),
    DemoCategory("brewing", "Brewing", "coffee-and-tea"),
    DemoCategory("beans-and-leaves", "Beans and leaves", "coffee-and-tea", "reduced"),
    DemoCategory("lighting", "Lighting"),
    DemoCategory("lamps", "Lamps", "lighting"),
    DemoCategory("pendants", "Pendants", "lighting"),
    DemoCategory("furniture", "Furniture"),
    DemoCategory("seating", "Chairs and stools", "furniture"),
    DemoCategory("tables-and-shelves", "Tables and shelves", "furniture"),
    DemoCategory("audio", "Audio"),
    DemoCategory("headphones", "Headphones", "audio"),
    DemoCategory("speakers-and-radios", "Speakers and radios", "audio"),
    DemoCategory("turntables", "Turntables", "audio"),
    DemoCategory("desk-and-paper", "Desk and paper"),
    DemoCategory("writing", "Writing", "desk-and-paper"),
    DemoCategory("on-the-desk", "On the desk", "desk-and-paper"),
    DemoCategory("outdoor", "Outdoor"),
    DemoCategory("camping", "Camping", "outdoor"),
    DemoCategory("on-the-way", "On the way", "outdoor"),
    DemoCategory("plants", "Plants"),
    DemoCategory("house-plants", "House plants", "plants"),
    DemoCategory("plant-care", "Plant care", "plants"),
    DemoCategory("toys", "Toys"),
    DemoCategory("wooden-toys", "Wooden toys", "toys"),
    DemoCategory("soft-and-outside", "Soft toys and outside", "toys"),
    DemoCategory("wearables", "Wearables"),
    DemoCategory("clothing", "Clothing", "wearables"),
    DemoCategory("accessories", "Accessories", "wearables"),
)

SELLERS = (
    DemoSeller(
        "hearth", "Hearth & Grain", "DE", "USDT",
        "Two sisters and a forge in the Black Forest. We make pans that outlive their owners, knives that can be sharpened for decades, "
        "and from the offcuts wooden toys. If something of ours breaks, send it back and we mend it.",
        "European Union", EU, (DemoMethod("Parcel", "4.90", "0.60", "120", (2, 4)), DemoMethod("Express", "11.90", "1.20", "", (1, 2))),
        DemoMethod("Airmail", "14.50", "6", "", (6, 14)),
    ),
    DemoSeller(
        "slowcup", "Slow Cup Roasters", "PT", "USDT",
        "A small roastery in Porto. We roast on Mondays, pack on Tuesdays, and drink our own coffee all week. The brewing gear we sell is "
        "the gear on our counter.",
        "European Union", EU, (DemoMethod("Parcel", "3.90", "0.50", "60", (2, 5)),),
        DemoMethod("Airmail, tracked", "9.80", "5", "", (6, 12)), commission_ppm=40_000,
    ),
    DemoSeller(
        "nordlys", "Nordlys Studio", "DK", "ETH",
        "Lamps and furniture from a workshop in Aarhus, drawn and built by the same four people. Solid oak, powder-coated steel, wool. "
        "Prices are in ETH, because our landlord is patient and we are curious.",
        "Nordics and European Union", EU, (DemoMethod("Carrier to the door", "0.004", "0.0006", "0.3", (3, 7)),),
        DemoMethod("Sea freight", "0.02", "0.0035", "", (18, 35)),
    ),
    DemoSeller(
        "groove", "Groove & Signal", "US", "BTC",
        "Hi-fi people from Portland, Oregon. Everything is tested for a day before it leaves, and the measurements lie in the box. "
        "We price in bitcoin and have done so since people laughed about it.",
        "United States and Canada", ("US", "CA"),
        (DemoMethod("Ground", "0.00014", "0.00002", "0.004", (2, 5)), DemoMethod("Two-day air", "0.0004", "0.00006", "", (1, 2))),
        DemoMethod("International, insured", "0.0006", "0.00012", "", (5, 10)), reserve_ppm=100_000,
    ),
    DemoSeller(
        "fernhill", "Fernhill", "NL", "USDT",
        "A nursery near Utrecht that also sends people outside. Plants travel in straw and paper and arrive alive, or we grow you another. "
        "Tents, packs and bicycles are things we use ourselves at weekends.",
        "European Union", EU,
        (DemoMethod("Parcel", "5.50", "0.40", "150", (1, 3)), DemoMethod("Green courier", "8.90", "0.50", "", (2, 3))),
        DemoMethod("Airmail", "19", "7", "", (5, 12)),
    ),
    DemoSeller(
        "papertrail", "Paper Trail", "JP", "USDT",
        "Notebooks, pens and a few good things to wear, chosen and partly sewn in Kyoto. Our paper comes from one mill, our cotton from "
        "one family, and our parcels are wrapped by hand.",
        "Japan and Korea", ("JP", "KR"), (DemoMethod("Letter parcel", "3.20", "0.80", "80", (1, 3)),),
        DemoMethod("Airmail, tracked", "6.90", "3.50", "140", (5, 9)),
    ),
)  # fmt: skip

SAND, MIST, SAGE, BLUSH, LILAC, BUTTER, DEW = "#f3e9dc", "#e2ebf1", "#e6efe2", "#f6e3dc", "#ebe5f2", "#faf0d4", "#dfe9e6"
TEAL, MOSS, CLAY, NAVY, PLUM = "#3f7f86", "#6d8554", "#c0704f", "#34507a", "#76527f"
OAK, WALNUT, ROSE, BLACK, WHITE = "#d3a873", "#8a5a3c", "#d98b93", "#33373d", "#f2efe9"
SUN, RED, SKY, GREY, LINEN = "#e7b04a", "#bf4a3f", "#7fa8c4", "#9aa1a8", "#e2d5bd"

PRODUCTS = (
    # ---- kitchen
    DemoProduct(
        "skillet", "Cast iron skillet", "hearth", "cookware", "54", 2400, 32, 58, BUTTER, (("Black", "#3a3d42", "#f2b134"),),
        {"Material": "Cast iron", "Colour": "Black", "Made in": "Germany", "Suits": "All hobs"},
        "Cast in sand, milled smooth and seasoned twice with linseed oil. It goes from the hob into the oven and onto the table, and the "
        "longer you use it the better it lets go of eggs. Wash it with hot water, dry it, done.",
        (("24 cm", "54"), ("28 cm", "69")),
    ),
    DemoProduct(
        "saucepan", "Enamel saucepan with lid", "hearth", "cookware", "46", 1500, 24, 51, MIST,
        (("Teal", TEAL, WALNUT), ("Cream", LINEN, WALNUT)),
        {"Material": "Enamelled steel", "Colour": "Teal", "Made in": "Germany", "Suits": "All hobs"},
        "Two litres of light steel under three coats of enamel, with a walnut handle that stays cool. Not for the dishwasher, because of "
        "the wood; for everything else.",
    ),
    DemoProduct(
        "knife", "Chef's knife, 20 cm", "hearth", "knives-and-boards", "128", 260, 18, 47, SAGE, (("Walnut", WALNUT, "#e6c88f"),),
        {"Material": "Carbon steel", "Colour": "Walnut", "Made in": "Germany"},
        "Forged from one bar of carbon steel and ground thin behind the edge. It takes a patina within weeks and wants to be wiped dry. "
        "Comes sharp; a first resharpening is included.", detail=(2.1, 72, 53),
    ),
    DemoProduct(
        "board", "End-grain cutting board", "hearth", "knives-and-boards", "62", 1900, 21, 40, BLUSH, (("Oak", OAK, "#d8583f"),),
        {"Material": "Oak", "Colour": "Oak", "Made in": "Germany"},
        "Oak from the valley, oiled and left thick enough to be planed again. The hole is there so that it can hang. 45 by 28 cm; one "
        "side has a groove for juice.",
    ),
    DemoProduct(
        "mug", "Stoneware mug", "hearth", "tableware", "19.50", 380, 80, 21, LILAC,
        (("Clay", "#e6d3bd", CLAY), ("Teal", "#dfe6e3", TEAL), ("Plum", "#e9e0ea", PLUM)),
        {"Material": "Stoneware", "Colour": "Clay", "Made in": "Germany"},
        "Thrown by hand, so no two are quite alike. Holds 35 cl, keeps its warmth for a long breakfast, and survives the dishwasher.",
    ),
    DemoProduct(
        "bowls", "Set of three nesting bowls", "hearth", "tableware", "48", 1300, 27, 33, SAND, (("Sage", "#a9bda0", "#efe4d0"),),
        {"Material": "Stoneware", "Colour": "Sage", "Made in": "Germany"},
        "Soup, salad and the one for olives: 14, 17 and 20 cm, glazed inside and raw outside. They stack into one another.",
    ),
    # ---- coffee and tea
    DemoProduct(
        "kettle", "Gooseneck kettle", "slowcup", "brewing", "79", 980, 22, 44, DEW,
        (("Black", "#41464d", WALNUT), ("Steel", "#b9c0c6", "#33373d")),
        {"Material": "Stainless steel", "Colour": "Black", "Capacity": "0.9 l"},
        "For pouring where you look. The thin spout gives a slow, steady stream; the handle is walnut and sits far enough from the steam. "
        "Works on gas, electric and induction hobs.",
    ),
    DemoProduct(
        "grinder", "Hand grinder", "slowcup", "brewing", "94", 640, 19, 38, SAND, (("Teal", TEAL, OAK),),
        {"Material": "Steel and oak", "Colour": "Teal", "Capacity": "30 g"},
        "Conical steel burrs in two bearings, twenty-eight clicks from espresso to French press. Thirty grams take forty seconds, and "
        "nobody wakes up.",
    ),
    DemoProduct(
        "dripper", "Pour-over set", "slowcup", "brewing", "42", 720, 35, 29, MIST,
        (("White", "#f7f3ec", "#7a4a30"), ("Rose", ROSE, "#7a4a30")),
        {"Material": "Ceramic and glass", "Colour": "White", "Capacity": "0.6 l"},
        "A ceramic cone on a glass server, with forty paper filters to begin with. Two cups in three minutes, and you can watch.",
    ),
    DemoProduct(
        "moka", "Moka pot, six cups", "slowcup", "brewing", "34", 610, 40, 26, BUTTER, (("Aluminium", "#c3c9cf", "#2b2f36"),),
        {"Material": "Aluminium", "Colour": "Silver", "Capacity": "0.3 l"},
        "The octagonal one. Fill it with water to the valve, coffee to the rim, and listen. A spare gasket lies in the box.",
    ),
    DemoProduct(
        "beans", "House blend, whole beans", "slowcup", "beans-and-leaves", "16", 520, 140, 3, BLUSH, (("Green", "#5e7a5a", "#efe0c0"),),
        {"Origin": "Brazil, Ethiopia", "Roast": "Medium", "Kind": "Coffee"},
        "Brazil for chocolate, Ethiopia for fruit. Good as espresso, forgiving as filter. Roasted on the Monday before we send it; best "
        "between one and six weeks later.",
        (("250 g", "9.50"), ("500 g", "16"), ("1 kg", "29")), detail=(1.9, 46, 54),
    ),
    DemoProduct(
        "tea", "First flush Darjeeling", "slowcup", "beans-and-leaves", "14.80", 180, 75, 6, SAGE, (("Sand", "#cdb384", "#f5ecd9"),),
        {"Origin": "India", "Kind": "Tea"},
        "Leaves of this spring from one garden, 100 g in a tin that closes well. Light, flowery, and done in two and a half minutes at 85 "
        "degrees.",
    ),
    # ---- lighting
    DemoProduct(
        "desk_lamp", "Desk lamp Knud", "nordlys", "lamps", "0.048", 2100, 14, 49, BUTTER,
        (("Black", "#3b4047", "#b98b5e"), ("Red", "#b5473c", "#c9ced4")),
        {"Material": "Steel", "Colour": "Black", "Socket": "E27"},
        "Two arms, three joints, no springs: it stays where you leave it. The head turns all the way round, so it can also light the wall.",
    ),
    DemoProduct(
        "pendant", "Pendant lamp Havn", "nordlys", "pendants", "0.079", 1800, 11, 35, DEW,
        (("Navy", "#2f4a6d", "#c79a5b"), ("Moss", "#66794f", "#c79a5b")),
        {"Material": "Aluminium", "Colour": "Navy", "Socket": "E27"},
        "A spun aluminium shade, white inside, on three metres of cloth cable. Made for above a table: the bulb is out of sight from where "
        "you sit. 38 cm wide.",
    ),
    DemoProduct(
        "floor_lamp", "Tripod floor lamp", "nordlys", "lamps", "0.112", 4600, 8, 60, LILAC, (("Linen", "#eadfc9", OAK),),
        {"Material": "Oak and linen", "Colour": "Linen", "Socket": "E27"},
        "Three oak legs and a linen shade that makes any bulb kind. 152 cm tall; taken apart it fits into a narrow box, and goes together "
        "with one screw.",
    ),
    DemoProduct(
        "lantern", "Storm lantern", "fernhill", "camping", "38", 900, 30, 24, SAGE,
        (("Red", "#b0483d", "#e9c36b"), ("Moss", "#5f7350", "#e9c36b")),
        {"Material": "Steel and glass", "Colour": "Red", "Fuel": "Lamp oil"},
        "Burns for eighteen hours on one filling and does not mind wind. The globe lifts with a lever, so lighting it needs one match.",
    ),
    # ---- furniture
    DemoProduct(
        "chair", "Spindle-back chair", "nordlys", "seating", "0.088", 5200, 16, 55, SAND,
        (("Oak", OAK, "#b88a57"), ("Black", "#3a3e44", "#55504b")),
        {"Material": "Oak", "Colour": "Oak", "Assembly": "None"},
        "A kitchen chair as it has been built for two hundred years, a little lighter. The seat is carved, the spindles give when you lean "
        "back. Oiled, not varnished.",
    ),
    DemoProduct(
        "stool", "Workshop stool", "nordlys", "seating", "0.046", 3100, 20, 31, BLUSH, (("Walnut", "#5a4334", "#8f6243"),),
        {"Material": "Walnut", "Colour": "Walnut", "Assembly": "None"},
        "Four turned legs, wedged through the seat, no screw anywhere. Stands steady on three floors out of three; 46 cm high.",
    ),
    DemoProduct(
        "armchair", "Armchair Fjord", "nordlys", "seating", "0.39", 24000, 5, 42, MIST,
        (("Moss", "#6f8562", "#c99b63"), ("Rust", "#b76a48", "#5f4534")),
        {"Material": "Wool", "Colour": "Moss", "Assembly": "Legs only"},
        "For the book you have been putting off. Beech frame, eight-way tied springs, wool from Jutland that does not pill. Covers come "
        "off and can be ordered again in ten years.",
    ),
    DemoProduct(
        "bookshelf", "Bookcase, three bays", "nordlys", "tables-and-shelves", "0.21", 21000, 7, 37, DEW, (("Oak", "#c99f6b", "#b0483d"),),
        {"Material": "Oak", "Colour": "Oak", "Assembly": "Twenty minutes"},
        "Solid oak, 110 by 72 cm, deep enough for atlases. Fastens to the wall with what is in the box. Books are yours to bring.",
    ),
    DemoProduct(
        "side_table", "Round side table", "nordlys", "tables-and-shelves", "0.067", 4800, 12, 19, BUTTER,
        (("Walnut", "#8a5d40", "#e8ddcc"),),
        {"Material": "Walnut", "Colour": "Walnut", "Assembly": "Legs only"},
        "A walnut top on three legs, 48 cm across: room for a lamp, a cup and whatever you are reading.",
    ),
    # ---- audio
    DemoProduct(
        "headphones", "Closed-back headphones", "groove", "headphones", "0.0043", 310, 23, 45, LILAC,
        (("Black", "#3b3f46", "#8a5a3c"), ("Cream", "#d9cfbd", "#a06a45")),
        {"Material": "Leather and steel", "Colour": "Black", "Connector": "6.3 mm and 3.5 mm"},
        "Forty-millimetre drivers, 38 ohms, loud enough from a phone and honest enough for mixing. Pads and cable come off and can be "
        "bought one by one.", detail=(2.1, 26, 66),
    ),
    DemoProduct(
        "speakers", "Bookshelf speakers, pair", "groove", "speakers-and-radios", "0.0098", 11800, 9, 52, SAND,
        (("Walnut", "#8b5f43", "#c9a06c"), ("White", "#e9e6df", "#c9ced4")),
        {"Material": "Walnut veneer", "Colour": "Walnut", "Connector": "Binding posts"},
        "Two-way, ported, 48 Hz to 22 kHz within two decibels; the curve of your pair is in the box. They like half a metre of air behind "
        "them.", detail=(2.2, 29, 52),
    ),
    DemoProduct(
        "turntable", "Belt-drive turntable", "groove", "turntables", "0.0089", 7400, 7, 34, SAGE, (("Oak", "#c89b66", "#d9583f"),),
        {"Material": "Oak plinth", "Colour": "Oak", "Connector": "RCA"},
        "A heavy platter on a quiet motor, a straight arm, a cartridge that is already aligned. Unpack, level, play. 33 and 45.",
        detail=(2.0, 70, 52),
    ),
    DemoProduct(
        "radio", "Table radio", "groove", "speakers-and-radios", "0.0024", 2600, 17, 28, DEW,
        (("Teal", "#4d8287", "#e8ddc6"), ("Red", "#b6483f", "#f0e4cf")),
        {"Material": "Lacquered wood", "Colour": "Teal", "Connector": "3.5 mm"},
        "FM, AM, and a socket for whatever comes after. One knob for the station, and it turns as it should. Runs on mains or six C cells.",
    ),
    # ---- desk and paper
    DemoProduct(
        "keyboard", "Mechanical keyboard, compact", "groove", "on-the-desk", "0.0022", 870, 26, 23, MIST,
        (("Grey", "#8c949c", "#e2894f"), ("Navy", "#3c4f73", "#e7b04a")),
        {"Material": "Aluminium", "Colour": "Grey", "Connector": "USB-C"},
        "Sixty-one keys in an aluminium case, tactile switches that can be pulled and changed, firmware you can rebuild yourself.",
    ),
    DemoProduct(
        "notebook", "Clothbound notebook", "papertrail", "writing", "18", 320, 120, 30, LILAC,
        (("Navy", NAVY, "#e7b04a"), ("Moss", MOSS, "#e2d5bd"), ("Plum", PLUM, "#d98b93")),
        {"Material": "Paper and cloth", "Colour": "Navy", "Made in": "Japan"},
        "192 numbered pages that take fountain ink without feathering, sewn so that it lies flat. A5, with a ribbon and an elastic.",
        (("Ruled", "18"), ("Dotted", "18")),
    ),
    DemoProduct(
        "pen", "Fountain pen Sora", "papertrail", "writing", "86", 28, 34, 39, BUTTER,
        (("Navy", "#2f4a7a", "#d9b45f"), ("Black", "#2e3238", "#d9b45f")),
        {"Material": "Resin and steel", "Colour": "Navy", "Made in": "Japan"},
        "A steel nib that was looked at through a loupe, by a person, before it left. Converter and two cartridges included.",
        (("Fine", "86"), ("Medium", "86")), detail=(2.4, 30, 70),
    ),
    DemoProduct(
        "clock", "Wall clock", "papertrail", "on-the-desk", "64", 900, 18, 27, SAGE, (("Oak", "#c99b66", "#d9583f"),),
        {"Material": "Oak", "Colour": "Oak", "Made in": "Japan"},
        "Quiet: the second hand sweeps. Oak rim, 30 cm, glass rather than plastic. One AA cell lasts about two years.",
    ),
    # ---- outdoor
    DemoProduct(
        "tent", "Two-person ridge tent", "fernhill", "camping", "249", 3200, 13, 48, SAND,
        (("Moss", "#71885a", "#e3b45c"), ("Orange", "#d47a42", "#f1e2c4")),
        {"Material": "Cotton canvas", "Colour": "Moss", "Sleeps": "2"},
        "Canvas breathes, so mornings are dry inside. Two poles, eleven pegs, ten minutes; the second time six. Floor of taped nylon.",
        detail=(1.9, 44, 64),
    ),
    DemoProduct(
        "backpack", "Canvas backpack, 24 l", "fernhill", "on-the-way", "98", 1150, 29, 36, MIST,
        (("Moss", "#6c7d55", "#8a5a3c"), ("Navy", NAVY, "#c08a55"), ("Rust", "#b5613f", "#5f4534")),
        {"Material": "Waxed canvas", "Colour": "Moss", "Capacity": "24 l"},
        "Waxed canvas and leather, with room for a laptop and a change of weather. All seams are bound; the buckles are ones a saddler can "
        "replace.",
    ),
    DemoProduct(
        "bottle", "Insulated bottle", "fernhill", "on-the-way", "29", 360, 65, 20, BLUSH,
        (("Teal", TEAL, "#33373d"), ("Rose", ROSE, "#33373d"), ("Sun", "#dfa640", "#33373d")),
        {"Material": "Stainless steel", "Colour": "Teal", "Capacity": "0.75 l"},
        "Cold for a day, hot for a night. Wide enough for ice, narrow enough for a bicycle cage, and the cap has a loop.",
    ),
    DemoProduct(
        "bicycle", "Town bicycle, single speed", "fernhill", "on-the-way", "690", 11500, 6, 53, LILAC,
        (("Teal", "#3d7d84", "#9a6240"), ("Red", "#b9453b", "#8a5a3c")),
        {"Material": "Steel", "Colour": "Teal", "Brakes": "Front and coaster"},
        "A lugged steel frame, one gear that suits flat towns and most hills, tyres that forgive tram tracks. Comes nine tenths assembled, "
        "with the two keys for the last tenth.",
        (("52 cm", "690"), ("56 cm", "690"), ("60 cm", "710")),
    ),
    # ---- plants
    DemoProduct(
        "monstera", "Monstera deliciosa", "fernhill", "house-plants", "36", 2800, 22, 15, DEW, (("Terracotta", "#4c8a58", "#c87d55"),),
        {"Colour": "Green", "Light": "Bright, no direct sun", "Water": "Weekly"},
        "About 60 cm tall with four or five split leaves, in a terracotta pot. Give it a stick to climb and room to the sides; it will use "
        "both.", detail=(2.0, 60, 32),
    ),
    DemoProduct(
        "cactus", "Column cactus", "fernhill", "house-plants", "22", 1400, 31, 18, BUTTER, (("Terracotta", "#5c9163", "#c06f52"),),
        {"Colour": "Green", "Light": "Full sun", "Water": "Monthly"},
        "Asks for a sunny window and otherwise to be left alone. Flowers in its third or fourth year, usually when nobody is looking.",
    ),
    DemoProduct(
        "snake_plant", "Snake plant", "fernhill", "house-plants", "27", 1900, 28, 5, BLUSH,
        (("White pot", "#4d7f5c", "#eee7da"), ("Clay pot", "#4d7f5c", "#c0714f")),
        {"Colour": "Green", "Light": "Any", "Water": "Every three weeks"},
        "Survives offices, holidays and good intentions. 50 cm, five leaves, more on the way.",
    ),
    DemoProduct(
        "watering_can", "Watering can, two litres", "fernhill", "plant-care", "31", 620, 26, 25, MIST,
        (("Moss", "#758a62", "#b98b5e"), ("Copper", "#b97a52", "#7d4c33")),
        {"Material": "Galvanised steel", "Colour": "Moss", "Capacity": "2 l"},
        "Balanced so that it pours before you tip it far. The rose comes off for seedlings that cannot swim.",
    ),
    # ---- toys
    DemoProduct(
        "train", "Wooden locomotive", "hearth", "wooden-toys", "39", 720, 33, 22, SAGE,
        (("Green", "#4f8a72", "#d9704f"), ("Blue", "#4a76a8", "#d9704f")),
        {"Material": "Beech", "Colour": "Green", "Age": "From 2 years", "Made in": "Germany"},
        "Beech, three kinds of wheels, no batteries. The paint may be chewed. It pulls anything that has a loop of string.",
    ),
    DemoProduct(
        "blocks", "Building blocks, 36 pieces", "hearth", "wooden-toys", "34", 1600, 37, 17, LILAC, (("Mixed", "#5a8fa5", "#7fa36b"),),
        {"Material": "Maple", "Colour": "Mixed", "Age": "From 1 year", "Made in": "Germany"},
        "Cubes, prisms and balls of maple, edges broken by hand, in a cotton bag. What is built with them falls over with a good sound.",
    ),
    DemoProduct(
        "kite", "Diamond kite", "fernhill", "soft-and-outside", "24", 280, 42, 1.5, MIST,
        (("Red", "#c9523f", "#3f7f86"), ("Yellow", "#e3ab3d", "#7d5a86")),
        {"Material": "Ripstop nylon", "Colour": "Red", "Age": "From 5 years"},
        "Flies from three Beaufort on, comes with forty metres of line and a tail with bows. Folds to the length of a forearm.",
    ),
    DemoProduct(
        "bear", "Bear", "hearth", "soft-and-outside", "44", 410, 25, 13, SAND,
        (("Brown", "#a9764c", "#b0483d"), ("Grey", "#a0a4a8", "#3f7f86")),
        {"Material": "Mohair and cotton", "Colour": "Brown", "Age": "From birth", "Made in": "Germany"},
        "Sits by himself, listens well, can be washed at thirty degrees. Eyes are embroidered, so there is nothing to swallow.",
        detail=(2.0, 50, 30),
    ),
    # ---- wearables
    DemoProduct(
        "watch", "Field watch, 38 mm", "groove", "accessories", "0.0041", 90, 15, 41, BUTTER,
        (("Navy", "#2c4463", "#9a6240"), ("Black", "#2b2f36", "#5f4534")),
        {"Material": "Steel and leather", "Colour": "Navy", "Movement": "Automatic"},
        "An automatic movement behind a plain dial that can be read in the dark. Sapphire glass, 100 m, leather strap of 18 mm.",
        detail=(2.0, 50, 50),
    ),
    DemoProduct(
        "tshirt", "Heavy cotton T-shirt", "papertrail", "clothing", "32", 240, 48, 6.5, SAND,
        (("Navy", "#3b5070", "#e2d5bd"), ("White", "#f7f5f0", "#c0704f"), ("Moss", "#7a8b66", "#e9dfc7")),
        {"Material": "Cotton", "Colour": "Navy", "Made in": "Japan"},
        "Loop-wheeled cotton, 240 g, no side seams. It will be your favourite in about ten washes. Cut straight; if between sizes, take "
        "the smaller one.",
        (("S", "32"), ("M", "32"), ("L", "32"), ("XL", "34")),
    ),
    DemoProduct(
        "beanie", "Ribbed wool beanie", "papertrail", "clothing", "28", 110, 55, 2, DEW,
        (("Rust", "#b5643f", "#efe2cc"), ("Navy", NAVY, "#efe2cc")),
        {"Material": "Merino wool", "Colour": "Rust", "Made in": "Japan"},
        "Knitted in one piece from merino, long enough to turn up once. Does not itch, and has been asked.",
    ),
    DemoProduct(
        "sneakers", "Canvas sneakers", "papertrail", "clothing", "89", 820, 20, 4, BLUSH,
        (("Indigo", "#4a5f8c", "#d9b45f"), ("Olive", "#7b7f56", "#b0573f")),
        {"Material": "Canvas and rubber", "Colour": "Indigo", "Made in": "Japan"},
        "Vulcanised soles, indigo canvas that fades where you bend it, laces of cotton. They run true to size.",
        (("39", "89"), ("41", "89"), ("43", "89"), ("45", "89")),
    ),
    DemoProduct(
        "sunglasses", "Acetate sunglasses", "papertrail", "accessories", "74", 60, 24, 4.5, SAGE,
        (("Tortoise", "#7a4a2e", "#5b6e5a"), ("Black", "#2b2f36", "#58616e")),
        {"Material": "Acetate", "Colour": "Tortoise", "Made in": "Japan"},
        "Cut from one sheet of acetate and polished for three days. Lenses block all of UV-A and UV-B and none of the fun.",
    ),
    DemoProduct(
        "tote", "Market tote", "papertrail", "accessories", "26", 210, 70, 5.5, LILAC,
        (("Natural", "#e0d2b4", "#5f7f5d"), ("Clay", "#c27a58", "#f0e3cd")),
        {"Material": "Cotton canvas", "Colour": "Natural", "Made in": "Japan"},
        "Sixteen-ounce canvas, handles long enough for a shoulder in a winter coat. Carries eleven kilograms; we stopped there.",
    ),
)  # fmt: skip

TAX_RATES = (  # country, class, name, parts per million, whether prices shown there contain it
    ("DE", "standard", "USt", 190_000, True), ("DE", "reduced", "USt", 70_000, True),
    ("FR", "standard", "TVA", 200_000, True), ("FR", "reduced", "TVA", 55_000, True),
    ("NL", "standard", "BTW", 210_000, True), ("NL", "reduced", "BTW", 90_000, True),
    ("DK", "standard", "moms", 250_000, True), ("DK", "reduced", "moms", 250_000, True),
    ("PT", "standard", "IVA", 230_000, True), ("PT", "reduced", "IVA", 60_000, True),
    ("IT", "standard", "IVA", 220_000, True), ("IT", "reduced", "IVA", 100_000, True),
    ("ES", "standard", "IVA", 210_000, True), ("ES", "reduced", "IVA", 100_000, True),
    ("GB", "standard", "VAT", 200_000, True), ("GB", "reduced", "VAT", 50_000, True),
    ("JP", "standard", "consumption tax", 100_000, True), ("JP", "reduced", "consumption tax", 80_000, True),
    ("US", "standard", "sales tax", 72_500, False), ("US", "reduced", "sales tax", 0, False),
    ("CA", "standard", "GST", 50_000, False), ("CA", "reduced", "GST", 0, False),
)  # fmt: skip

VOUCHERS = (  # the issuing seller ("" for the platform), and the body of the request
    ("", {"code": "WELCOME10", "kind": "percent", "percent": "10", "usesPerUser": 3}),
    ("hearth", {"code": "HEARTH15", "kind": "amount", "amount": "15", "asset": "USDT", "itemsMin": "90"}),
    ("papertrail", {"code": "PAPERMAIL", "kind": "free_shipping"}),
)

COLLECTIONS = (  # slug, name, and a rule or the drawings of the products
    ("new-this-week", "New this week", None, tuple(product.drawing for product in reversed(PRODUCTS) if product.days_old <= 7)),
    ("under-50-usdt", "Under 50 USDT", {"asset": "USDT", "priceMax": "50", "sort": "sold"}, ()),
    ("slow-mornings", "Slow mornings", None, ("kettle", "grinder", "dripper", "beans", "mug", "side_table", "radio", "tea")),
    ("priced-in-bitcoin", "Priced in bitcoin", {"asset": "BTC"}, ()),
    ("a-reading-corner", "A reading corner", None, ("armchair", "floor_lamp", "bookshelf", "side_table", "mug", "snake_plant")),
    ("a-week-outside", "A week outside", None, ("tent", "backpack", "lantern", "bottle", "skillet", "moka", "sunglasses", "kite")),
)  # fmt: skip

BY_TITLE = {product.title: product for product in PRODUCTS}
ASSET_OF = {seller.name: seller.asset for seller in SELLERS}


def variants(product: DemoProduct) -> list[dict]:
    """One for each colour and size; only what there is a choice of is an option."""
    made = []
    for colour, *_ in product.colours:
        for size, price in product.sizes or (("", product.price),):
            options = {"Colour": colour} if len(product.colours) > 1 else {}
            options |= {SIZE_NAMES.get(product.drawing, "Size"): size} if size else {}
            words = [product.drawing, *((colour[:SKU_LETTERS],) if len(product.colours) > 1 else ()), *((size,) if size else ())]
            sku = "-".join(word.replace(" ", "").upper() for word in words)
            on_hand = max(2, product.on_hand // max(1, len(product.sizes) - 1))
            made.append({"sku": sku, "price": price, "options": options, "weightG": product.weight_g, "onHand": on_hand})
    return made


def pictures(product: DemoProduct) -> list[tuple[str, tuple[str, str], tuple[float, float, float]]]:
    """(alternative text, colours, zoom and centre) of each."""
    many = len(product.colours) > 1
    shown = [(f"{product.title}, {name.lower()}" if many else product.title, (colour, accent), (1.0, 50, 50))
             for name, colour, accent in product.colours]  # fmt: skip
    if product.detail:
        shown.insert(1, (f"{product.title}, from close by", product.colours[0][1:], product.detail))
    return shown[:PICTURES_MAX]
