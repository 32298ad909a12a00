//! Previews: documents as a platform ([`workspace`]), what a change of them does to every environment
//! ([`compare`], [`difference`]), and where a value comes from ([`explain`]).
//!
//! Beside step 6. Pure: whoever has the documents, files or the store, reads them. What is previewed is
//! admitted, cut, assembled and compiled by the functions that the platform itself uses, so that it is
//! what will be.

pub mod compare;
pub mod difference;
pub mod explain;
mod named;
pub mod workspace;
