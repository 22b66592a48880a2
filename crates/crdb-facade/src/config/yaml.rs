//! YAML 1.2 with its core schema.
//!
//! The parser is granit's. Its events become the tree here, which is all that a configuration needs of YAML.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use figment::value::{Empty, Tag, Value};
use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag as YamlTag,
};

use super::keys;
use super::tree::{Entry, Syntax, Tree};

/// Tables and lists within each other. Each is a level of the stack here.
const MAX_DEPTH: usize = 100;

/// Values, with what aliases repeat: a few lines of aliases of aliases stand for more than memory holds.
const MAX_VALUES: usize = 100_000;

const TOO_MUCH: &str = "more than a configuration can be";

/// Reads the one document of a text.
///
/// Texts without quotes that YAML would read as less than what was meant are refused: `password: !bang`, `password: &dor` and
/// `password: open #sesame` leave an empty value or a piece.
pub(super) fn parse(text: &str) -> Result<Tree, Syntax> {
    let mut reader = Reader {
        text,
        events: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        unused: BTreeMap::new(),
        values: 0,
        depth: 0,
    };
    let tree = reader.document()?;
    if let Some(line) = reader.unused.into_values().next() {
        return Err(Syntax {
            line: Some(line),
            message: "an anchor that nothing refers to; a string that begins with `&` needs quotes"
                .to_owned(),
        });
    }
    Ok(tree)
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    /// What each anchor stands for; nothing yet while that is being read.
    anchors: BTreeMap<usize, Option<Anchored>>,
    /// The lines of anchors that no alias has named yet.
    unused: BTreeMap<usize, usize>,
    values: usize,
    depth: usize,
}

