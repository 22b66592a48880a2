//! What machine the figures come from.

use std::process::Command;

use crate::report::Machine;

/// Describes this machine; what the system does not tell is called `unknown`.
#[must_use]
pub fn describe(engine: &str) -> Machine {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    Machine {
        processor: format!(
            "{}, {cores} cores",
            processor_name().unwrap_or_else(|| "unknown".to_owned())
        ),
        system: output("uname", &["-sr"]),
        engine: engine.to_owned(),
        compiler: output("rustc", &["--version"]),
    }
}

fn processor_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(
            || "unknown".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
}
