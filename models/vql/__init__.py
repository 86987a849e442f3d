"""VQL, the query language of Vaults: read, checked, translated to SQL, run (integration facts, section 6).

`parse` and `parse_criteria` read text; `run_query` answers a query as a user of a Vault; `compile_callback` and
`conditions_of` serve the engine's hot paths.
"""

from models.vql.callback import Callback, compile_callback, conditions_of
from models.vql.errors import VqlError, VqlErrorType
from models.vql.parsing import parse, parse_criteria, parse_items
from models.vql.printing import print_criteria, print_query
from models.vql.run import Answer, FieldDescription, ResponseDetails, run_query

__all__ = [
    "Answer",
    "Callback",
    "FieldDescription",
    "ResponseDetails",
    "VqlError",
    "VqlErrorType",
    "compile_callback",
    "conditions_of",
    "parse",
    "parse_criteria",
    "parse_items",
    "print_criteria",
    "print_query",
    "run_query",
]
