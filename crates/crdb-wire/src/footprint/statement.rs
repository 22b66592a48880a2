//! One statement, token by token.

use super::functions;
use super::scan::{Token, Word};
use super::{Footprint, Leaves, Reason, TransactionEffect};

/// How many words after the first one are kept: `ROLLBACK TRANSACTION TO SAVEPOINT`, `SET SESSION SESSION AUTHORIZATION`.
const LEAD: usize = 4;

/// What has been seen of a statement so far. Takes a fixed amount of memory, but for calls of `set_config` within each other.
#[derive(Default)]
pub(super) struct Statement<'t> {
    explain: Explain,
    head: Option<Head>,
    /// The words directly after the first one.
    lead: [Option<Word<'t>>; LEAD],
    /// What ended these words, once something has.
    lead_end: Option<Token<'t>>,
    /// The last three tokens, the latest first.
    last: [Option<Token<'t>>; 3],
    depth: usize,
    /// The depths at which a call of `set_config` is open.
    set_configs: Vec<usize>,
    /// The gravest thing seen so far beyond what the first words say.
    seen: Option<(Leaves, Reason)>,
    updates: bool,
    makes_table: bool,
    writes: bool,
}

/// How far an `EXPLAIN` before the statement has been read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Explain {
    #[default]
    No,
    /// After EXPLAIN, in front of options or the statement.
    Begun { analyze: bool },
    /// After the parenthesis that opens options, or the statement.
    Parenthesis { analyze: bool },
    /// Within options in parentheses.
    Options { analyze: bool, depth: usize },
    /// The statement has begun.
    Done { analyze: bool },
}

/// Kinds of statements, by the first word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Reads or writes rows. Functions and targets tell the rest.
    Rows {
        reads: bool,
    },
    /// Moves a cursor, locks, notifies, copies, looks after jobs: nothing stays in the session.
    Harmless,
    /// Defines data, or maintains it outside transactions.
    Ddl,
    Begin,
    End,
    Rollback,
    Savepoint,
    Release,
    Set,
    Reset,
    Prepare,
    Deallocate,
    Declare,
    Listen,
    Discard,
    Load,
    Procedure,
    Execute,
    Unknown,
}

impl Head {
    fn of(keyword: &str) -> Self {
        match keyword {
            "select" | "values" | "table" | "with" | "show" => Self::Rows { reads: true },
            "insert" | "upsert" | "update" | "delete" | "merge" => Self::Rows { reads: false },
            "fetch" | "move" | "close" | "lock" | "notify" | "copy" | "checkpoint" | "cancel"
            | "pause" | "resume" => Self::Harmless,
            "create" | "alter" | "drop" | "truncate" | "comment" | "grant" | "revoke"
            | "refresh" | "reindex" | "cluster" | "vacuum" | "analyze" | "analyse" | "reassign"
            | "security" | "import" | "export" | "backup" | "restore" => Self::Ddl,
            "begin" | "start" => Self::Begin,
            "commit" | "end" | "abort" => Self::End,
            "rollback" => Self::Rollback,
            "savepoint" => Self::Savepoint,
            "release" => Self::Release,
            "set" | "use" => Self::Set,
            "reset" => Self::Reset,
            "prepare" => Self::Prepare,
            "deallocate" => Self::Deallocate,
            "declare" => Self::Declare,
            "listen" | "unlisten" => Self::Listen,
            "discard" => Self::Discard,
            "load" => Self::Load,
            "call" | "do" => Self::Procedure,
            "execute" => Self::Execute,
            _ => Self::Unknown,
        }
    }
}

