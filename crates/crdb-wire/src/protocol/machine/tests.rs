use proptest::prelude::*;

use super::*;

type Message = (u8, Vec<u8>);

/// What one statement's reply looks like.
#[derive(Debug, Clone)]
enum Reply {
    Rows { columns: u16 },
    Command,
    Empty,
    CopyOut { pieces: usize },
    CopyIn,
}

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    let reply = prop_oneof![
        (0_u16..4).prop_map(|columns| Reply::Rows { columns }),
        Just(Reply::Command),
        Just(Reply::Empty),
        (0_usize..3).prop_map(|pieces| Reply::CopyOut { pieces }),
        Just(Reply::CopyIn),
    ];
    proptest::collection::vec(reply, 1..5)
}

fn tag(number: usize) -> Vec<u8> {
    format!("INSERT 0 {number}\0").into_bytes()
}

/// The messages of one statement's reply. Rows are left out: the machine only counts them.
fn messages(number: usize, reply: &Reply, simple: bool) -> Vec<Message> {
    let complete = (b'C', tag(number));
    match reply {
        Reply::Rows { columns } if simple => {
            vec![(b'T', columns.to_be_bytes().to_vec()), complete]
        }
        Reply::Rows { .. } | Reply::Command => vec![complete],
        Reply::Empty => vec![(b'I', vec![])],
        Reply::CopyOut { pieces } => {
            let mut out = vec![(b'H', vec![0, 0, 0])];
            out.extend(vec![(b'd', vec![7]); *pieces]);
            out.extend([(b'c', vec![]), complete]);
            out
        }
        Reply::CopyIn => vec![(b'G', vec![0, 0, 0]), complete],
    }
}

/// A request of these statements, and the messages that answer it, without ReadyForQuery.
fn conversation(replies: &[Reply], simple: bool) -> (Shape, Vec<Message>) {
    let mut steps = Steps::new();
    let mut out = Vec::new();
    for (number, reply) in replies.iter().enumerate() {
        if !simple {
            let columns = match reply {
                Reply::Rows { columns } => *columns,
                _ => 0,
            };
            steps.extend([
                Step::Close,
                Step::Parse,
                Step::Describe,
                Step::Bind,
                Step::Execute { columns },
            ]);
            out.extend([
                (b'3', vec![]),
                (b'1', vec![]),
                (b't', vec![0, 0]),
                (b'n', vec![]),
                (b'2', vec![]),
            ]);
        }
        out.extend(messages(number, reply, simple));
    }
    let shape = if simple {
        Shape::Simple
    } else {
        Shape::Extended(steps)
    };
    (shape, out)
}

fn expected_tags(messages: &[Message]) -> Vec<CommandTag> {
    messages
        .iter()
        .filter(|(tag, _)| *tag == b'C')
        .map(|(_, body)| CommandTag::new(&body[..body.len() - 1]))
        .collect()
}

fn feed(machine: &mut Machine, messages: &[Message]) -> Result<(), Violation> {
    for (tag, body) in messages {
        machine.on(*tag, body)?;
    }
    Ok(())
}

const ERROR: &[u8] = b"SERROR\0C23505\0Mduplicate\0\0";

