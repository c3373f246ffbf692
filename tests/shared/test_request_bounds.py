"""Every number that can be asked with fits a bigint; texts and lists are bounded by the size of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec.inspect as shape
import pytest

from shared.requests import OPERATIONS
from shared.requests.declare import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

BIGINT = 2**63 - 1


def unbounded(kind: shape.Type, at: str = "") -> Iterator[str]:
    """The places of a type where a caller could send a number of any size."""
    match kind:
        case shape.Metadata():
            yield from unbounded(kind.type, at)
        case shape.UnionType():
            for one in kind.types:
                yield from unbounded(one, at)
        case shape.StructType():
            for field in kind.fields:
                yield from unbounded(field.type, f"{at}.{field.name}")
        case shape.IntType():
            most, least = kind.le if kind.le is not None else kind.lt, kind.ge if kind.ge is not None else kind.gt
            if most is None or most > BIGINT or least is None or least < -BIGINT:
                yield at
        case shape.ListType() | shape.SetType() | shape.FrozenSetType() | shape.VarTupleType():
            yield from unbounded(kind.item_type, f"{at}[]")
        case shape.DictType():
            yield from unbounded(kind.value_type, f"{at}{{}}")
        case _:
            return


@pytest.mark.parametrize("op", list(OPERATIONS.values()), ids=list(OPERATIONS))
def test_no_number_is_without_end(op: Operation) -> None:  # type: ignore[type-arg]
    assert list(unbounded(shape.type_info(op.takes))) == []
