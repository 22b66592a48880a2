//! Servers that break the protocol: the connection ends with an error, at once and in bounded memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_wire::{
    Cleanliness, Config, End, Ended, ErrorKind, Notification, Observer, PartialObserver,
    ServerError, Written,
};
use proptest::prelude::*;
use tokio::time::timeout;

use crate::stream::{Last, Script, complete, message, prepared, ready, row};

/// A bound for hangs: no answer takes this long, however busy the cores are.
const HANGS: Duration = Duration::from_secs(60);

fn violation(error: &crdb_wire::Error) -> &'static str {
    match error.answer().end() {
        Some(End::Protocol(what)) => what,
        end => panic!("the protocol was not broken: {end:?}"),
    }
}

#[tokio::test]
async fn a_simple_reply_out_of_order_ends_the_connection() {
    let done = complete("SELECT 1");
    for reply in [
        ready(b'I'),
        ready(b'?'),
        message(b'Z', b""),
        [done.clone(), message(b'Z', b"II")].concat(),
        row(1),
        [done.clone(), row(1)].concat(),
        message(b'T', b"\0\x05a\0"),
        message(b'T', b"\xff\xff"),
        message(b'C', b"no end"),
        message(b'2', b""),
        message(b's', b""),
        message(b'W', b"\0\0\0"),
        message(b'R', b"\0\0\0\0"),
        message(b'K', &[0; 8]),
        message(b'!', b""),
        message(b'S', b"no value\0"),
        message(b'A', b"\0\0"),
        b"C\0\0\0\x03".to_vec(),
        b"C\xff\xff\xff\xff".to_vec(),
        b"D\x7f\xff\xff\xff".to_vec(),
        b"E\x7f\xff\xff\xff".to_vec(),
    ] {
        let session = Script::answering(reply.clone(), Last::Silent).session();
        let error = session.simple("SELECT 1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{reply:?}");
        assert_eq!(error.answer().written(), Written::Wholly);
        violation(&error);
        assert_eq!(session.end_loan(), Cleanliness::Broken);
    }
}

#[tokio::test]
async fn rows_that_are_not_as_described_end_the_connection() {
    let bound = message(b'2', b"");
    for reply in [
        message(b'D', b"\0\0"),
        message(b'D', b"\0\x02\0\0\0\0\0\0\0\0"),
        message(b'D', b"\0\x01\0\0\0\x09x"),
        message(b'D', b"\0\x01\xff\xff\xff\xfe"),
        message(b'D', b""),
        [row(1), message(b'2', b"")].concat(),
        [row(1), ready(b'I')].concat(),
        [complete("SELECT 0"), complete("SELECT 0")].concat(),
    ] {
        let script = Script::new(
            vec![
                (1, prepared()),
                (60, [bound.clone(), reply.clone()].concat()),
            ],
            Last::Silent,
        );
        let session = script.session();
        let error = session.fetch_all("SELECT a FROM t", &[]).await.unwrap_err();
        violation(&error);
    }
}

#[tokio::test]
async fn an_answer_to_nothing_ends_the_connection() {
    for unasked in [ready(b'I'), complete("COMMIT"), row(1), message(b'1', b"")] {
        let session = Script::new(vec![(0, unasked)], Last::Silent).session();
        let error = session.simple("SELECT 1").await.unwrap_err();
        assert_eq!(error.answer().written(), Written::Not);
        violation(&error);
    }
}

#[tokio::test]
async fn messages_have_bounds() {
    let row = message(b'D', &[&[0, 1, 0, 0, 8, 0][..], &[0; 2048]].concat());
    let script = Script::new(
        vec![(1, prepared()), (60, [message(b'2', b""), row].concat())],
        Last::Silent,
    );
    let session = script.session_with(Config::default().max_row(1024));
    violation(&session.fetch_all("SELECT a FROM t", &[]).await.unwrap_err());

    let error = message(b'E', &[&b"SERROR\0M"[..], &[b'x'; 2048], b"\0\0"].concat());
    let session =
        Script::answering(error, Last::Silent).session_with(Config::default().max_message(1024));
    violation(&session.simple("SELECT 1").await.unwrap_err());
}

#[tokio::test]
async fn notices_and_parameters_without_end_end_the_connection() {
    let notices = message(b'N', b"\0").repeat((1 << 20) + 1);
    let session = Script::answering(notices, Last::Silent).session();
    violation(&session.simple("SELECT 1").await.unwrap_err());

    let parameters: Vec<u8> = (0..1000)
        .flat_map(|number| message(b'S', format!("p{number}\0v\0").as_bytes()))
        .collect();
    let session = Script::answering(parameters, Last::Silent).session();
    violation(&session.simple("SELECT 1").await.unwrap_err());
}

