//! Names of error kinds, as labels and fields spell them.

use std::fmt::Debug;

/// `TooManyWaiters` as `too_many_waiters`.
///
/// The layers' kinds are fieldless enums, whose `Debug` form is the name of the variant.
pub(crate) fn name(kind: impl Debug) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{kind:?}").chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    #[derive(Debug)]
    enum Kind {
        Timeout,
        TooManyWaiters,
    }

    #[test]
    fn kinds_are_spelled_as_labels_are() {
        assert_eq!(super::name(Kind::Timeout), "timeout");
        assert_eq!(super::name(Kind::TooManyWaiters), "too_many_waiters");
    }
}
