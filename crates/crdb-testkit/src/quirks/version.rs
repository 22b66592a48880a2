//! Which CockroachDB the proxy speaks like.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// A release whose habits the proxy can have. A release in between has the habits of the older neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CockroachVersion {
    /// v21.2 as it was in May 2021, of which recorded answers of a real server are there. It is not supported: tests ask by it what
    /// becomes of a server that is too old, and [`ALL`](Self::ALL) leaves it out.
    V21_2,
    /// v22.1, the oldest that is supported.
    V22_1,
    /// v22.2.
    V22_2,
    /// v23.1.
    V23_1,
    /// v24.1.
    V24_1,
    /// v25.2.
    V25_2,
    /// v25.4.
    V25_4,
    /// v26.2, the default.
    #[default]
    V26_2,
}

impl CockroachVersion {
    /// Every release that is supported, the oldest first.
    pub const ALL: [Self; 7] = [
        Self::V22_1,
        Self::V22_2,
        Self::V23_1,
        Self::V24_1,
        Self::V25_2,
        Self::V25_4,
        Self::V26_2,
    ];

    /// What `SELECT version()` and `crdb_version` answer. The build date is made up.
    #[must_use]
    pub fn banner(self) -> &'static str {
        match self {
            Self::V21_2 => {
                "CockroachDB CCL v21.2.0-alpha.20210513 (x86_64-linux-gnu, built 2021/05/13 09:25:46, go1.15.11)"
            }
            Self::V22_1 => {
                "CockroachDB CCL v22.1.22 (x86_64-pc-linux-gnu, built 2023/08/14 14:47:26, go1.17.11)"
            }
            Self::V22_2 => {
                "CockroachDB CCL v22.2.19 (x86_64-pc-linux-gnu, built 2024/01/22 17:17:29, go1.19.10)"
            }
            Self::V23_1 => {
                "CockroachDB CCL v23.1.30 (x86_64-pc-linux-gnu, built 2024/11/18 17:31:37, go1.22.8 X:nocoverageredesign)"
            }
            Self::V24_1 => {
                "CockroachDB CCL v24.1.20 (x86_64-pc-linux-gnu, built 2025/06/23 13:05:04, go1.22.8 X:nocoverageredesign)"
            }
            Self::V25_2 => {
                "CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/04 15:19:22, go1.23.7 X:nocoverageredesign)"
            }
            Self::V25_4 => {
                "CockroachDB CCL v25.4.1 (x86_64-pc-linux-gnu, built 2025/12/08 13:24:51, go1.23.12 X:nocoverageredesign)"
            }
            Self::V26_2 => {
                "CockroachDB CCL v26.2.1 (x86_64-pc-linux-gnu, built 2026/05/20 12:11:08, go1.25.5)"
            }
        }
    }

    /// The `v22.1` of documentation links and of [`FromStr`].
    #[must_use]
    pub fn series(self) -> &'static str {
        match self {
            Self::V21_2 => "v21.2",
            Self::V22_1 => "v22.1",
            Self::V22_2 => "v22.2",
            Self::V23_1 => "v23.1",
            Self::V24_1 => "v24.1",
            Self::V25_2 => "v25.2",
            Self::V25_4 => "v25.4",
            Self::V26_2 => "v26.2",
        }
    }

    /// Sessions have a key by which they are cancelled.
    pub(super) fn has_cancel_keys(self) -> bool {
        self >= Self::V22_1
    }

    /// `SET LOCAL` is known (cockroach#32562).
    pub(super) fn knows_set_local(self) -> bool {
        self >= Self::V22_1
    }

    /// `DECLARE` and `RESET role` are known, and `RESET ALL`.
    pub(super) fn knows_cursors_and_resets(self) -> bool {
        self >= Self::V22_1
    }

    /// Primary keys are called `TABLE_pkey` and a wrong password is 28P01; before, `primary` and XXUUU.
    pub(super) fn names_keys_and_passwords(self) -> bool {
        self >= Self::V22_1
    }

    /// The code of BEGIN in a transaction. It had none in v22.
    pub(super) fn begun_twice(self) -> &'static str {
        if self >= Self::V23_1 {
            "25001"
        } else {
            "XXUUU"
        }
    }

    /// The code of COMMIT and ROLLBACK outside a transaction (cockroach#126003). It had none in v22.
    pub(super) fn not_begun(self) -> &'static str {
        if self >= Self::V23_1 {
            "25P01"
        } else {
            "XXUUU"
        }
    }

    /// `COMMIT AND CHAIN` and its relatives are known (cockroach#164403).
    pub(super) fn chains(self) -> bool {
        self >= Self::V26_2
    }

    /// READ COMMITTED is not raised to SERIALIZABLE.
    pub(super) fn reads_committed(self) -> bool {
        self >= Self::V24_1
    }

    /// SHOW COMMIT TIMESTAMP is known.
    pub(super) fn shows_commit_timestamp(self) -> bool {
        self >= Self::V23_1
    }

    /// COPY TO STDOUT is known, as text and CSV.
    pub(super) fn copies_out(self) -> bool {
        self >= Self::V23_1
    }

    /// Cursors WITH HOLD are refused at once; later releases refuse them at COMMIT (cockroach#94127) or support them
    /// (cockroach#141943).
    pub(super) fn refuses_holdable_cursors(self) -> bool {
        self < Self::V23_1
    }

    /// Triggers are known since v24.3 (cockroach#28296).
    pub(super) fn has_triggers(self) -> bool {
        self >= Self::V25_2
    }

    /// What is an experiment has the code XCEXF; before, 0A000.
    pub(super) fn has_codes_of_experiments(self) -> bool {
        self >= Self::V26_2
    }

    /// A version 3.2 of the protocol is answered with the one that the server speaks, since v26.1 (cockroach#158636).
    pub(super) fn negotiates_protocol(self) -> bool {
        self >= Self::V26_2
    }

    /// UNLISTEN is a no-op since v22.2 (cockroach#86772).
    pub(super) fn knows_unlisten(self) -> bool {
        self >= Self::V22_2
    }

    /// After an error in the extended protocol a Query is discarded like everything else up to the next Sync; before
    /// it ended the batch (cockroach#103936).
    pub(super) fn discards_queries(self) -> bool {
        self >= Self::V22_2
    }

    /// The tag of SHOW has no number of rows any more.
    pub(super) fn show_tag(self) -> &'static str {
        if self >= Self::V22_2 {
            "SHOW"
        } else {
            "SHOW 1"
        }
    }

    /// How much of an answer gathers before it is sent on (`sql.defaults.results_buffer.size`).
    pub(super) fn results_buffer(self) -> usize {
        if self >= Self::V24_1 {
            512 << 10
        } else {
            16 << 10
        }
    }

    /// "cached plan must not change result type" is the answer to Bind; before it came after BindComplete
    /// (cockroach#164406).
    pub(super) fn checks_plans_at_bind(self) -> bool {
        self >= Self::V26_2
    }

    /// The message when a second portal is used while one is open.
    pub(super) fn second_portal_message(self) -> &'static str {
        if self >= Self::V23_1 {
            "unimplemented: multiple active portals not supported, please set session variable \
             multiple_active_portals_enabled to true. Note: this feature is in preview"
        } else {
            "unimplemented: multiple active portals not supported"
        }
    }

    /// The command tag of DISCARD ALL.
    pub(super) fn discard_tag(self) -> &'static str {
        if self >= Self::V23_1 {
            "DISCARD ALL"
        } else {
            "DISCARD"
        }
    }
}

impl fmt::Display for CockroachVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.series())
    }
}

/// Reads `v25.2` or `25.2`.
impl FromStr for CockroachVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wanted = text.trim_start_matches('v');
        std::iter::once(Self::V21_2)
            .chain(Self::ALL)
            .find(|version| version.series().trim_start_matches('v') == wanted)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|version| version.series()).collect();
                let message = format!("{text:?} is not a release: use {}", known.join(", "));
                Error::new(ErrorKind::InvalidInput, message)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_as_it_is_written() {
        for version in CockroachVersion::ALL {
            assert_eq!(
                version.to_string().parse::<CockroachVersion>().ok(),
                Some(version)
            );
            assert!(
                version.banner().contains(&format!(" {version}.")),
                "{version}"
            );
        }
        assert_eq!(
            "25.2".parse::<CockroachVersion>().ok(),
            Some(CockroachVersion::V25_2)
        );
        assert_eq!(
            "v21.2".parse::<CockroachVersion>().ok(),
            Some(CockroachVersion::V21_2)
        );
        assert!("v19.1".parse::<CockroachVersion>().is_err());
    }
}
