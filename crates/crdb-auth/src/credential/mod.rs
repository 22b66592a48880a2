//! Where credentials come from.

mod password;

pub use password::Password;
