"""Numbers as PostgreSQL holds them: a file that claims more than fits is refused when it is read."""

from typing import Annotated

from msgspec import Meta

Int2 = Annotated[int, Meta(ge=-(2**15), lt=2**15)]
Int4 = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
Int8 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Oid = Annotated[int, Meta(ge=0, lt=2**32)]
Blocks = Annotated[int, Meta(ge=0, lt=2**32)]
"""of one fork of a relation."""
Tuples = Annotated[float, Meta(ge=-1, le=3e38)]
"""reltuples, a float4."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""of the rows."""
Correlation = Annotated[float, Meta(ge=-1.01, le=1.01)]
"""a float4, which may be a little off."""
Distinct = Annotated[float, Meta(ge=-1, le=3e38)]
"""stadistinct, a float4; negative: minus the fraction of rows that are distinct."""
Ms = Annotated[float, Meta(ge=-1e15, le=1e15)]
"""30,000 years in milliseconds."""
