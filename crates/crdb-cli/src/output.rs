//! What happens when the reader of the output is gone, the disk is full, or the output is no file.

use std::panic;
use std::path::Path;

/// Ends the program without a backtrace when standard output or error cannot be written: `cargo xtask doctor | head -1`.
///
/// The standard library's printing macros panic then; their message is the only sign of it. As after SIGPIPE, the status is
/// 141 when the reader is gone; any other reason is reported and the status is 1. Servers that were started end with the process.
pub fn end_quietly_without_a_reader() {
    end_quietly(|message| format!("error: {message}"));
}

/// The same, with the report in a form of the caller's.
pub(crate) fn end_quietly(told: impl Fn(&str) -> String + Send + Sync + 'static) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let message = info.payload_as_str().unwrap_or_default();
        let Some(reason) = message.strip_prefix("failed printing to ") else {
            return usual(info);
        };
        if reason.contains("Broken pipe") {
            std::process::exit(141);
        }
        use std::io::Write as _;
        // Standard error may be what failed; then there is no one left to tell.
        let line = told(&format!("cannot write to {reason}"));
        let _told = writeln!(std::io::stderr(), "{line}");
        std::process::exit(1);
    }));
}

/// Whether an error is that the reader of the output has gone.
#[cfg(feature = "program")]
pub(crate) fn is_without_a_reader(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .or_else(|| cause.downcast_ref::<crdb_facade::data::Error>()?.io_error())
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Whether a name is that of something that is there and is neither a regular file nor a directory.
pub(crate) fn is_device_or_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}
