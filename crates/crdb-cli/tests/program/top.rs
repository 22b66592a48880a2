//! `crdb top`, on an endpoint.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::bed::Bed;

/// An endpoint that answers each request for this path with the next of these texts, the last one again and again.
pub(crate) fn endpoint(path: &'static str, texts: Vec<String>) -> String {
    let mut texts = texts.into_iter();
    let mut last = String::new();
    answering(move |asked| {
        assert_eq!(asked, path);
        last = texts.next().unwrap_or_else(|| last.clone());
        last.clone()
    })
}

/// An endpoint that answers each request by its path.
pub(crate) fn answering(mut answer: impl FnMut(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = request.next().unwrap().unwrap();
            let path = first
                .strip_prefix("GET ")
                .unwrap()
                .strip_suffix(" HTTP/1.1")
                .unwrap();
            while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let text = answer(path);
            let length = text.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
            )
            .unwrap();
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_what_happened_meanwhile() {
    let text = |calls: u64| {
        format!(
            "crdb_exec_statement_seconds_count{{query=\"accounts.get\",outcome=\"ok\"}} {calls}\n\
             crdb_pool_node_in_rotation{{node=\"n1:26257\"}} 1\n# EOF\n"
        )
    };
    let bed = Bed::bare();
    let url = endpoint("/metrics", vec![text(10), text(40), text(40)]);
    let ran = bed
        .run(&["top", &url, "--every", "50ms", "--times", "2", "--json"])
        .await
        .ended(0);
    let looks: Vec<serde_json::Value> = ran
        .out()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0]["statements"][0]["query"], "accounts.get");
    assert!(
        looks[0]["statements"][0]["calls_per_second"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert_eq!(
        looks[1]["statements"],
        serde_json::json!([]),
        "nothing happened"
    );
    assert_eq!(looks[1]["nodes"][0]["in_rotation"], true);
    // Nothing listens there.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = bed
        .run(&["top", &format!("http://{closed}"), "--every", "10ms"])
        .await
        .ended(3);
    assert!(ran.err().contains("/metrics"), "{}", ran.err());
    assert!(
        ran.err().contains("observe.endpoint.listen"),
        "{}",
        ran.err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_looks_where_a_service_with_this_configuration_listens() {
    let bed = Bed::bare();
    let url = endpoint(
        "/metrics",
        vec!["crdb_pool_node_in_rotation{node=\"n7:26257\"} 1\n# EOF\n".to_owned()],
    );
    let address = url.strip_prefix("http://").unwrap();
    bed.file(
        "crdb.yaml",
        format!("observe: {{ endpoint: {{ listen: '{address}' }} }}\n"),
    );
    let ran = bed.run(&["top", "--every", "10ms", "--times", "1", "--json"]);
    let ran = ran.await.ended(0);
    assert!(ran.out().contains("n7:26257"), "{}", ran.out());
    // A setting of the command line is stronger than the file.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = closed.local_addr().unwrap();
    let set = format!("observe.endpoint.listen={closed}");
    let ran = bed.run(&["top", "--set", &set]).await.ended(3);
    assert!(ran.err().contains(&closed.to_string()), "{}", ran.err());
}
