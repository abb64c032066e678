"""What the demo's people say: reviews of what they bought, questions and answers about orders, and where they live."""

ADDRESSES = {
    "alice": {"name": "Alice Brandt", "line1": "Lindenallee 14", "city": "Berlin", "postcode": "10997", "country": "DE"},
    "bob": {"name": "Bob Carver", "line1": "2210 SE Ash Street", "city": "Portland", "region": "OR", "postcode": "97214", "country": "US"},
    "carol": {"name": "Carol Moreau", "line1": "8 rue des Tanneurs", "city": "Lyon", "postcode": "69005", "country": "FR"},
    "dora": {"name": "Dora Visser", "line1": "Oudegracht 112", "city": "Utrecht", "postcode": "3511 AX", "country": "NL"},
    "emil": {"name": "Emil Holm", "line1": "Jægersborggade 40", "city": "København", "postcode": "2200", "country": "DK"},
    "fumiko": {"name": "Fumiko Ono", "line1": "3-12 Yanaka", "city": "Tokyo", "postcode": "110-0001", "country": "JP"},
    "grace": {"name": "Grace Owusu", "line1": "27 Chandos Road", "city": "Bristol", "postcode": "BS6 6PQ", "country": "GB"},
    "henrik": {"name": "Henrik Sousa", "line1": "Rua do Almada 88", "city": "Porto", "postcode": "4050-032", "country": "PT"},
}

REVIEWS = {  # by drawing: stars, title, text
    "skillet": (
        (5, "Finally a flat one", "Heavier than I thought and smoother than I hoped. Eggs slide after a week of bacon."),
        (4, "Good, but heavy", "Does everything it should. I wish the handle were a little longer, one hand is not enough for me."),
    ),
    "saucepan": ((5, "Pretty and light", "Boils two eggs faster than the old one and looks nice on the table."),),
    "knife": ((5, "Scary sharp", "Cuts tomatoes by its own weight. Has turned a lovely blue already."),
              (5, "", "I gave it to my father, and he has not let anybody else touch it.")),
    "board": ((4, "Solid", "Lies like a rock. Arrived a bit dry, a night with oil and all was well."),),
    "mug": (
        (5, "My favourite mug", "Just the right size, and the glaze is nicer than in the picture."),
        (5, "Bought two, ordered two more", "They feel good in the hand."),
        (3, "One was chipped", "Lovely mugs, but one had a small chip at the foot. They answered at once and gave some money back."),
    ),
    "bowls": ((5, "In use every day", "The middle one is the right size for everything."),),
    "kettle": ((5, "Pours like a pen", "Thin, steady, no drips. The handle does stay cool."),
        (4, "", "Beautiful. Takes a little long to boil on our old stove.")),
    "grinder": ((5, "Quiet mornings", "Even grind and the crank folds my arm into shape. Worth it."),
                (4, "Good grinder", "A bit tight for the first hundred grams, then smooth.")),
    "dripper": ((5, "", "Simple and good. My guests all want one."),),
    "moka": ((4, "As it should be", "Good coffee, good gasket. The handle gets warm if you forget it."),),
    "beans": (
        (5, "Chocolate indeed", "Roasted on Monday, here on Thursday, gone by Sunday."),
        (5, "My standard now", "Forgiving, as promised. Works in the moka and in the filter."),
        (4, "", "Very good. A resealable bag for the kilo would be nice."),
    ),
    "tea": ((5, "Spring in a tin", "Light and flowery. Follow their two and a half minutes."),),
    "desk_lamp": ((5, "It stays put", "No springs, no creaking, and it looks good switched off as well."),),
    "pendant": ((4, "Lovely light", "Took me a while to shorten the cable, but above the table it is perfect."),),
    "floor_lamp": ((5, "", "Together in five minutes with one screw, really."),),
    "lantern": ((5, "Survived a storm", "Two nights on the balcony, did not blow out once."),),
    "chair": ((5, "Light and strong", "I am not small, and it does not complain."),
        (4, "Nice chairs", "One of four wobbled a little, a felt pad solved it.")),
    "stool": ((5, "Made well", "No screws anywhere. I keep looking at the joints."),),
    "armchair": ((5, "I read again", "The most comfortable thing in the flat. Two men carried it up and took the carton with them."),),
    "bookshelf": ((5, "", "Straight, heavy, smells of oak."),),
    "side_table": ((4, "Just right", "Smaller than I had in mind, but they do give the measure."),),
    "headphones": ((5, "Honest", "I hear mistakes in my own mixes now. Thank you, I think."),
        (4, "", "Great sound, slightly tight for the first week.")),
    "speakers": ((5, "Measured and good", "The curve in the box matches what I measured here. Paid in ETH and it just worked."),),
    "turntable": ((5, "Unpack, level, play", "It really was that simple. Quiet as a mouse."),),
    "radio": ((4, "Charming", "Good sound for its size. The dial light could be warmer."),),
    "keyboard": ((5, "Clack", "Solid case, good keys, and the firmware does build."),),
    "notebook": (
        (5, "Takes any ink", "No feathering, no ghosting, lies flat on the first page."),
        (5, "", "Third one. The moss cloth is the nicest."),
        (3, "Good paper, weak ribbon", "The ribbon frayed within a month. All else is excellent."),
    ),
    "pen": ((5, "Writes out of the box", "Wet, smooth fine nib. The blue is deep."),),
    "clock": ((5, "You cannot hear it", "Which was the point."),),
    "tent": ((5, "Dry mornings", "Four nights of rain and nothing dripped. Ten minutes is honest."),),
    "backpack": ((5, "Will outlive me", "Thick canvas, proper buckles. The rust one looks even better outside."),
        (4, "", "Great bag. A pocket for keys would be nice.")),
    "bottle": ((5, "Ice after a day", "On the dashboard, in July."), (4, "", "Keeps hot very well. Paint scratches if you are me.")),
    "bicycle": ((5, "Nine tenths assembled", "And the last tenth took twenty minutes. Rides like on rails."),),
    "monstera": ((5, "Arrived alive", "Packed in straw, not a leaf broken. It has grown one since."),),
    "cactus": ((4, "It stands there", "As described. No flower yet, no complaint."),),
    "snake_plant": ((5, "", "Even I cannot kill it."),),
    "watering_can": ((5, "Well balanced", "Pours where I look. The copper is lovely."),),
    "train": ((5, "Approved by an expert", "The expert is two and has not put it down."),),
    "blocks": ((5, "Good sound when falling", "As they say. Smooth edges, nice bag."),),
    "kite": ((4, "Up at once", "Needs a bit more wind than they say, then it flies by itself."),),
    "bear": ((5, "A good listener", "Went through the wash already and came out as a better bear."),),
    "watch": ((5, "Plain and right", "Runs four seconds fast a day. Paid in bitcoin for once for something useful."),),
    "tshirt": ((5, "Heavy and good", "Ten washes as promised, then it is yours."),
        (2, "Too large for me", "Nice cotton, but I should have taken their advice about sizes.")),
    "beanie": ((5, "Does not itch", "I asked it too."),),
    "sneakers": ((4, "True to size", "Comfortable from day one. Laces are a bit long."),),
    "sunglasses": ((5, "", "Light, sturdy, and the case is nice as well."),),
    "tote": ((5, "Carries everything", "Fourteen books, no complaint from the bag."),),
}  # fmt: skip

