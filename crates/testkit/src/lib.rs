//! Real services for tests: nats-server, PostgreSQL, the dev cluster.
