//! `cache`: what a cache in front of the database keeps.

use super::section;

section! {
    /// How many MiB the answers may take that `Database::cached` keeps (feature `cache`).
    MAX_MIB: u32 = default("cache.max_mib", "64");
    /// How many KiB one of these answers may take; a larger one is given and not kept.
    MAX_ENTRY_KIB: u32 = default("cache.max_entry_kib", "1024");
}
