//! Every difference that a recorded row shows, by name. `docs/compatibility.md` has one entry for each,
//! with the case; a test holds the two together.

/// Name and reason of each difference.
pub const REASONS: &[(&str, &str)] = &[
    (
        "ascii-names",
        "names hold no letters outside of ASCII, which Kubernetes refuses",
    ),
    (
        "one-gateway",
        "URLs come from the gateway that templates see: the environment's over the data plane's, door by door",
    ),
    (
        "program-only",
        "what the reference checks of its own calls cannot come here",
    ),
    (
        "container-ports",
        "network policies name the port on which the container listens",
    ),
    (
        "patch-operations",
        "patches add, replace and remove; nothing else can be written in a trait",
    ),
    (
        "many-removed",
        "several elements of one list are removed from the end, so that places do not shift",
    ),
    (
        "any-denial",
        "a denial through any entitlement of a subject wins",
    ),
    (
        "denials-are-named",
        "whoever is denied is told by which binding",
    ),
    (
        "free-places",
        "a place that counts for every object has no constraints in a profile",
    ),
    (
        "made-up-attributes",
        "the row was made with a table of attributes that is not the platform's",
    ),
    ("numeric-keys", "a number is a key where there is a map"),
    (
        "whole-numbers",
        "whole doubles are written without an exponent",
    ),
    (
        "mixed-numbers",
        "a number from JSON and an integer of an expression can be added",
    ),
    (
        "default-workflow-kind",
        "an allowed workflow without a kind is a ClusterWorkflow, as the schema says",
    ),
    ("some-plane", "an object is always meant for some plane"),
    (
        "core-group",
        "a target without a group means the core group",
    ),
    (
        "defaults-first",
        "parameters are given their defaults before they are validated",
    ),
    (
        "last-day",
        "times end on 9999-12-30, so that every time zone can show them",
    ),
    (
        "number-reading",
        "the table's number is read one bit off, by the reader of tables",
    ),
];
