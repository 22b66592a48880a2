use super::section;

section! {
    /// The version of the configuration that a source was written for.
    VERSION: u32 = default("version", "1");
}
