"""The catalogue: the standard connections that the vendor describes, as data, and scenarios made of them."""