#[derive(Clone)]
struct Anchored {
    tree: Tree,
    /// How many values it holds.
    values: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Tree, Syntax> {
        let mut tree = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) if tree.is_none() => {}
                Event::DocumentStart(..) => {
                    let message = "a second document: one is read; remove the `---`";
                    return Err(syntax(&span, message));
                }
                event => tree = Some(self.value(event, &span, "")?),
            }
        }
        Ok(tree.unwrap_or(Tree::Leaf(nothing())))
    }

    /// The next event; comments say nothing.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Syntax> {
        for event in self.events.by_ref() {
            let (event, span) = event.map_err(|error| not_yaml(&error))?;
            if matches!(
                event,
                Event::DocumentStart(..)
                    | Event::Alias(_)
                    | Event::Scalar(..)
                    | Event::SequenceStart(..)
                    | Event::SequenceEnd
                    | Event::MappingStart(..)
                    | Event::MappingEnd
            ) {
                return Ok(Some((event, span)));
            }
        }
        Ok(None)
    }

    /// The event of a value, or of the end of its list or table.
    fn next_within(&mut self, opened: &Span) -> Result<(Event<'a>, Span), Syntax> {
        self.next()?
            .ok_or_else(|| syntax(opened, "a list or table without an end"))
    }

    /// The value of `name` that begins with this event.
    fn value(&mut self, event: Event<'a>, span: &Span, name: &str) -> Result<Tree, Syntax> {
        self.values += 1;
        if self.values > MAX_VALUES || self.depth > MAX_DEPTH {
            return Err(syntax(span, TOO_MUCH));
        }
        let before = self.values;
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.as_deref()),
            _ => (0, None),
        };
        // `!!str 123` and its like say what a value is, and are heard.
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
            let message = "a tag; a string that begins with `!` needs quotes";
            return Err(syntax(span, message));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
            self.unused.insert(anchor, span.start.line());
        }
        let kind = tag.and_then(YamlTag::core_suffix).map(str::to_owned);
        self.depth += 1;
        let tree = match event {
            Event::Scalar(text, style, ..) => {
                self.no_comment_behind_a_secret(name, style, span)?;
                Tree::Leaf(scalar(&text, style, kind.as_deref(), span)?)
            }
            Event::SequenceStart(..) if matches!(kind.as_deref(), None | Some("seq")) => {
                self.list(span)?
            }
            Event::MappingStart(..) if matches!(kind.as_deref(), None | Some("map")) => {
                self.table(span)?
            }
            Event::Alias(anchor) => self.alias(anchor, span)?,
            _ => return Err(syntax(span, "a value that is not what its tag says")),
        };
        self.depth -= 1;
        if anchor != 0 {
            let values = self.values - before + 1;
            let tree = tree.clone();
            self.anchors.insert(anchor, Some(Anchored { tree, values }));
        }
        Ok(tree)
    }

    fn list(&mut self, opened: &Span) -> Result<Tree, Syntax> {
        let mut items = Vec::new();
        loop {
            match self.next_within(opened)? {
                (Event::SequenceEnd, _) => return Ok(Tree::Leaf(Value::from(items))),
                (event, span) => items.push(self.value(event, &span, "")?.into_value()),
            }
        }
    }

    fn table(&mut self, opened: &Span) -> Result<Tree, Syntax> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        let mut names = BTreeSet::new();
        loop {
            let (event, key) = self.next_within(opened)?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let name = self.name(event, &key)?;
            let (event, span) = self.next_within(opened)?;
            let value = self.value(event, &span, &name)?;
            if is_merge {
                merged.push((value, key));
                continue;
            }
            if !names.insert(name.clone()) {
                return Err(syntax(&key, &format!("duplicate mapping key: {name}")));
            }
            entries.push(Entry {
                name,
                line: key.start.line(),
                value,
            });
        }
        // What the table says itself goes before what it takes from elsewhere.
        for (value, key) in merged {
            let line = key.start.line();
            let others = taken_over(value, line)
                .ok_or_else(|| syntax(&key, "a `<<` without a table to take keys from"))?;
            let others = others
                .into_iter()
                .filter(|entry| names.insert(entry.name.clone()));
            entries.extend(others);
        }
        Ok(Tree::Table(entries))
    }

    /// The name of an entry, as it is written: `5: x` names it `5`.
    fn name(&mut self, event: Event<'a>, span: &Span) -> Result<String, Syntax> {
        let written = match &event {
            Event::Scalar(text, ..) => Some(text.clone()),
            _ => None,
        };
        let value = match event {
            event @ (Event::Scalar(..) | Event::Alias(_)) => self.value(event, span, "")?,
            _ => return Err(syntax(span, "a name that is no text")),
        };
        match value {
            Tree::Leaf(Value::String(_, text)) => Ok(text),
            Tree::Leaf(Value::Empty(..)) | Tree::Table(_) => {
                Err(syntax(span, "a name that is no text"))
            }
            Tree::Leaf(_) => written
                .map(Cow::into_owned)
                .ok_or_else(|| syntax(span, "a name that is no text")),
        }
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<Tree, Syntax> {
        self.unused.remove(&anchor);
        let Some(Some(Anchored { tree, values })) = self.anchors.get(&anchor) else {
            return Err(syntax(span, "an alias within what it stands for"));
        };
        self.values += values;
        if self.values > MAX_VALUES {
            return Err(syntax(span, TOO_MUCH));
        }
        Ok(tree.clone())
    }

    fn no_comment_behind_a_secret(
        &self,
        name: &str,
        style: ScalarStyle,
        span: &Span,
    ) -> Result<(), Syntax> {
        let is_secret =
            || keys::all().any(|key| key.is_secret() && key.path().ends_with(&format!(".{name}")));
        let rest = || {
            let end = span.end.byte_offset()?;
            self.text.get(end..)
        };
        let before_comment =
            || rest().is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('#'));
        if style == ScalarStyle::Plain && is_secret() && before_comment() {
            let message = "a comment behind a secret; a string with a blank and a `#` needs quotes";
            return Err(syntax(span, message));
        }
        Ok(())
    }
}

