//! Who may do what: pure decisions.