OTHER_REVIEWS = (  # where the product's own are used up
    (5, "", "Exactly as described, and well packed."),
    (5, "Again", "Second time I buy it, this time for my sister."),
    (4, "", "Good. Arrived a day later than planned, no harm done."),
    (5, "Very happy", "Looks better than in the picture."),
    (4, "Does what it should", ""),
    (5, "", "Quick, friendly, paper instead of plastic. And the thing itself is good too."),
)

TALKS = (  # the buyer's question, the seller's answer
    ("Could you leave it with the neighbours on the ground floor if nobody is in?", "Of course, I have put a note on the parcel."),
    ("Is there any chance that it arrives before Saturday? It is a birthday present.",
     "It leaves today, so Friday looks good. Fingers crossed!"),
    ("Please no plastic in the parcel if you can.", "We never use any: paper and straw only."),
    ("Could you add a receipt without prices? It is a gift.", "Done, and we wrapped it."),
    ("Which carrier do you use to the countryside?", "The post; you will find the tracking number in the order once it is on its way."),
    ("Thank you for the quick dispatch!", "Thank you for the order. Enjoy it."),
)  # fmt: skip

REPLIES = {  # by stars
    2: "We are sorry that it does not fit. Send it back any time within the thirty days, and we will send the smaller one.",
    3: "Thank you for telling us. That should not have passed our table, and we have made good for it.",
    4: "Thank you! We have taken note of it for the next batch.",
    5: "Thank you, this made our day.",
}

CARRIERS = {
    "hearth": ("DHL", "00340434"), "slowcup": ("CTT", "EA4410"), "nordlys": ("PostNord", "3735"), "groove": ("UPS", "1Z88F2"),
    "fernhill": ("PostNL", "3SDEVC"), "papertrail": ("Japan Post", "RR8821"),
}  # fmt: skip

DISPUTES = {
    "decided": (
        "damaged", "The box was crushed at one corner, and so is what was in it. I can use it, but it is not what I paid for. Photos are "
        "with the carrier's report.",
        "We packed it as always, but we see the damage. We offer a third of the price back; replacing it makes no sense for a scratch.",
        "The damage is not in dispute, and the goods can be used. Half of the amount goes back to the buyer, half to the seller.",
    ),
    "open": (
        "not_as_described", "I ordered the other colour. The order says so too, please look at the options. I would like the right one, or "
        "my money back.",
        "Our packing list says the same as yours, so the mistake is ours. We are looking whether we still have the right one.", "",
    ),
}  # fmt: skip
