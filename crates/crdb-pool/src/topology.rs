//! Which nodes there are.

mod dns;
mod srv;

use std::pin::Pin;
use std::time::Duration;

pub use self::dns::DnsTopology;
pub use self::srv::SrvTopology;
use crate::node::NodeAddress;

/// Names the nodes of a cluster; the pool asks again every [`refresh_after`](Self::refresh_after).
///
/// While it fails, the pool keeps the nodes that it knows. An empty list counts as a failure, since a pool without nodes can
/// do nothing but wait. For a list that never changes there is [`PoolBuilder::nodes`](crate::PoolBuilder::nodes).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crdb_pool::{NodeAddress, Topology, TopologyError};
///
/// /// Reads `host:port` lines from a file that another program keeps up to date.
/// struct FromFile(std::path::PathBuf);
///
/// impl Topology for FromFile {
///     async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
///         let text = std::fs::read_to_string(&self.0)?;
///         text.lines()
///             .map(|line| {
///                 let (host, port) = line.rsplit_once(':').ok_or("a line without a port")?;
///                 Ok(NodeAddress::new(host, port.parse()?))
///             })
///             .collect()
///     }
///     fn refresh_after(&self) -> Duration {
///         Duration::from_secs(30)
///     }
/// }
/// ```
pub trait Topology: Send + Sync + 'static {
    /// The nodes as they are now. Bounded by [`connect_timeout`](crate::ConfigBuilder::connect_timeout), and dropped then.
    fn nodes(&self) -> impl Future<Output = Result<Vec<NodeAddress>, TopologyError>> + Send;

    /// How long a list stays good. The pool asks sooner after a failure.
    fn refresh_after(&self) -> Duration;
}

/// Why the nodes could not be named.
pub type TopologyError = Box<dyn std::error::Error + Send + Sync>;

type NodesFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<NodeAddress>, TopologyError>> + Send + 'a>>;

/// [`Topology`] behind a pointer.
pub(crate) trait DynTopology: Send + Sync {
    fn nodes(&self) -> NodesFuture<'_>;
    fn refresh_after(&self) -> Duration;
}

impl<T: Topology> DynTopology for T {
    fn nodes(&self) -> NodesFuture<'_> {
        Box::pin(Topology::nodes(self))
    }

    fn refresh_after(&self) -> Duration {
        Topology::refresh_after(self)
    }
}