/// The entries of the tables that `<<` names, on this line where a list of them has no lines.
fn taken_over(value: Tree, line: usize) -> Option<Vec<Entry>> {
    match value {
        Tree::Table(entries) => Some(entries),
        Tree::Leaf(Value::Dict(_, dict)) => {
            let entries = dict.into_iter().map(|(name, value)| Entry {
                name,
                line,
                value: Tree::Leaf(value),
            });
            Some(entries.collect())
        }
        Tree::Leaf(Value::Array(_, items)) => items
            .into_iter()
            .map(|item| taken_over(Tree::Leaf(item), line))
            .collect::<Option<Vec<_>>>()
            .map(|tables| tables.into_iter().flatten().collect()),
        Tree::Leaf(_) => None,
    }
}

/// The value of a scalar, by what its tag says it is, or by what it looks like.
fn scalar(
    text: &str,
    style: ScalarStyle,
    kind: Option<&str>,
    span: &Span,
) -> Result<Value, Syntax> {
    if kind == Some("str") || kind.is_none() && style != ScalarStyle::Plain {
        return Ok(Value::from(text));
    }
    let (is, value) = match Scalar::of(text) {
        Scalar::Null => ("null", nothing()),
        Scalar::Flag(flag) => ("bool", Value::from(flag)),
        Scalar::Whole(number) => ("int", Value::from(number)),
        Scalar::Fraction(number) if number.is_finite() => ("float", Value::from(number)),
        Scalar::Fraction(_) => {
            let message = format!("a number that is none: `{text}`");
            return Err(syntax(span, &message));
        }
        Scalar::Text => ("str", Value::from(text)),
    };
    // A whole number is a number, too.
    match kind {
        Some(kind) if kind != is && (kind, is) != ("float", "int") => {
            Err(syntax(span, "a value that is not what its tag says"))
        }
        _ => Ok(value),
    }
}

/// What a plain scalar is in the core schema (YAML 1.2.2, 10.3.2).
#[derive(Debug, PartialEq)]
enum Scalar {
    Null,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text,
}

impl Scalar {
    fn of(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Flag(true),
            "false" | "False" | "FALSE" => return Self::Flag(false),
            ".nan" | ".NaN" | ".NAN" => return Self::Fraction(f64::NAN),
            _ => {}
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if matches!(digits, ".inf" | ".Inf" | ".INF") {
            return Self::Fraction(f64::INFINITY);
        }
        let based = [("0o", 8), ("0x", 16)]
            .into_iter()
            .find_map(|(prefix, base)| Some((text.strip_prefix(prefix)?, base)));
        let whole = match based {
            // `from_str_radix` takes a sign, which stands nowhere but in front.
            Some((digits, base)) if !digits.starts_with(['+', '-']) => {
                i128::from_str_radix(digits, base).ok()
            }
            Some(_) => None,
            None => text.parse().ok(),
        };
        if let Some(number) = whole {
            return Self::Whole(number);
        }
        // Rust's `parse` also takes `inf`, `nan` and `infinity`.
        let is_decimal = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && digits.contains(|found: char| found.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_decimal => Self::Fraction(number),
            _ => Self::Text,
        }
    }
}

fn nothing() -> Value {
    Value::Empty(Tag::Default, Empty::Unit)
}

fn syntax(span: &Span, message: &str) -> Syntax {
    Syntax {
        line: Some(span.start.line()),
        message: message.to_owned(),
    }
}

