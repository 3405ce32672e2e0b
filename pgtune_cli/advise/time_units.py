"""What one unit of each kind of work takes when everything is cached, in nanoseconds.

Only ratios count: a prediction is measured time x model after / model before. Fitting them to a server adds next to
nothing; the right number of loops and tuples is what matters.
"""

NANOSECONDS = {
    "page in a row": 300.0,
    "tuple in a row": 55.0,
    "condition": 30.0,
    "row of a scan": 20.0,
    "descent": 900.0,
    "descent to a neighbour": 1900.0,
    "descent anywhere": 3400.0,
    "index tuple": 60.0,
    "random heap tuple": 1000.0,
    "neighbouring heap tuple": 300.0,
    "cached heap tuple": 150.0,
    "ordered heap tuple": 80.0,
    "index-only tuple": 80.0,
    "bitmap tuple": 60.0,
    "bitmap page": 1400.0,
    "bitmap heap tuple": 80.0,
    "hashed row": 300.0,
    "hashed byte": 0.5,
    "probe": 120.0,
    "probe anywhere": 420.0,
    "joined row": 60.0,
    "merged row": 60.0,
    "outer row": 40.0,
    "join condition": 30.0,
    "comparison": 15.0,
    "sorted row": 80.0,
    "aggregated row": 60.0,
    "group": 300.0,
    "kept row": 30.0,
    "cache lookup": 150.0,
    "other row": 30.0,
}
