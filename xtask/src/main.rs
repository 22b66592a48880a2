//! The workspace's workflows.

fn main() {}
