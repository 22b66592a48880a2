//! A session pool for a cluster: nodes, slots, health checks and circuit breakers, for any session type.