proptest! {
    #[test]
    fn a_valid_reply_gives_its_answer(replies in replies(), simple: bool, status in prop::sample::select(b"ITE".to_vec())) {
        let (shape, messages) = conversation(&replies, simple);
        let mut machine = Machine::new(shape);
        feed(&mut machine, &messages).unwrap();
        let Ok(Effect::Ready(ready)) = machine.on(b'Z', &[status]) else {
            panic!("no ReadyForQuery");
        };
        let answer = machine.answer(TransactionStatus::Idle, ready);
        prop_assert_eq!(answer.tags(), &expected_tags(&messages)[..]);
        prop_assert_eq!(answer.status(), Some(ready));
        prop_assert!(answer.is_success() && answer.end().is_none());
        prop_assert_eq!(answer.written(), Written::Wholly);
    }

    #[test]
    fn an_error_at_any_message_keeps_what_came_before(replies in replies(), simple: bool, at: prop::sample::Index) {
        let (shape, messages) = conversation(&replies, simple);
        let at = at.index(messages.len() + 1);
        let mut machine = Machine::new(shape);
        feed(&mut machine, &messages[..at]).unwrap();
        prop_assert_eq!(machine.on(b'E', ERROR), Ok(Effect::Failed));
        prop_assert!(machine.columns().is_none());
        for (tag, body) in &messages {
            let mut other = Machine::new(machine.shape.clone());
            feed(&mut other, &messages[..at]).unwrap();
            other.on(b'E', ERROR).unwrap();
            prop_assert!(other.on(*tag, body).is_err(), "after an error only ReadyForQuery comes");
        }
        prop_assert_eq!(machine.on(b'Z', b"E"), Ok(Effect::Ready(TransactionStatus::Failed)));
        let answer = machine.answer(TransactionStatus::InTransaction, TransactionStatus::Failed);
        prop_assert_eq!(answer.error().unwrap().sqlstate(), "23505");
        prop_assert_eq!(answer.tags(), &expected_tags(&messages[..at])[..]);
    }

    #[test]
    fn the_end_of_the_connection_at_any_message_keeps_what_came_before(
        replies in replies(), simple: bool, at: prop::sample::Index, told: bool,
    ) {
        let (shape, messages) = conversation(&replies, simple);
        let at = at.index(messages.len() + 1);
        let mut machine = Machine::new(shape);
        feed(&mut machine, &messages[..at]).unwrap();
        let end = if told {
            // CockroachDB's way: severity ERROR, and then the stream ends.
            machine.on(b'E', b"SERROR\0C57P01\0Mserver is shutting down\0\0").unwrap();
            End::Server(Arc::clone(machine.farewell().unwrap()))
        } else {
            prop_assert!(machine.farewell().is_none());
            End::Closed
        };
        let answer = machine.cut_off(Written::Partly, end);
        prop_assert!(answer.error().is_none() && answer.status().is_none() && answer.end().is_some());
        prop_assert_eq!(answer.tags(), &expected_tags(&messages[..at])[..]);
    }

    #[test]
    fn a_message_that_is_left_out_is_noticed(replies in replies(), at: prop::sample::Index) {
        let (shape, mut messages) = conversation(&replies, false);
        let at = at.index(messages.len());
        // CopyData may come any number of times, and a statement may choose not to copy.
        prop_assume!(!matches!(messages[at].0, b'd' | b'G'));
        messages.remove(at);
        messages.push((b'Z', b"I".to_vec()));
        prop_assert!(feed(&mut Machine::new(shape), &messages).is_err());
    }

    #[test]
    fn any_messages_are_survived(
        replies in replies(),
        simple: bool,
        noise in proptest::collection::vec(
            (prop::sample::select(b"123tTnDCIGHdcsEZWKR?".to_vec()), proptest::collection::vec(any::<u8>(), 0..12)),
            0..30,
        ),
    ) {
        let (shape, _) = conversation(&replies, simple);
        let mut machine = Machine::new(shape);
        for (tag, body) in &noise {
            match machine.on(*tag, body) {
                Ok(Effect::Ready(_)) | Ok(Effect::Ended(_)) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let statements = noise.iter().filter(|(tag, _)| *tag == b'C').count();
        prop_assert!(machine.tags.len() <= statements);
    }
}

#[test]
fn a_fatal_error_ends_the_session_at_once() {
    let mut machine = Machine::new(Shape::Simple);
    let effect = machine.on(b'E', b"SFATAL\0VFATAL\0C57P01\0Mterminating\0\0");
    assert!(matches!(effect, Ok(Effect::Ended(_))));
}

#[test]
fn an_error_at_the_sync_keeps_the_tag_beside_it() {
    // A deferred constraint fails when the implicit transaction commits, after CommandComplete.
    let mut machine = Machine::new(Shape::Extended(Steps::from_slice(&[
        Step::Bind,
        Step::Execute { columns: 0 },
    ])));
    feed(
        &mut machine,
        &[
            (b'2', vec![]),
            (b'C', b"INSERT 0 1\0".to_vec()),
            (b'E', ERROR.to_vec()),
        ],
    )
    .unwrap();
    machine.on(b'Z', b"I").unwrap();
    let answer = machine.answer(TransactionStatus::Idle, TransactionStatus::Idle);
    assert_eq!(answer.tag().unwrap(), "INSERT 0 1");
    assert!(!answer.is_success());
}

#[test]
fn an_unknown_status_and_an_unfinished_tag_are_refused() {
    let mut machine = Machine::new(Shape::Simple);
    for body in [&b"INSERT 0 1"[..], b"", b"a\0b\0"] {
        assert!(machine.on(b'C', body).is_err());
    }
    machine.on(b'C', b"BEGIN\0").unwrap();
    for body in [&b"?"[..], b"", b"II"] {
        assert!(machine.on(b'Z', body).is_err());
    }
}
