//! Asks the catalog what a type is. The questions are plain reads of `pg_catalog`, the same on both engines.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::BytesMut;
use crdb_auth::TransactionStatus;
use postgres_protocol::message::frontend;
use postgres_types::{Field, Kind, Oid, Type};

use crate::answer::Answer;
use crate::connection::{Connection, Event, Outgoing, Trace};
use crate::error::Error;
use crate::footprint::Footprint;
use crate::protocol::{Shape, Step, Steps};
use crate::row::{Column, Row};
use crate::statement::bind;

/// What the types are, by number.
const TYPES: &str = "SELECT t.oid, t.typname::text, n.nspname::text, t.typtype::text, t.typcategory::text, t.typelem, \
    t.typbasetype, t.typrelid \
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = ANY($1)";
const LABELS: &str = "SELECT enumtypid, enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = ANY($1) \
    ORDER BY enumtypid, enumsortorder";
const FIELDS: &str = "SELECT attrelid, attname::text, atttypid FROM pg_catalog.pg_attribute \
    WHERE attrelid = ANY($1) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum";
const RANGES: &str =
    "SELECT rngtypid, rngsubtype FROM pg_catalog.pg_range WHERE rngtypid = ANY($1)";

/// How deep types may be made of types, and of how many: a hostile server must not keep this side asking.
const MAX_DEPTH: usize = 16;
const MAX_TYPES: usize = 4096;

/// A type as the catalog has it.
struct Found {
    name: String,
    schema: String,
    made: Made,
}

/// What a type is made of.
enum Made {
    Simple,
    Pseudo,
    Enum(Vec<String>),
    Array(Oid),
    Domain(Oid),
    Range(Oid),
    Composite {
        relation: Oid,
        fields: Vec<(String, Oid)>,
    },
}

impl Made {
    /// The types that it is made of.
    fn parts(&self) -> Vec<Oid> {
        match self {
            Self::Simple | Self::Pseudo | Self::Enum(_) => Vec::new(),
            Self::Array(oid) | Self::Domain(oid) | Self::Range(oid) => vec![*oid],
            Self::Composite { fields, .. } => fields.iter().map(|(_, oid)| *oid).collect(),
        }
    }
}

impl Connection {
    /// The types of these numbers, in order. One that is neither built in nor known is looked up, with one to three
    /// round trips for each level of nesting, and kept.
    ///
    /// In a failed transaction nothing can be asked: then the type has no more than its number, and is not kept.
    ///
    /// # Errors
    /// The connection has ended.
    pub(crate) async fn types_of(
        &self,
        oids: &[Oid],
        status: Option<TransactionStatus>,
    ) -> Result<Vec<Type>, Error> {
        let unknown = |oid: &Oid| self.types.get(*oid).is_none();
        let mut wanted: Vec<Oid> = oids.iter().copied().filter(unknown).collect();
        let mut found = HashMap::new();
        if status != Some(TransactionStatus::Failed) {
            let mut asked = HashSet::new();
            for _ in 0..MAX_DEPTH {
                wanted.retain(|oid| unknown(oid) && asked.insert(*oid));
                if wanted.is_empty() || asked.len() > MAX_TYPES {
                    break;
                }
                let level = match Box::pin(self.level(&wanted)).await {
                    Ok(level) => level,
                    // The catalog cannot be read: the values still can, as what they are on the wire.
                    Err(error) if error.answer().status().is_some() => break,
                    Err(error) => return Err(error),
                };
                wanted = level
                    .iter()
                    .flat_map(|(_, found)| found.made.parts())
                    .collect();
                found.extend(level);
            }
        }
        Ok(oids
            .iter()
            .map(|oid| self.build(*oid, &found, 0).unwrap_or_else(|| unnamed(*oid)))
            .collect())
    }

    /// Makes a type of what was found, and keeps it.
    fn build(&self, oid: Oid, found: &HashMap<Oid, Found>, depth: usize) -> Option<Type> {
        if let Some(known) = self.types.get(oid) {
            return Some(known);
        }
        let what = found.get(&oid)?;
        if depth > MAX_DEPTH {
            return None;
        }
        let part = |oid: Oid| self.build(oid, found, depth + 1);
        let kind = match &what.made {
            Made::Simple => Kind::Simple,
            Made::Pseudo => Kind::Pseudo,
            Made::Enum(labels) => Kind::Enum(labels.clone()),
            Made::Array(element) => Kind::Array(part(*element)?),
            Made::Domain(base) => Kind::Domain(part(*base)?),
            Made::Range(element) => Kind::Range(part(*element)?),
            Made::Composite { fields, .. } => {
                let fields = fields
                    .iter()
                    .map(|(name, oid)| Some(Field::new(name.clone(), part(*oid)?)));
                Kind::Composite(fields.collect::<Option<_>>()?)
            }
        };
        let type_ = Type::new(what.name.clone(), oid, kind, what.schema.clone());
        self.types.insert(oid, type_.clone());
        Some(type_)
    }