/// A server that says it is ready before it can have read the refusal of its COPY breaks the protocol. Its caller waited for ever.
#[tokio::test]
async fn a_ready_before_the_refusal_of_a_copy_ends_the_session() {
    for piece in [1, usize::MAX] {
        let reply = [
            message(b'2', b""),
            message(b'G', b"\0\0\0"),
            complete("COPY 0"),
            ready(b'I'),
        ]
        .concat();
        let script = Script::new(vec![(1, prepared()), (60, reply)], Last::Silent);
        let session = script.in_pieces(piece).session();
        let answered = timeout(HANGS, session.fetch_all("SELECT a FROM t", &[])).await;
        violation(&answered.expect("an answer").unwrap_err());
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl PartialObserver for Heard {
    fn notice(&self, notice: &ServerError) {
        self.0
            .lock()
            .unwrap()
            .push(format!("notice {}", notice.message()));
    }

    fn notification(&self, notification: &Notification<'_>) {
        let text = format!("{} {}", notification.channel, notification.payload);
        self.0.lock().unwrap().push(text);
    }

    fn ended(&self, event: &Ended<'_>) {
        self.0.lock().unwrap().push(event.end.to_string());
    }
}

#[tokio::test]
async fn what_comes_unasked_is_taken_between_any_two_messages() {
    let unasked = [
        message(b'N', b"Mhello\0\0"),
        message(b'S', b"TimeZone\0UTC\0"),
        message(b'A', b"\0\0\0\x07news\0today\0"),
    ]
    .concat();
    let parts = [
        message(b'2', b""),
        row(1),
        row(2),
        complete("SELECT 2"),
        ready(b'I'),
    ];
    let reply: Vec<u8> = parts
        .iter()
        .flat_map(|part| [&unasked[..], part].concat())
        .collect();
    let heard = Arc::new(Heard::default());
    let script = Script::new(vec![(1, prepared()), (60, reply)], Last::Silent).in_pieces(11);
    let session =
        script.session_with(Config::default().observer(Arc::clone(&heard) as Arc<dyn Observer>));
    assert_eq!(
        session
            .fetch_all("SELECT a FROM t", &[])
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(session.parameter("TimeZone").as_deref(), Some("UTC"));
    let heard = heard.0.lock().unwrap();
    assert_eq!(
        heard.iter().filter(|text| *text == "notice hello").count(),
        5
    );
    assert_eq!(heard.iter().filter(|text| *text == "news today").count(), 5);
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..24);
    let tag = prop::sample::select(b"123tTnDCIGHdcsESNAZWKR?".to_vec());
    let any = (tag, body).prop_map(|(tag, body)| message(tag, &body));
    let plausible = prop::sample::select(vec![
        message(b'2', b""),
        row(1),
        complete("SELECT 1"),
        ready(b'I'),
        ready(b'E'),
        message(b'E', b"SERROR\0C42601\0Msyntax\0\0"),
        message(b'G', b"\0\0\0"),
        message(b'H', b"\0\0\0"),
        [message(b'G', b"\0\0\0"), complete("COPY 1"), ready(b'I')].concat(),
        message(b'd', b"data"),
        message(b'c', b""),
        b"Z\0\0".to_vec(),
    ]);
    proptest::collection::vec(prop_oneof![any, plausible], 0..12).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_reply_ends_in_an_answer(simple in messages(), run in messages(), piece in 1_usize..40) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answered = async {
            let session = Script::answering(simple, Last::Closed).in_pieces(piece).session();
            let (first, second) = tokio::join!(session.simple("SELECT 1"), session.simple("SELECT 2"));
            for answer in [first, second].map(|result| result.unwrap_or_else(crdb_wire::Error::into_answer)) {
                assert!(answer.status().is_some() || answer.end().is_some());
            }
            let script = Script::new(vec![(1, prepared()), (60, run)], Last::Closed).in_pieces(piece);
            let session = script.session();
            if let Err(error) = session.fetch_all("SELECT a FROM t", &[]).await {
                assert!(error.answer().status().is_some() || error.answer().end().is_some());
            }
        };
        let ended = runtime.block_on(async { timeout(HANGS, answered).await });
        prop_assert!(ended.is_ok(), "a caller waits for ever");
    }
}
