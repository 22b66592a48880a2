//! Which CockroachDB the proxy speaks like.

/// A release whose habits the proxy can have. Later releases have the habits of the newest one named here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CockroachVersion {
    /// v22.1, the oldest that is supported.
    V22_1,
    /// v23.1.
    V23_1,
    /// v25.2, the default.
    #[default]
    V25_2,
}

impl CockroachVersion {
    /// What `SELECT version()` and `crdb_version` answer. The build date is made up.
    #[must_use]
    pub fn banner(self) -> &'static str {
        match self {
            Self::V22_1 => {
                "CockroachDB CCL v22.1.22 (x86_64-pc-linux-gnu, built 2023/08/14 14:47:26, go1.17.11)"
            }
            Self::V23_1 => {
                "CockroachDB CCL v23.1.30 (x86_64-pc-linux-gnu, built 2024/11/18 17:31:37, go1.22.8 X:nocoverageredesign)"
            }
            Self::V25_2 => {
                "CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/04 15:19:22, go1.23.7 X:nocoverageredesign)"
            }
        }
    }

    /// The `v22.1` of documentation links.
    pub(super) fn series(self) -> &'static str {
        match self {
            Self::V22_1 => "v22.1",
            Self::V23_1 => "v23.1",
            Self::V25_2 => "v25.2",
        }
    }

    /// `autocommit_before_ddl` is on by default since v25.1: COMMIT and ROLLBACK outside a transaction only warn
    /// (cockroach#118440), and DDL in a transaction commits what came before it.
    pub(super) fn commits_before_ddl(self) -> bool {
        self >= Self::V25_2
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

    /// UNLISTEN is a no-op since v22.2 (cockroach#86772).
    pub(super) fn knows_unlisten(self) -> bool {
        self >= Self::V23_1
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
