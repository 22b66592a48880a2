//! P6: a table of a million rows to Arrow and Parquet, beside what data scientists take and the server's own COPY.

mod data;
mod limit;
mod peer;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    server::Server,
    wide,
};
use data::{DataExport, Kind};
use limit::CopyOut;
use peer::{Reader, Readers};

/// Seconds for a million rows to Arrow.
const SECONDS: f64 = 0.85;
/// Memory that an export may take beyond what it found, in MiB.
const FLAT: f64 = 32.0;
/// The number of rows that [`SECONDS`] is about.
const MILLION: i64 = 1_000_000;

/// The row.
#[derive(Debug)]
pub(super) struct Exports;

impl Row for Exports {
    fn heading(&self) -> Heading {
        headings::EXPORT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?.ours()?;
            let rows = wide::rows(settings);
            wide::create_filled(&server, rows).await?;
            let readers = Readers::prepare(&server, rows).await?;
            let subject = DataExport::ARROW;
            let mut targets = vec![Target {
                subject,
                metric: "memory",
                bound: Bound::AtMost(FLAT),
            }];
            if rows == MILLION {
                targets.push(Target {
                    subject,
                    metric: "time",
                    bound: Bound::AtMost(SECONDS),
                });
            }
            Ok(vec![Case {
                name: format!("{rows} rows"),
                metrics: vec![
                    Metric::lower("time", "s"),
                    Metric::lower("memory", "MiB more at most"),
                ],
                targets,
                rounds: 5,
                subjects: vec![
                    Box::new(DataExport::connect(&server, Kind::Arrow, rows).await?),
                    Box::new(DataExport::connect(&server, Kind::Parquet, rows).await?),
                    Box::new(Reader::connectorx(&readers)),
                    Box::new(Reader::adbc(&readers)),
                    Box::new(CopyOut::new(&server)),
                ],
            }])
        }
        .boxed()
    }
}
