//! Rules: the grammar of the long tail as data, and the small engine that follows it.
//!
//! A statement that no lint looks into needs no code of its own. [`rule!`] writes its grammar as a manual does:
//!
//! | written | stands for |
//! | --- | --- |
//! | `SHOW` | a keyword |
//! | `<Name>` | an [`Operand`] |
//! | `&OPTIONS` | another rule |
//! | `{A \| B}` | one of several |
//! | `[A \| B]` | one of several, or nothing |
//! | `[A]...` | as many as follow |
//! | `<Name>, ...` | one or more, with commas between |
//! | `!&OPTION, ...`, `![A]...` | the same, each once, told apart by its first keyword |
//! | `(A)`, `=`, `,`, `.`, `@`, `*` | these signs |
//! | `:Kind` | the statement is of this kind |
//!
//! An alternative is taken if the tokens ahead fit it up to its first operand whose end cannot be seen from there (an
//! expression, a query). So nothing is read twice, and the time stays that of the text.

use std::slice::from_ref;

use super::super::ast::{Part, Punctuation, StatementKind, Utility, UtilityKind};
use super::super::error::ParseError;
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::operand::{Operand, Reach};
use super::{Parsed, Parser};

/// Steps, one after the other.
pub(super) type Rule = &'static [Step];

/// A step of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Word(Keyword),
    AnyWord(&'static [Keyword]),
    Sign(Punctuation),
    Operand(Operand),
    Kind(UtilityKind),
    Rule(Rule),
    Choice(&'static [Rule]),
    Maybe(&'static [Rule]),
    Many(&'static [Rule]),
    /// The same, each once, told apart by its first keyword.
    ManyOnce(&'static [Rule]),
    List(&'static Step),
    /// The same, each once, told apart by its first keyword.
    ListOnce(&'static Step),
}

/// The [`Rule`] that the tokens describe.
macro_rules! rule {
    ($($rule:tt)*) => { $crate::dialect::parser::rule::steps!([] $($rule)*) };
}

/// The steps already read, then the tokens of those to come.
macro_rules! steps {
    ([$($done:expr,)*]) => { &[$($done,)*] };
    ([$($done:expr,)*] & $rule:ident, ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::List(&Step::Rule($rule)),] $($rest)*)
    };
    ([$($done:expr,)*] ! & $rule:ident, ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::ListOnce(&Step::Rule($rule)),] $($rest)*)
    };
    ([$($done:expr,)*] & $rule:ident $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Rule($rule),] $($rest)*)
    };
    ([$($done:expr,)*] <$operand:ident>, ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::List(&Step::Operand(Operand::$operand)),] $($rest)*)
    };
    ([$($done:expr,)*] <$operand:ident> $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Operand(Operand::$operand),] $($rest)*)
    };
    ([$($done:expr,)*] : $kind:ident $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Kind(UtilityKind::$kind),] $($rest)*)
    };
    ([$($done:expr,)*] ($($inside:tt)*) $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)*
            Step::Sign(Punctuation::Open),
            Step::Rule($crate::dialect::parser::rule::rule!($($inside)*)),
            Step::Sign(Punctuation::Close),
        ] $($rest)*)
    };
    ([$($done:expr,)*] {$($inside:tt)*}, ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::List(&Step::Choice($crate::dialect::parser::rule::alternatives!([] [] $($inside)*))),
        ] $($rest)*)
    };
    ([$($done:expr,)*] {$($word:ident)|+} $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::AnyWord(&[$(Keyword::$word,)+]),] $($rest)*)
    };
    ([$($done:expr,)*] {$($inside:tt)*} $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::Choice($crate::dialect::parser::rule::alternatives!([] [] $($inside)*)),
        ] $($rest)*)
    };
    ([$($done:expr,)*] [$($inside:tt)*] ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::Many($crate::dialect::parser::rule::alternatives!([] [] $($inside)*)),
        ] $($rest)*)
    };
    ([$($done:expr,)*] ! [$($inside:tt)*] ... $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::ManyOnce($crate::dialect::parser::rule::alternatives!([] [] $($inside)*)),
        ] $($rest)*)
    };
    ([$($done:expr,)*] [$($word:ident)|+] $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::Maybe(&[&[Step::AnyWord(&[$(Keyword::$word,)+])]]),
        ] $($rest)*)
    };
    ([$($done:expr,)*] [$($inside:tt)*] $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([
            $($done,)* Step::Maybe($crate::dialect::parser::rule::alternatives!([] [] $($inside)*)),
        ] $($rest)*)
    };
    ([$($done:expr,)*] = $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Sign(Punctuation::Equal),] $($rest)*)
    };
    ([$($done:expr,)*] , $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Sign(Punctuation::Comma),] $($rest)*)
    };
    ([$($done:expr,)*] @ $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Sign(Punctuation::At),] $($rest)*)
    };
    ([$($done:expr,)*] * $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Sign(Punctuation::Star),] $($rest)*)
    };
    ([$($done:expr,)*] $word:ident $($rest:tt)*) => {
        $crate::dialect::parser::rule::steps!([$($done,)* Step::Word(Keyword::$word),] $($rest)*)
    };
}

