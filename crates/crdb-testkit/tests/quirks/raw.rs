//! A client made of bytes: it shares no code with the proxy and none with a driver, so that they cannot share a mistake.

use std::time::Duration;

use crdb_testkit::{Database, Engine, Login, QuirksOptions, QuirksProxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long silence must last to count as silence.
const SILENCE: Duration = Duration::from_millis(200);

/// A session that `trust_user` opened without TLS.
pub struct Raw {
    pub stream: TcpStream,
    /// What the server said when the session began.
    pub greeting: Vec<String>,
    /// BackendKeyData.
    pub key: Vec<u8>,
}

/// A proxy with a database of its own behind it.
pub async fn proxy(options: QuirksOptions) -> (QuirksProxy, Database) {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    (QuirksProxy::start(engine, options).await.unwrap(), database)
}

/// As [`proxy`], with a session and an empty table `tr`.
pub async fn session(options: QuirksOptions) -> (QuirksProxy, Database, Raw) {
    let (proxy, database) = proxy(options).await;
    let mut raw = Raw::connect(proxy.port(), database.name()).await;
    raw.query("CREATE TABLE tr (id INT8 PRIMARY KEY, v INT8, s TEXT)")
        .await;
    (proxy, database, raw)
}

/// Waits until `condition` holds of a row of PostgreSQL's `pg_stat_activity` for this database, which the server behind the proxy is asked.
pub async fn until_a_session(database: &Database, condition: &str) {
    let sql = format!(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
    );
    let engine = Engine::shared_postgres().await;
    let asking = async {
        while engine
            .execute_in(database.name(), &sql)
            .await
            .unwrap()
            .as_deref()
            != Some("t")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .expect("what was waited for did not happen");
}

pub fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for (name, value) in parameters {
        body.extend_from_slice(name.as_bytes());
        body.push(0);
        body.extend_from_slice(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    untyped(&body)
}

pub fn untyped(body: &[u8]) -> Vec<u8> {
    let mut message = u32::try_from(body.len() + 4)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    message.extend_from_slice(body);
    message
}

pub fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend_from_slice(&untyped(body));
    message
}

fn zero_ended(texts: &[&str]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .collect()
}

pub fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &zero_ended(&[sql]))
}

pub fn parse(name: &str, sql: &str) -> Vec<u8> {
    let mut body = zero_ended(&[name, sql]);
    body.extend_from_slice(&[0, 0]);
    message(b'P', &body)
}

/// Text parameters, text results.
pub fn bind(portal: &str, statement: &str, values: &[&str]) -> Vec<u8> {
    let mut body = zero_ended(&[portal, statement]);
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&u16::try_from(values.len()).unwrap().to_be_bytes());
    for value in values {
        body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value.as_bytes());
    }
    body.extend_from_slice(&[0, 0]);
    message(b'B', &body)
}

pub fn describe_statement(name: &str) -> Vec<u8> {
    message(b'D', &[b"S", zero_ended(&[name]).as_slice()].concat())
}

pub fn close_portal(name: &str) -> Vec<u8> {
    message(b'C', &[b"P", zero_ended(&[name]).as_slice()].concat())
}

pub fn execute(portal: &str, rows: u32) -> Vec<u8> {
    let mut body = zero_ended(&[portal]);
    body.extend_from_slice(&rows.to_be_bytes());
    message(b'E', &body)
}

pub fn sync() -> Vec<u8> {
    message(b'S', &[])
}

pub fn flush() -> Vec<u8> {
    message(b'H', &[])
}

/// Parse, Bind, Execute of one statement, without a Sync.
pub fn run(sql: &str) -> Vec<u8> {
    [parse("", sql), bind("", "", &[]), execute("", 0)].concat()
}

impl Raw {
    pub async fn connect(port: u16, database: &str) -> Self {
        Self::connect_with(
            port,
            &[("user", Login::Trust.user()), ("database", database)],
        )
        .await
        .unwrap()
    }

