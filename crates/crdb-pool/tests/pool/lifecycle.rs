//! Events, topologies, leaks and settings: what happens around lending.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_pool::{
    AcquireEnd, AcquireOptions, AcquireOutcome, Checked, CloseReason, Closed, Config,
    ConnectFailed, DnsTopology, ErrorKind, Leaked, NodeAddress, Opened, PartialObserver, Pool,
    Released, Reset, SrvTopology, Topology, TopologyError,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep};

use crate::cluster::{Behaviour, Cluster};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, event: String) {
        self.0.lock().unwrap().push(event);
    }
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl PartialObserver for Log {
    fn opened(&self, event: &Opened<'_>) {
        self.add(format!("opened {}", event.took.as_millis()));
    }
    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        self.add(format!("connect_failed {}", event.error));
    }
    fn closed(&self, event: &Closed<'_>) {
        self.add(format!("closed {}", event.reason.as_str()));
    }
    fn acquire_ended(&self, event: &AcquireEnd<'_>) {
        let waited = event.waited.as_millis();
        self.add(match event.outcome {
            AcquireOutcome::Acquired(acquired) => {
                format!("acquired {waited} {}", acquired.checked)
            }
            AcquireOutcome::Failed(kind) => format!("acquire_failed {kind:?} {waited}"),
            outcome => format!("acquire {} {waited}", outcome.as_str()),
        });
    }
    fn released(&self, event: &Released<'_>) {
        self.add(format!("released {}", event.held.as_millis()));
    }
    fn checked(&self, event: &Checked<'_>) {
        self.add(format!("checked {}", event.ok));
    }
    fn reset(&self, event: &Reset<'_>) {
        self.add(format!("reset {}", event.ok));
    }
    fn leaked(&self, event: &Leaked<'_>) {
        self.add(format!(
            "leaked {} {}",
            event.held.as_millis(),
            event.borrowed_at.line()
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn every_step_of_a_session_is_told() {
    let cluster = Cluster::start([1]);
    let log = Arc::new(Log::default());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .observer(log.clone())
        .build()
        .unwrap();
    let mut lease = pool.acquire().await.unwrap();
    sleep(Duration::from_millis(20)).await;
    lease.dirty = true;
    drop(lease);
    sleep(Duration::from_millis(600)).await;
    let lease = pool.acquire().await.unwrap();
    let deadline = Some((Instant::now() + Duration::from_millis(30)).into_std());
    pool.acquire_with(AcquireOptions {
        deadline,
        avoid: None,
    })
    .await
    .unwrap_err();
    lease.discard();
    let expected = [
        "opened 5",
        "acquired 5 false",
        "released 20",
        "reset true",
        "checked true",
        "acquired 1 true",
        "acquire_failed Timeout 30",
        "released 30",
        "closed discarded",
    ];
    let seen = log.take();
    // The idle session may also be looked after in the background meanwhile, which no observer sees.
    assert_eq!(seen, expected);
    cluster.set(1, Behaviour::Killed);
    let deadline = Some((Instant::now() + Duration::from_millis(30)).into_std());
    pool.acquire_with(AcquireOptions {
        deadline,
        avoid: None,
    })
    .await
    .unwrap_err();
    assert!(
        log.take()
            .contains(&"connect_failed connection refused".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_ends_its_acquire_as_dropped() {
    let cluster = Cluster::start([1]);
    let log = Arc::new(Log::default());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .observer(log.clone())
        .build()
        .unwrap();
    let _lease = pool.acquire().await.unwrap();
    log.take();
    let waiting = tokio::time::timeout(Duration::from_millis(30), pool.acquire());
    waiting.await.unwrap_err();
    assert_eq!(log.take(), ["acquire dropped 30"]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_kept_too_long_is_reported_once() {
    let cluster = Cluster::start([1]);
    let log = Arc::new(Log::default());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| config.leak_after(Some(Duration::from_secs(60))))
        .observer(log.clone())
        .build()
        .unwrap();
    let (_lease, line) = (pool.acquire().await.unwrap(), line!());
    drop(pool.acquire().await.unwrap());
    sleep(Duration::from_secs(200)).await;
    let leaks: Vec<_> = log
        .take()
        .into_iter()
        .filter(|event| event.starts_with("leaked"))
        .collect();
    assert_eq!(leaks.len(), 1, "{leaks:?}");
    assert!(
        leaks[0].starts_with("leaked 60") && leaks[0].ends_with(&format!(" {line}")),
        "{leaks:?}"
    );
}

/// Names what it is told to name.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<NodeAddress>>>);

impl Topology for Told {
    async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
        let nodes = self.0.lock().unwrap().clone();
        if nodes.is_empty() {
            Err("the hook was not told".into())
        } else {
            Ok(nodes)
        }
    }
    fn refresh_after(&self) -> Duration {
        Duration::from_secs(5)
    }
}

#[tokio::test(start_paused = true)]
async fn a_topology_is_asked_again_and_again() {
    let cluster = Cluster::start([1, 2]);
    let told = Told::default();
    let pool = Pool::builder(cluster.clone())
        .topology(told.clone())
        .acquire_timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let error = pool.acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(
        error.to_string().contains("the hook was not told"),
        "{error}"
    );

    *told.0.lock().unwrap() = vec![NodeAddress::new("cluster", 1)];
    assert_eq!(pool.acquire().await.unwrap().address().port(), 1);
    *told.0.lock().unwrap() = vec![NodeAddress::new("cluster", 2)];
    sleep(Duration::from_secs(6)).await;
    assert_eq!(pool.acquire().await.unwrap().address().port(), 2);
    assert_eq!(cluster.node(1).open.load(SeqCst), 0);
    // While it fails, what is known stays.
    told.0.lock().unwrap().clear();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(pool.acquire().await.unwrap().address().port(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_name_comes_in_another_spelling_keeps_its_sessions() {
    let cluster = Cluster::start([1]);
    let told = Told::default();
    *told.0.lock().unwrap() = vec![NodeAddress::new("N1.example.org", 1)];
    let pool = Pool::builder(cluster.clone())
        .topology(told.clone())
        .build()
        .unwrap();
    let (first, node) = {
        let lease = pool.acquire().await.unwrap();
        (lease.id, lease.node())
    };
    for spelling in ["n1.example.org", "n1.EXAMPLE.org.", "N1.example.org."] {
        // Twice in one answer as well.
        *told.0.lock().unwrap() = ["n1.example.ORG", spelling]
            .map(|host| NodeAddress::new(host, 1))
            .into();
        sleep(Duration::from_secs(6)).await;
        let lease = pool.acquire().await.unwrap();
        assert_eq!((lease.id, lease.node()), (first, node), "{spelling}");
        assert_eq!(pool.status().nodes.len(), 1, "{spelling}");
    }
}

#[tokio::test]
async fn names_are_looked_up() {
    let nodes = DnsTopology::new("localhost", 26257)
        .with_locality("region=here")
        .nodes()
        .await
        .unwrap();
    assert!(!nodes.is_empty());
    for node in nodes {
        assert_eq!((node.host(), node.port()), ("localhost", 26257));
        assert!(node.ip().unwrap().is_loopback());
        assert_eq!(node.locality().to_string(), "region=here");
    }
    let nowhere = DnsTopology::new("no-such-name.invalid", 1);
    assert!(
        nowhere
            .nodes()
            .await
            .unwrap_err()
            .to_string()
            .contains("no-such-name.invalid")
    );
    // One name that is missing does not hide the others.
    assert!(
        !nowhere
            .and("localhost", 1, "")
            .nodes()
            .await
            .unwrap()
            .is_empty()
    );
}

/// The records of `a.example.org`, `b.example.org` and, as a reserve, `c.example.org`, in answer to a question.
fn records(question: &[u8]) -> Vec<u8> {
    // Without the additional record, which has 11 bytes.
    let mut answer = question[..question.len() - 11].to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[7] = 3;
    answer[11] = 0;
    for (priority, host) in [(1_u8, "a"), (1, "b"), (2, "c")] {
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 10]);
        answer.extend([0, priority, 0, 0, 0x66, 0x91, 1]);
        answer.extend(host.bytes());
        // The rest of the question's name, behind `_sql`.
        answer.extend([0xc0, 12 + 5]);
    }
    answer
}

/// A name server that answers its first question.
async fn name_server() -> std::net::SocketAddr {
    let socket = tokio::net::UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        let (length, client) = socket.recv_from(&mut question).await.unwrap();
        let answer = records(&question[..length]);
        socket.send_to(&answer, client).await.unwrap();
    });
    address
}

/// A name server whose answer does not fit into a datagram.
async fn name_server_at_length() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let socket = tokio::net::UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        let (length, client) = socket.recv_from(&mut question).await.unwrap();
        let mut truncated = question[..length].to_vec();
        truncated[2..4].copy_from_slice(&[0x83, 0x80]);
        socket.send_to(&truncated, client).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let question = &mut question[..usize::from(length)];
        stream.read_exact(question).await.unwrap();
        let answer = records(question);
        stream.write_u16(answer.len() as u16).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    });
    address
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_by_tcp() {
    let server = name_server_at_length().await;
    let topology = SrvTopology::new("_sql.example.org").with_name_servers([server]);
    let nodes = topology.nodes().await.unwrap();
    let hosts: Vec<_> = nodes.iter().map(crdb_pool::NodeAddress::host).collect();
    assert_eq!(hosts, ["a.example.org", "b.example.org"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_is_silent_is_given_up() {
    let silent = tokio::net::UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let servers = [silent.local_addr().unwrap()];
    let topology = SrvTopology::new("_sql.example.org").with_name_servers(servers);
    let error = topology.nodes().await.unwrap_err().to_string();
    assert!(error.contains("no answer within 2s"), "{error}");
}

#[tokio::test]
async fn services_are_looked_up() {
    let topology = SrvTopology::new("_sql.example.org")
        .with_name_servers([name_server().await])
        .with_locality("region=here");
    let nodes = topology.nodes().await.unwrap();
    let found: Vec<_> = nodes
        .iter()
        .map(|node| (node.host(), node.port(), node.locality().to_string()))
        .collect();
    let here = || "region=here".to_owned();
    assert_eq!(
        found,
        [
            ("a.example.org", 0x6691, here()),
            ("b.example.org", 0x6691, here())
        ]
    );
    let none = SrvTopology::new("not a..name").with_name_servers([name_server().await]);
    let error = none.nodes().await.unwrap_err().to_string();
    assert!(
        error.contains("not a..name") && error.contains("not a domain name"),
        "{error}"
    );
}

#[test]
fn mistakes_in_the_settings_are_named_all_at_once() {
    let error = Config::builder()
        .max_size(0)
        .min_size(1)
        .jitter(2.0)
        .check_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    for name in ["max_size must be", "min_size", "jitter", "check_timeout"] {
        assert!(error.to_string().contains(name), "{error}");
    }
    let cluster = Cluster::start([1]);
    let outside = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .build()
        .unwrap_err();
    assert!(outside.to_string().contains("tokio"), "{outside}");
    assert_eq!(CloseReason::NodeOut.as_str(), "node_out");
}