fn not_yaml(error: &ScanError) -> Syntax {
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => TOO_MUCH.to_owned(),
        _ => error.info(),
    };
    Syntax {
        line: Some(error.marker().line()),
        message,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::{collection, sample};

    use super::*;

    #[test]
    fn plain_scalars_are_what_the_core_schema_says() {
        for (text, is) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("NULL", Scalar::Null),
            ("nUll", Scalar::Text),
            ("true", Scalar::Flag(true)),
            ("FALSE", Scalar::Flag(false)),
            ("yes", Scalar::Text),
            ("y", Scalar::Text),
            ("no", Scalar::Text),
            ("off", Scalar::Text),
            ("0", Scalar::Whole(0)),
            ("-12", Scalar::Whole(-12)),
            ("+12", Scalar::Whole(12)),
            ("0123", Scalar::Whole(123)),
            ("0o17", Scalar::Whole(15)),
            ("0xFf", Scalar::Whole(255)),
            ("0x", Scalar::Text),
            ("0x-1", Scalar::Text),
            ("0o8", Scalar::Text),
            ("1_000", Scalar::Text),
            ("12:30", Scalar::Text),
            ("1.5", Scalar::Fraction(1.5)),
            (".5", Scalar::Fraction(0.5)),
            ("5.", Scalar::Fraction(5.0)),
            ("-1e3", Scalar::Fraction(-1000.0)),
            ("1e", Scalar::Text),
            (".", Scalar::Text),
            (".e1", Scalar::Text),
            ("inf", Scalar::Text),
            ("nan", Scalar::Text),
            ("infinity", Scalar::Text),
            ("-.INF", Scalar::Fraction(f64::INFINITY)),
            ("1.2.3", Scalar::Text),
            ("30s", Scalar::Text),
        ] {
            assert_eq!(Scalar::of(text), is, "{text}");
        }
        assert!(matches!(Scalar::of(".nan"), Scalar::Fraction(number) if number.is_nan()));
    }

    /// What another reader makes of the same text; a table's names in order.
    fn read_by_another(text: &str) -> Option<String> {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let read = serde_saphyr::from_str_with_options::<serde_json::Value>(text, options);
        read.ok().map(|value| value.to_string())
    }

    fn shown(tree: Tree) -> serde_json::Value {
        match tree {
            Tree::Leaf(value) => serde_json::to_value(value).unwrap(),
            Tree::Table(entries) => {
                let entries = entries.into_iter();
                serde_json::Value::Object(
                    entries
                        .map(|entry| (entry.name, shown(entry.value)))
                        .collect(),
                )
            }
        }
    }

    /// Pieces of YAML, which are seldom a whole.
    const PIECES: &str = "(a|b|c: |<<: |\\[|\\]|\\{|\\}|, |\n|\n  |\n    |- |x|1|-2|0x1|3.5|true|no|~|'|\"|'q'|\"d\"|&a |\\*a|: |# |\\||>|!!str ){0,24}";

    /// Entries with values in each other, without `1_000`, a number of YAML 1.1 that the other reader still takes. The last one takes over
    /// what the first one holds.
    fn document() -> impl Strategy<Value = String> {
        let leaf = sample::select(vec![
            "x", "1", "-2", "0x1", "0o7", "3.5", "1e3", "true", "False", "no", "y", "~", "null",
            "'q'", "\"d\"", "''", "!!str 5", "12:30",
        ]);
        let value = leaf
            .prop_map(str::to_owned)
            .prop_recursive(3, 12, 4, |inner| {
                let inner = collection::vec(inner, 0..4);
                let table = |values: Vec<String>| {
                    let entries = (0..)
                        .zip(values)
                        .map(|(index, value)| format!("k{index}: {value}"));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
                };
                prop_oneof![
                    inner
                        .clone()
                        .prop_map(|values| format!("[{}]", values.join(", "))),
                    inner.prop_map(table),
                ]
            });
        (collection::vec(value, 1..5), any::<bool>()).prop_map(|(values, merges)| {
            let entries = (0..)
                .zip(values)
                .map(|(index, value)| format!("k{index}: {value}\n"));
            let entries = entries.collect::<String>();
            match merges {
                true => format!("base: &base {{k0: no, k9: 1}}\n{entries}<<: *base\n"),
                false => entries,
            }
        })
    }

    proptest! {
        #[test]
        fn another_reader_reads_the_same(text in document()) {
            let read = parse(&text).ok().map(|tree| shown(tree).to_string());
            prop_assert_eq!(read, read_by_another(&text));
        }

        #[test]
        fn another_reader_reads_the_same_where_both_read(text in PIECES) {
            let Ok(tree) = parse(&text) else { return Ok(()) };
            if let Some(other) = read_by_another(&text) {
                prop_assert_eq!(shown(tree).to_string(), other);
            }
        }
    }
}
