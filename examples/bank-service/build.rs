//! Has cargo look for new migrations.
#![allow(clippy::print_stdout, reason = "it is how cargo is spoken to")]

fn main() {
    // A migration that is added is compiled in.
    println!("cargo::rerun-if-changed=sql/migrations");
}