/// The alternatives already read, the tokens of the one at hand, then those to come.
macro_rules! alternatives {
    ([$($done:expr,)*] [$($now:tt)*]) => {
        &[$($done,)* $crate::dialect::parser::rule::rule!($($now)*)]
    };
    ([$($done:expr,)*] [$($now:tt)*] | $($rest:tt)*) => {
        $crate::dialect::parser::rule::alternatives!(
            [$($done,)* $crate::dialect::parser::rule::rule!($($now)*),] [] $($rest)*
        )
    };
    ([$($done:expr,)*] [$($now:tt)*] $next:tt $($rest:tt)*) => {
        $crate::dialect::parser::rule::alternatives!([$($done,)*] [$($now)* $next] $($rest)*)
    };
}

/// Statements, each with its kind: `Show {SHOW USERS} ..`.
macro_rules! statements {
    ($($kind:ident {$($rule:tt)*})*) => {
        &[$($crate::dialect::parser::rule::rule!(:$kind $($rule)*),)*]
    };
}

pub(super) use {alternatives, rule, statements, steps};

/// What comes behind the rule at hand.
struct Then<'a> {
    rule: Rule,
    then: Option<&'a Then<'a>>,
}

/// What was looked for, and not found, at the farthest token that was looked at.
#[derive(Debug, Default)]
pub(super) struct Missed {
    at: usize,
    steps: Vec<Step>,
}

impl Missed {
    /// Forgets what was looked for up to a token.
    fn pass(&mut self, at: usize) {
        if self.at <= at {
            self.at = at;
            self.steps.clear();
        }
    }

    fn note(&mut self, at: usize, step: Step) {
        if at > self.at {
            self.at = at;
            self.steps.clear();
        }
        if at == self.at {
            self.steps.push(step);
        }
    }

    /// The token where the search ended, if it is beyond another, and what should stand there.
    pub(super) fn beyond(&self, at: usize) -> Option<(usize, String)> {
        (self.at > at && !self.steps.is_empty()).then(|| (self.at, self.names()))
    }

    /// ``one of `A`, `B`, a name``.
    fn names(&self) -> String {
        const SHOWN: usize = 12;
        let mut names = Vec::new();
        let mut add = |name: String| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        for step in &self.steps {
            match step {
                Step::Word(word) => add(format!("`{}`", word.as_str())),
                Step::AnyWord(words) => {
                    words
                        .iter()
                        .for_each(|word| add(format!("`{}`", word.as_str())));
                }
                Step::Sign(sign) => add(format!("`{}`", sign.as_str())),
                Step::Operand(operand) => add(operand.describe().to_owned()),
                _ => {}
            }
        }
        let further = match names.len() {
            // What would say that there is one more names it.
            length if length <= SHOWN + 1 => 0,
            length => length - SHOWN,
        };
        names.truncate(names.len() - further);
        match (names.len(), further) {
            (1, _) => names.concat(),
            (_, 0) => format!("one of {}", names.join(", ")),
            _ => format!("one of {} or {further} others", names.join(", ")),
        }
    }
}

