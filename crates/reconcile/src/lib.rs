//! Plan, apply, inventory and health, for both agents.