impl<'t> Statement<'t> {
    /// Takes in the next token, which is not the semicolon that ends the statement.
    pub(super) fn push(&mut self, token: Token<'t>) {
        match token {
            Token::Symbol(b'(') => self.depth += 1,
            Token::Symbol(b')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.head.is_none() {
            self.find_head(token);
        } else {
            self.look(token);
        }
        self.last = [Some(token), self.last[0], self.last[1]];
    }

    /// Reads on until the statement's first word.
    fn find_head(&mut self, token: Token<'t>) {
        if let Explain::Options { analyze, depth } = self.explain {
            let analyze = analyze || names_analyze(token);
            self.explain = if self.depth < depth {
                Explain::Begun { analyze }
            } else {
                Explain::Options { analyze, depth }
            };
            return;
        }
        let Token::Word(word) = token else {
            match (token, self.explain) {
                (Token::Symbol(b'('), Explain::Begun { analyze }) => {
                    self.explain = Explain::Parenthesis { analyze };
                }
                (Token::Symbol(b'('), _) => {}
                _ => self.head = Some(Head::Unknown),
            }
            return;
        };
        let keyword = word.keyword();
        let keyword = keyword.as_deref().unwrap_or("");
        let head = Head::of(keyword);
        match self.explain {
            Explain::No if keyword == "explain" => {
                self.explain = Explain::Begun { analyze: false };
                return;
            }
            Explain::Begun { .. } if matches!(keyword, "analyze" | "analyse") => {
                self.explain = Explain::Begun { analyze: true };
                return;
            }
            Explain::Begun { .. } if keyword == "verbose" => return,
            Explain::Parenthesis { analyze } if !matches!(head, Head::Rows { .. }) => {
                self.explain = Explain::Options {
                    analyze: analyze || names_analyze(token),
                    depth: self.depth,
                };
                return;
            }
            Explain::Begun { analyze } | Explain::Parenthesis { analyze } => {
                self.explain = Explain::Done { analyze };
            }
            Explain::No | Explain::Options { .. } | Explain::Done { .. } => {}
        }
        self.writes |= matches!(head, Head::Rows { reads: false });
        self.updates |= keyword == "update";
        self.head = Some(head);
    }

    /// Looks at a token behind the first word.
    fn look(&mut self, token: Token<'t>) {
        if self.lead_end.is_none() {
            match (token, self.lead.iter_mut().find(|place| place.is_none())) {
                (Token::Word(word), Some(place)) => *place = Some(word),
                _ => self.lead_end = Some(token),
            }
        }
        match token {
            Token::Word(word) => self.look_at_word(word),
            Token::Symbol(b'(') => {
                if let Some(Token::Word(called)) = self.last[0] {
                    self.look_at_call(called);
                }
            }
            Token::Symbol(b')') => self.look_at_end_of_call(),
            _ => {}
        }
    }

    fn look_at_word(&mut self, word: Word<'t>) {
        let name = word.name();
        if *name == *"pg_temp" || name.starts_with("pg_temp_") {
            self.saw(Leaves::Reset, Reason::TemporaryObject);
        }
        if *name == *"pg_settings" && self.updates {
            // The view's rule calls set_config.
            self.saw(Leaves::Settings, Reason::Setting);
        }
        let Some(keyword) = word.keyword() else {
            return;
        };
        match &*keyword {
            "temp" | "temporary" => {
                let target = is_keyword(self.last[0], &["create", "replace", "local", "global"])
                    || (is_keyword(self.last[0], &["into"]) && !self.follows_insert());
                if target {
                    self.saw(Leaves::Reset, Reason::TemporaryObject);
                }
            }
            "hold" if self.head == Some(Head::Declare) && is_keyword(self.last[0], &["with"]) => {
                self.saw(Leaves::Reset, Reason::HeldCursor);
            }
            "into" => {
                self.writes = true;
                self.makes_table |= !is_keyword(self.last[0], &["insert", "merge", "upsert"]);
            }
            "insert" | "delete" | "merge" | "upsert" => self.writes = true,
            "update" => {
                self.writes = true;
                self.updates = true;
            }
            // FOR UPDATE, FOR NO KEY UPDATE, FOR SHARE, FOR KEY SHARE.
            "share" | "no" | "key" if is_keyword(self.last[0], &["for"]) => self.writes = true,
            _ => {}
        }
    }

    /// Whether the last word but one shows that INTO names the target of an INSERT.
    fn follows_insert(&self) -> bool {
        is_keyword(self.last[1], &["insert", "merge", "upsert"])
    }

    /// A word before a parenthesis.
    fn look_at_call(&mut self, called: Word<'t>) {
        let name = called.name();
        if *name == *"set_config" {
            self.set_configs.push(self.depth);
        } else if let Some((leaves, reason)) = functions::leaves(&name) {
            self.saw(leaves, reason);
        }
        let reads = match self.last[1] {
            Some(Token::Symbol(b'.')) => {
                is_keyword(self.last[2], &["pg_catalog"]) && functions::only_reads(&name)
            }
            // The columns of an alias or of a common table expression: `AS t(a, b)`, `WITH RECURSIVE t(a)`.
            before if is_keyword(before, &["as", "with", "recursive"]) => true,
            _ => {
                functions::only_reads(&name)
                    || called
                        .keyword()
                        .is_some_and(|word| functions::is_syntax(&word))
            }
        };
        self.writes |= !reads;
    }

    /// Sees at the end of a call of `set_config` whether it sets for the transaction only.
    fn look_at_end_of_call(&mut self) {
        let open = self.depth + 1;
        if self.set_configs.last() != Some(&open) {
            return;
        }
        self.set_configs.pop();
        let local = is_keyword(self.last[0], &["true"])
            && matches!(self.last[1], Some(Token::Symbol(b',' | b'>' | b'=')));
        if !local {
            self.saw(Leaves::Settings, Reason::Setting);
        }
    }

    fn saw(&mut self, leaves: Leaves, reason: Reason) {
        if self.seen.is_none_or(|(seen, _)| leaves > seen) {
            self.seen = Some((leaves, reason));
        }
    }

    /// What the whole statement does; `None` if there was no statement between two semicolons.
    pub(super) fn footprint(mut self) -> Option<Footprint> {
        let head = match self.head {
            Some(head) => head,
            None if self.last[0].is_none() => return None,
            None => Head::Unknown,
        };
        if !self.set_configs.is_empty() {
            self.saw(Leaves::Settings, Reason::Setting);
        }
        let reads = !self.writes && matches!(head, Head::Rows { reads: true });
        if self.explain == (Explain::Done { analyze: false }) && head != Head::Unknown {
            // Planned and not run.
            return Some(Footprint {
                plain_read: reads,
                ..Footprint::LEAST
            });
        }
        let (own, mut transaction) = self.of_head(head);
        if self.makes_table && matches!(head, Head::Rows { reads: true }) {
            transaction = transaction.max(TransactionEffect::Ddl);
        }
        let graver = match (own, self.seen) {
            (Some(own), Some(seen)) if seen.0 > own.0 => Some(seen),
            (None, seen) => seen,
            (own, _) => own,
        };
        // When these fail by themselves, they have done nothing. Functions may have been run before the failure.
        let all_or_nothing = self.seen.is_none()
            && matches!(
                head,
                Head::Set | Head::Reset | Head::Prepare | Head::Listen | Head::Deallocate
            );
        Some(Footprint {
            leaves: graver.map_or(Leaves::Nothing, |(leaves, _)| leaves),
            reason: graver.map(|(_, reason)| reason),
            leaves_when_failed: graver.is_some() && !all_or_nothing,
            transaction,
            rows_only: matches!(head, Head::Rows { .. }),
            plain_read: reads && graver.is_none(),
        })
    }

    /// What the first words say.
    fn of_head(&self, head: Head) -> (Option<(Leaves, Reason)>, TransactionEffect) {
        let reset = |reason| Some((Leaves::Reset, reason));
        match head {
            Head::Rows { .. } | Head::Harmless | Head::Declare => (None, TransactionEffect::None),
            Head::Ddl => (None, TransactionEffect::Ddl),
            Head::Begin | Head::End => (None, TransactionEffect::Controls),
            Head::Rollback if self.lead_is(0, &["to"]) || self.lead_is(1, &["to"]) => {
                (None, TransactionEffect::Savepoint)
            }
            Head::Rollback => (None, TransactionEffect::Controls),
            Head::Savepoint => (None, TransactionEffect::Savepoint),
            // CockroachDB's RELEASE SAVEPOINT cockroach_restart commits.
            Head::Release if self.leads_to_restart() => (None, TransactionEffect::Controls),
            Head::Release => (None, TransactionEffect::Savepoint),
            Head::Set => (self.of_set(), TransactionEffect::None),
            Head::Reset
                if self.lead_names(0, &["role", "session_authorization"])
                    || self.lead_is(1, &["authorization"]) =>
            {
                (reset(Reason::Role), TransactionEffect::None)
            }
            Head::Reset => (
                Some((Leaves::Settings, Reason::Setting)),
                TransactionEffect::None,
            ),
            Head::Prepare
                if self.lead_is(0, &["transaction"]) && self.lead_end == Some(Token::Literal) =>
            {
                (None, TransactionEffect::Controls)
            }
            Head::Prepare | Head::Deallocate => {
                (reset(Reason::PreparedStatement), TransactionEffect::None)
            }
            Head::Listen => (reset(Reason::Listening), TransactionEffect::None),
            Head::Discard => (reset(Reason::Discard), TransactionEffect::None),
            Head::Load => (
                Some((Leaves::Close, Reason::Library)),
                TransactionEffect::None,
            ),
            Head::Procedure => (reset(Reason::Procedure), TransactionEffect::Controls),
            Head::Execute => (reset(Reason::Execute), TransactionEffect::Controls),
            Head::Unknown => (reset(Reason::UnknownStatement), TransactionEffect::Controls),
        }
    }

    /// The forms of SET.
    fn of_set(&self) -> Option<(Leaves, Reason)> {
        let session = self.lead_is(0, &["session"])
            && !self.lead_is(1, &["authorization"])
            && self.lead[1].is_some();
        let local = self.lead_is(0, &["local"]) && self.lead[1].is_some();
        let first = usize::from(session || local);
        if self.lead_names(first, &["seed"]) {
            // Neither the end of the transaction nor RESET takes it back.
            return Some((Leaves::Close, Reason::Seed));
        }
        let of_transaction = !session
            && self.lead_is(0, &["transaction", "constraints"])
            && (self.lead[1].is_some() || self.lead_end == Some(Token::Literal));
        if local || of_transaction {
            return None;
        }
        if self.lead_names(first, &["role", "session_authorization"])
            || (self.lead_is(first, &["session"]) && self.lead_is(first + 1, &["authorization"]))
        {
            return Some((Leaves::Reset, Reason::Role));
        }
        Some((Leaves::Settings, Reason::Setting))
    }

    fn leads_to_restart(&self) -> bool {
        self.lead
            .iter()
            .flatten()
            .any(|word| word.name().starts_with("cockroach_restart"))
    }

    /// Whether the word at this place behind the first one is one of these keywords.
    fn lead_is(&self, at: usize, keywords: &[&str]) -> bool {
        is_keyword(self.lead_at(at).map(Token::Word), keywords)
    }

    /// Whether the word at this place names one of these variables, whose case does not matter even in quotes.
    fn lead_names(&self, at: usize, variables: &[&str]) -> bool {
        self.lead_at(at).is_some_and(|word| {
            let name = word.name();
            variables
                .iter()
                .any(|variable| name.eq_ignore_ascii_case(variable))
        })
    }

    fn lead_at(&self, at: usize) -> Option<Word<'t>> {
        self.lead.get(at).copied().flatten()
    }
}

/// An option's name may be quoted.
fn names_analyze(token: Token<'_>) -> bool {
    matches!(token, Token::Word(word) if matches!(&*word.name(), "analyze" | "analyse"))
}

fn is_keyword(token: Option<Token<'_>>, keywords: &[&str]) -> bool {
    let Some(Token::Word(word)) = token else {
        return false;
    };
    word.keyword()
        .is_some_and(|keyword| keywords.contains(&&*keyword))
}
