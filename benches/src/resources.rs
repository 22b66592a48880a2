//! What this process has used of the machine.

use std::time::Duration;

/// The processor time (user and system) of this process, all threads, and of the children that it has waited for.
#[must_use]
pub fn processor_time() -> Duration {
    usage(libc::RUSAGE_SELF) + usage(libc::RUSAGE_CHILDREN)
}

#[expect(
    unsafe_code,
    reason = "std has no way to ask for the processor time of the process"
)]
fn usage(who: libc::c_int) -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for a write of one `rusage`, which is all that getrusage does with it.
    let answer = unsafe { libc::getrusage(who, usage.as_mut_ptr()) };
    if answer != 0 {
        return Duration::ZERO;
    }
    // SAFETY: getrusage answers 0 only after it has written the whole structure.
    let usage = unsafe { usage.assume_init() };
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

/// The resident memory of this process now, in bytes; `None` where the system does not tell.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The memory that this process has allocated and not given back, in bytes.
#[must_use]
#[expect(
    unsafe_code,
    reason = "std has no way to ask the allocator of the C library, which it allocates from"
)]
pub fn allocated_bytes() -> usize {
    // SAFETY: mallinfo2 takes nothing, and only reads the allocator's own counters under its locks.
    let information = unsafe { libc::mallinfo2() };
    information.uordblks + information.hblkhd
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_uses_processor_time() {
        let before = processor_time();
        let mut sum = 0u64;
        while processor_time() - before < Duration::from_millis(2) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(processor_time() > before);
    }

    #[test]
    fn a_process_has_memory() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 0));
    }
}
