//! Tests of the vocabulary as a whole.
