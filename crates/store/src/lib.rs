//! The platform database.