    /// Looks up these types, but not those that they are made of.
    async fn level(&self, oids: &[Oid]) -> Result<Vec<(Oid, Found)>, Error> {
        let columns = [
            Type::OID,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::OID,
            Type::OID,
            Type::OID,
        ];
        let mut found = Vec::new();
        for row in self.ask(TYPES, oids, &columns).await? {
            let made = match (row.get::<&str>(3)?, row.get::<&str>(4)?) {
                ("e", _) => Made::Enum(Vec::new()),
                ("p", _) => Made::Pseudo,
                ("d", _) => Made::Domain(row.get(6)?),
                ("r", _) => Made::Range(0),
                ("c", _) => Made::Composite {
                    relation: row.get(7)?,
                    fields: Vec::new(),
                },
                (_, "A") => Made::Array(row.get(5)?),
                _ => Made::Simple,
            };
            let what = Found {
                name: row.get(1)?,
                schema: row.get(2)?,
                made,
            };
            found.push((row.get(0)?, what));
        }
        self.complete(&mut found).await?;
        Ok(found)
    }

    /// Adds labels, fields and ranges to those types that have them.
    async fn complete(&self, found: &mut [(Oid, Found)]) -> Result<(), Error> {
        let of = |found: &[(Oid, Found)], wanted: fn(Oid, &Made) -> Option<Oid>| -> Vec<Oid> {
            found
                .iter()
                .filter_map(|(oid, what)| wanted(*oid, &what.made))
                .collect()
        };
        let enums = of(found, |oid, made| {
            matches!(made, Made::Enum(_)).then_some(oid)
        });
        if !enums.is_empty() {
            for row in self.ask(LABELS, &enums, &[Type::OID, Type::TEXT]).await? {
                let (of, label): (Oid, String) = (row.get(0)?, row.get(1)?);
                if let Some(Made::Enum(labels)) = made_of(found, |oid, _| oid == of) {
                    labels.push(label);
                }
            }
        }
        let ranges = of(found, |oid, made| {
            matches!(made, Made::Range(_)).then_some(oid)
        });
        if !ranges.is_empty() {
            for row in self.ask(RANGES, &ranges, &[Type::OID, Type::OID]).await? {
                let (of, element): (Oid, Oid) = (row.get(0)?, row.get(1)?);
                if let Some(made) = made_of(found, |oid, _| oid == of) {
                    *made = Made::Range(element);
                }
            }
        }
        let relations = of(found, |_, made| match made {
            Made::Composite { relation, .. } => Some(*relation),
            _ => None,
        });
        if !relations.is_empty() {
            for row in self
                .ask(FIELDS, &relations, &[Type::OID, Type::TEXT, Type::OID])
                .await?
            {
                let (of, name, type_oid): (Oid, String, Oid) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let is_it = |_, made: &Made| matches!(made, Made::Composite { relation, .. } if *relation == of);
                if let Some(Made::Composite { fields, .. }) = made_of(found, is_it) {
                    fields.push((name, type_oid));
                }
            }
        }
        Ok(())
    }

    /// Runs one question with the numbers as its parameter, through the unnamed statement, in one round trip.
    async fn ask(
        &self,
        question: &'static str,
        oids: &[Oid],
        types: &[Type],
    ) -> Result<Vec<Row>, Error> {
        let columns: Arc<[Column]> = types
            .iter()
            .map(|type_| Column::new("".into(), type_.clone()))
            .collect();
        let mut buffer = self.shared.scratch();
        let encoded = encode(question, oids, &mut buffer);
        let sent = encoded.and_then(|()| {
            let columns = columns.len().try_into().unwrap_or(u16::MAX);
            self.send(Outgoing {
                bytes: &buffer,
                shape: Shape::Extended(Steps::from_slice(&[
                    Step::Parse,
                    Step::Bind,
                    Step::Execute { columns },
                ])),
                trace: Trace {
                    footprint: Footprint::of(question),
                    local_settings: false,
                },
                copies: false,
                tells_ends: false,
                keeps: None,
            })
        });
        self.shared.return_scratch(buffer);
        let mut reply = sent?;
        let mut rows = Vec::new();
        while let Some(event) = reply.event().await {
            if let Event::Rows(block) = event
                && rows.len() < MAX_TYPES
            {
                rows.extend(block.map(|body| Row::new(body, Arc::clone(&columns))));
            }
        }
        let answer = reply.take();
        if answer.is_success() {
            Ok(rows)
        } else {
            Err(self.failed("looking up a type", Answer::of_preparation(answer)))
        }
    }
}

/// Parse, Bind, Execute and Sync of a question, through the unnamed statement.
fn encode(question: &str, oids: &[Oid], buffer: &mut BytesMut) -> Result<(), Error> {
    let refused = |source| Error::refused("encoding a look-up of types").with_source(source);
    frontend::parse("", question, [Type::OID_ARRAY.oid()], buffer).map_err(refused)?;
    bind::bind("", &[&oids], &[Type::OID_ARRAY], buffer)?;
    bind::execute_and_sync(buffer)
}

/// What the first type of this kind is made of.
fn made_of(found: &mut [(Oid, Found)], is_it: impl Fn(Oid, &Made) -> bool) -> Option<&mut Made> {
    found
        .iter_mut()
        .find(|(oid, what)| is_it(*oid, &what.made))
        .map(|(_, what)| &mut what.made)
}

/// A type of which only the number is known.
fn unnamed(oid: Oid) -> Type {
    Type::new(format!("oid {oid}"), oid, Kind::Simple, String::new())
}