impl Parser<'_> {
    /// A statement by the first of some rules that fits, if one does.
    pub(super) fn utility(&mut self, rules: &[Rule]) -> Parsed<Option<StatementKind>> {
        self.missed.pass(self.at);
        let Some(rule) = self.choose(rules) else {
            return Ok(None);
        };
        let mut utility = Utility {
            // Each statement's rule begins with its kind.
            kind: UtilityKind::Show,
            parts: Vec::new(),
        };
        self.follow(rule, &mut utility)?;
        Ok(Some(StatementKind::Utility(utility)))
    }

    /// A statement by the first of some rules that fits.
    pub(super) fn expect_utility(&mut self, rules: &[Rule]) -> Parsed<StatementKind> {
        self.utility(rules)?.ok_or_else(|| self.none_fits())
    }

    /// The parts of a clause.
    pub(super) fn parts(&mut self, rule: Rule) -> Parsed<Vec<Part>> {
        let mut utility = Utility {
            kind: UtilityKind::Alter,
            parts: Vec::new(),
        };
        self.follow(rule, &mut utility)?;
        Ok(utility.parts)
    }

    /// Whether a rule fits the tokens at hand.
    pub(super) fn fits(&mut self, rule: Rule) -> bool {
        self.fits_at(rule, None, 0)
    }

    /// The error for a text that none of the rules last tried fits.
    fn none_fits(&self) -> ParseError {
        self.expected(&self.missed.names())
    }

    fn choose(&mut self, rules: &[Rule]) -> Option<Rule> {
        rules.iter().copied().find(|rule| self.fits(rule))
    }

    /// Whether `rule`, and `then` behind it, fit the tokens from `ahead` on.
    fn fits_at(&mut self, rule: Rule, then: Option<&Then<'_>>, ahead: usize) -> bool {
        let Some((step, rest)) = rule.split_first() else {
            return then.is_none_or(|then| self.fits_at(then.rule, then.then, ahead));
        };
        let behind = Then { rule: rest, then };
        let reach = match *step {
            Step::Word(word) => Reach::one(self.keyword_at(ahead, word)),
            Step::AnyWord(words) => Reach::one(matches!(
                self.kind_at(ahead),
                TokenKind::Keyword(word) if words.contains(&word)
            )),
            Step::Sign(sign) => Reach::one(self.kind_at(ahead) == sign.token()),
            Step::Operand(operand) => self.reach(operand, ahead),
            Step::Kind(_) => Reach::Tokens(0),
            Step::Rule(inner) => return self.fits_at(inner, Some(&behind), ahead),
            Step::Choice(inner) => {
                return inner
                    .iter()
                    .any(|inner| self.fits_at(inner, Some(&behind), ahead));
            }
            Step::Maybe(inner) | Step::Many(inner) | Step::ManyOnce(inner) => {
                let again = Then { rule, then };
                let behind = match step {
                    Step::Maybe(_) => &behind,
                    _ => &again,
                };
                return inner
                    .iter()
                    .any(|inner| self.fits_at(inner, Some(behind), ahead))
                    || self.fits_at(rest, then, ahead);
            }
            // How many items follow is not looked at.
            Step::List(item) | Step::ListOnce(item) => {
                return self.fits_at(from_ref(item), None, ahead);
            }
        };
        match reach {
            Reach::Tokens(count) => self.fits_at(rest, then, ahead + count),
            Reach::Open => true,
            Reach::No => {
                self.missed.note(self.at + ahead, *step);
                false
            }
        }
    }

    /// Reads what a rule describes.
    fn follow(&mut self, rule: Rule, utility: &mut Utility) -> Parsed<()> {
        for step in rule {
            match *step {
                Step::Word(word) => {
                    self.expect_keyword(word)?;
                    utility.parts.push(Part::Keyword(word));
                }
                Step::AnyWord(words) => {
                    let word = self.expect_any(words)?;
                    utility.parts.push(Part::Keyword(word));
                }
                Step::Sign(sign) => self.sign(sign, utility)?,
                Step::Operand(operand) => self.read_operand(operand, &mut utility.parts)?,
                Step::Kind(kind) => utility.kind = kind,
                Step::Rule(inner) => self.follow(inner, utility)?,
                Step::Choice(inner) => {
                    self.missed.pass(self.at);
                    let Some(inner) = self.choose(inner) else {
                        return Err(self.none_fits());
                    };
                    self.follow(inner, utility)?;
                }
                Step::Maybe(inner) => {
                    if let Some(inner) = self.choose(inner) {
                        self.follow(inner, utility)?;
                    }
                }
                Step::Many(inner) => {
                    while let Some(inner) = self.choose(inner) {
                        self.follow(inner, utility)?;
                    }
                }
                Step::ManyOnce(inner) => {
                    let mut given = Vec::new();
                    while let Some(inner) = self.choose(inner) {
                        self.follow_once(inner, &mut given, utility)?;
                    }
                }
                Step::List(item) => {
                    self.follow(from_ref(item), utility)?;
                    while self.is(TokenKind::Comma) {
                        self.sign(Punctuation::Comma, utility)?;
                        self.follow(from_ref(item), utility)?;
                    }
                }
                Step::ListOnce(item) => {
                    let mut given = Vec::new();
                    self.follow_once(from_ref(item), &mut given, utility)?;
                    while self.is(TokenKind::Comma) {
                        self.sign(Punctuation::Comma, utility)?;
                        self.follow_once(from_ref(item), &mut given, utility)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn sign(&mut self, sign: Punctuation, utility: &mut Utility) -> Parsed<()> {
        if !self.eat(sign.token()) {
            return Err(self.expected(&format!("`{}`", sign.as_str())));
        }
        utility.parts.push(Part::Punctuation(sign));
        Ok(())
    }

    /// Reads what a rule describes, unless it was given before.
    fn follow_once(
        &mut self,
        rule: Rule,
        given: &mut Vec<Keyword>,
        utility: &mut Utility,
    ) -> Parsed<()> {
        let first = utility.parts.len();
        self.follow(rule, utility)?;
        if let Some(Part::Keyword(word)) = utility.parts.get(first) {
            if given.contains(word) {
                return Err(self.invalid(format!("the option `{}` is given twice", word.as_str())));
            }
            given.push(*word);
        }
        Ok(())
    }
}
