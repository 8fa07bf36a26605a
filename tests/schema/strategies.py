"""Made-up JSON, schemas and values, for property tests."""

from hypothesis import strategies as st

WORDS = (
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength"
    " minLength pattern items prefixItems additionalItems maxItems minItems uniqueItems contains"
    " minContains maxContains maxProperties minProperties required properties patternProperties"
    " additionalProperties propertyNames dependencies dependentRequired dependentSchemas allOf"
    " anyOf oneOf not if then else format $ref $dynamicRef $recursiveRef $id id $anchor $schema"
    " $defs definitions nullable unevaluatedItems unevaluatedProperties x-rolecall title"
).split()

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-3, 3)
    | st.sampled_from(["", "a", "ab", "string", "object", "#", "#/$defs/a", "^a", "date", "x:y"])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, "a", "b"]), inner, max_size=4)
    ),
    max_leaves=12,
)
"""JSON that often looks like a schema and seldom is one."""

TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"]
small = st.integers(0, 3)
names = st.sampled_from(["a", "b", "c"])


values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, "a", "b"]), inner, max_size=4)
    ),
    max_leaves=12,
)
"""JSON that often looks like a schema and seldom is one."""

TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"]
small = st.integers(0, 3)
names = st.sampled_from(["a", "b", "c"])


def _object(inner):
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES)
            | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
            "enum": st.lists(values, min_size=1, max_size=3, unique_by=repr),
            "const": values,
            "minLength": small,
            "maxLength": small,
            "minimum": st.integers(-2, 2),
            "exclusiveMaximum": st.integers(-2, 3),
            "minItems": small,
            "maxItems": small,
            "uniqueItems": st.booleans(),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "items": inner,
            "contains": inner,
            "minContains": small,
            "required": st.lists(names, unique=True, max_size=2),
            "properties": st.dictionaries(names, inner, max_size=3),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
            "additionalProperties": inner,
            "minProperties": small,
            "maxProperties": small,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "nullable": st.booleans(),
            "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b", "#"]),
        },
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "abc"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
"""Small values, such as small schemas speak of."""


def _object(inner):
    """A schema of up to four keywords."""
    words = {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
        "enum": st.lists(values, min_size=1, max_size=3, unique_by=repr),
        "const": values,
        "minLength": small,
        "maxLength": small,
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 3),
        "minItems": small,
        "maxItems": small,
        "uniqueItems": st.booleans(),
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "items": inner,
        "contains": inner,
        "minContains": small,
        "required": st.lists(names, unique=True, max_size=2),
        "properties": st.dictionaries(names, inner, max_size=3),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
        "additionalProperties": inner,
        "minProperties": small,
        "maxProperties": small,
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=3),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
        "nullable": st.booleans(),
        "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b", "#"]),
    }
    pairs = st.one_of([st.tuples(st.just(word), value) for word, value in words.items()])
    return st.lists(pairs, max_size=4).map(dict)


leaves = st.booleans() | _object(st.just({}))
inner_schemas = leaves | _object(leaves)
schemas = st.builds(
    lambda root, a, b: {**root, "$defs": {"a": a, "b": b}},
    _object(inner_schemas),
    inner_schemas,
    inner_schemas,
)
"""Schemas of draft 2020-12 that obey their draft's rules."""
