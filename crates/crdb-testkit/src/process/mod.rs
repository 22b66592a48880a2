//! Programs and directories that end with the process that asked for them, however that process ends.
//!
//! A destructor does not run on SIGKILL, so the cleaning is done by small shell processes that hold the read end of a
//! pipe whose write end only the owner holds: when the owner is gone, for whatever reason, the pipe closes. They live in
//! process groups of their own, so that Ctrl-C in a terminal reaches the owner and not them.

mod keeper;
mod supervisor;

pub(crate) use keeper::Keeper;
pub(crate) use supervisor::{Program, Supervised};

/// Whether there is a process with this id, a zombie included.
pub(crate) fn is_alive(process: u32) -> bool {
    let Ok(process) = libc::pid_t::try_from(process) else {
        return false;
    };
    #[allow(unsafe_code, reason = "std does not ask about processes of others")]
    // SAFETY: kill(2) touches no memory of ours, and signal 0 sends nothing.
    let answer = unsafe { libc::kill(process, 0) };
    // Only ESRCH says that there is none; the process of another user answers EPERM.
    answer == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// A user and a group to run a program as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}
