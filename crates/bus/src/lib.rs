//! NATS: subjects, requests, identity.