    /// Logs in; what the server said instead when it refused.
    pub async fn connect_with(port: u16, parameters: &[(&str, &str)]) -> Result<Self, Vec<String>> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut raw = Self {
            stream,
            greeting: Vec::new(),
            key: Vec::new(),
        };
        raw.send(&startup(parameters)).await;
        raw.greeting = raw.answers(1).await;
        match raw.greeting.last() {
            Some(last) if last.starts_with("ReadyForQuery") => Ok(raw),
            _ => Err(raw.greeting),
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a Query and reads its answer.
    pub async fn query(&mut self, sql: &str) -> Vec<String> {
        self.exchange(&query(sql)).await
    }

    /// Sends `bytes` and reads up to the next ReadyForQuery.
    pub async fn exchange(&mut self, bytes: &[u8]) -> Vec<String> {
        self.send(bytes).await;
        self.answers(1).await
    }

    /// Reads up to the nth ReadyForQuery, or to the end of the stream, which is shown as `closed` or `reset`.
    pub async fn answers(&mut self, readies: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while lines
            .iter()
            .filter(|line| line.starts_with("ReadyForQuery"))
            .count()
            < readies
        {
            match tokio::time::timeout(PATIENCE, self.next())
                .await
                .expect("the server is silent")
            {
                Some(line) => lines.push(line),
                None => break,
            }
            if lines
                .last()
                .is_some_and(|last| last == "closed" || last == "reset")
            {
                break;
            }
        }
        lines
    }

    /// Reads one message and writes it down; none for those that no test looks at.
    async fn next(&mut self) -> Option<String> {
        loop {
            let mut header = [0; 5];
            match self.stream.read_exact(&mut header).await {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Some("closed".to_owned());
                }
                Err(_) => return Some("reset".to_owned()),
            }
            let length = u32::from_be_bytes(header[1..].try_into().unwrap()) as usize - 4;
            let mut body = vec![0; length];
            if self.stream.read_exact(&mut body).await.is_err() {
                return Some("closed".to_owned());
            }
            if header[0] == b'K' {
                self.key.clone_from(&body);
                continue;
            }
            return Some(describe(header[0], &body));
        }
    }

    /// One message, however long it takes.
    pub async fn one(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.next())
            .await
            .expect("the server is silent")
            .unwrap()
    }

    pub async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.stream.peek(&mut [0]))
            .await
            .is_err()
    }
}

fn texts(body: &[u8]) -> Vec<String> {
    body.split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}

fn describe(tag: u8, body: &[u8]) -> String {
    match tag {
        b'R' => format!(
            "Authentication {}",
            u32::from_be_bytes(body[..4].try_into().unwrap())
        ),
        b'S' => format!("ParameterStatus {}={}", texts(body)[0], texts(body)[1]),
        b'C' => format!("CommandComplete '{}'", texts(body)[0]),
        b'Z' => format!("ReadyForQuery {}", char::from(body[0])),
        b'1' => "ParseComplete".to_owned(),
        b'2' => "BindComplete".to_owned(),
        b'3' => "CloseComplete".to_owned(),
        b'n' => "NoData".to_owned(),
        b's' => "PortalSuspended".to_owned(),
        b'I' => "EmptyQueryResponse".to_owned(),
        b't' => "ParameterDescription".to_owned(),
        b'G' => format!("CopyInResponse format={}", body[0]),
        b'H' => format!("CopyOutResponse format={}", body[0]),
        b'd' => format!("CopyData {}", String::from_utf8_lossy(body).trim_end()),
        b'c' => "CopyDone".to_owned(),
        b'T' => format!("RowDescription {}", column_names(body)),
        b'D' => format!("DataRow {}", row(body)),
        b'E' | b'N' => failure(
            if tag == b'E' {
                "ErrorResponse"
            } else {
                "NoticeResponse"
            },
            body,
        ),
        other => format!("message {}", char::from(other)),
    }
}

fn failure(kind: &str, body: &[u8]) -> String {
    let fields = texts(body);
    let field = |letter: char| fields.iter().find_map(|field| field.strip_prefix(letter));
    let mut line = format!(
        "{kind} {} {} '{}'",
        field('S').unwrap_or_default(),
        field('C').unwrap_or_default(),
        field('M').unwrap_or_default()
    );
    for (letter, name) in [('D', "detail"), ('H', "hint"), ('n', "constraint")] {
        if let Some(value) = field(letter) {
            line.push_str(&format!(" {name}={value:?}"));
        }
    }
    line
}

fn column_names(body: &[u8]) -> String {
    let count = u16::from_be_bytes([body[0], body[1]]);
    let mut rest = &body[2..];
    let mut names = Vec::new();
    for _ in 0..count {
        let end = rest.iter().position(|byte| *byte == 0).unwrap();
        let oid = u32::from_be_bytes(rest[end + 7..end + 11].try_into().unwrap());
        names.push(format!("{}:{oid}", String::from_utf8_lossy(&rest[..end])));
        rest = &rest[end + 19..];
    }
    names.join(", ")
}

fn row(body: &[u8]) -> String {
    let count = u16::from_be_bytes([body[0], body[1]]);
    let mut rest = &body[2..];
    let mut values = Vec::new();
    for _ in 0..count {
        let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
        rest = &rest[4..];
        let Ok(length) = usize::try_from(length) else {
            values.push("NULL".to_owned());
            continue;
        };
        values.push(String::from_utf8_lossy(&rest[..length]).into_owned());
        rest = &rest[length..];
    }
    values.join(" | ")
}
