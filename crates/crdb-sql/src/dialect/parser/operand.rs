//! The operands of [rules](super::rule): what each is called, how far it reaches, how it is read.

use super::super::ast::{Ident, ObjectName, ParameterMode, Part, Punctuation, SetScope};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

/// What a rule has in a place where no word is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    /// The name of what is no table: a column, a role's database, a constraint.
    Name,
    /// The same, where it is the last word of the statement.
    LastName,
    /// Any word, reserved ones included.
    AnyName,
    /// A table, view, sequence, type ..
    Object,
    /// A table, where `ONLY` and `*` mean nothing.
    Relation,
    /// A table with its hints.
    Table,
    /// A table by number, in brackets.
    TableId,
    /// A table, or all tables of something.
    Tables,
    /// `a.*`: all tables of a schema.
    SchemaStar,
    /// A schema, qualified by its database or not.
    Schema,
    /// `t@i`, or an index alone.
    Index,
    /// A column, qualified or not.
    Column,
    /// A function's name, qualified or not.
    FunctionName,
    /// A parameter of a function.
    Parameter,
    /// A call of a procedure.
    Call,
    /// A type.
    Type,
    /// An expression.
    Expr,
    /// An expression without `AND`, `OR` and the like.
    RestrictedExpr,
    /// One operand of an expression.
    Primary,
    /// The label of a result column, if it is there.
    Label,
    /// A query.
    Query,
    /// A statement that can be prepared.
    Statement,
    /// A string.
    Text,
    /// A string or a placeholder.
    TextOrPlaceholder,
    /// A string or a word.
    TextOrWord,
    /// A string, a word or a placeholder: a location, a value of an option.
    Value,
    /// A whole number.
    Number,
    /// A whole number with or without a sign.
    Signed,
    /// A fraction of at least 0 and below 1.
    Fraction,
    /// How visible an index is, from 0 to 1.
    Visibility,
    /// A region, quoted as a name or as a string.
    Region,
    /// A role, or one of the words for the current one.
    Role,
    /// A virtual cluster.
    Tenant,
    /// A variable or setting, of as many parts as it has.
    Setting,
    /// A variable's name as `SHOW` takes it.
    SessionVariable,
    /// A value of a setting: an expression, `on`, `none`.
    SettingValue,
    /// `a = b`, or what is short for it, behind `SET`.
    Assignment,
    /// A storage parameter, quoted as a name or as a string.
    ParameterName,
    /// What follows `PARTITION BY`.
    Partition,
    /// A column of an index.
    IndexColumn,
    /// A part of a table.
    Element,
    /// `INSERT OR UPDATE OF a`, each event once.
    TriggerEvents,
    /// An argument of a trigger's function.
    TriggerArgument,
    /// `AS`, which may be left out and is then added.
    OptionalAs,
    /// `=`, which may be left out and is not kept.
    OptionalEqual,
    /// Nothing: not the end of the statement.
    NotLast,
    /// Nothing: no dot or comma, so that the keyword before is no table's name.
    NoTable,
}

/// How far an operand reaches that should begin at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It does not begin there.
    No,
    /// It is so many tokens long.
    Tokens(usize),
    /// It begins there, and only reading it shows where it ends.
    Open,
}

impl Reach {
    /// One token, if it is there.
    pub(super) fn one(found: bool) -> Self {
        if found { Self::Tokens(1) } else { Self::No }
    }

    fn open(found: bool) -> Self {
        if found { Self::Open } else { Self::No }
    }
}

impl Operand {
    /// What a message calls it.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::TextOrPlaceholder => "a string or a placeholder",
            Self::TextOrWord => "a string or a word",
            Self::Value => "a string, a word or a placeholder",
            Self::Number | Self::Signed => "a whole number",
            Self::Query | Self::Statement => "a query",
            Self::SessionVariable => "a session variable",
            Self::Role => "a role",
            Self::Tenant => "a virtual cluster",
            Self::TriggerEvents => "an event",
            Self::TableId => "`[`",
            Self::NotLast | Self::NoTable => "an operand",
            _ => "a name",
        }
    }
}

impl Parser<'_> {
    /// How far an operand reaches that should begin `ahead` of the current token.
    pub(super) fn reach(&self, operand: Operand, ahead: usize) -> Reach {
        let kind = self.kind_at(ahead);
        let last = |kind| matches!(kind, TokenKind::End | TokenKind::Semicolon);
        match operand {
            Operand::Name => Reach::one(self.name_at(ahead)),
            Operand::LastName => Reach::one(self.name_at(ahead) && last(self.kind_at(ahead + 1))),
            Operand::AnyName => Reach::one(self.any_name_at(ahead)),
            Operand::Object => self.reach_of_dotted(ahead, 3),
            Operand::Column => self.reach_of_dotted(ahead, 4),
            Operand::Relation => {
                if self.keyword_at(ahead, Keyword::ONLY) {
                    return Reach::Open;
                }
                match self.reach_of_dotted(ahead, 3) {
                    Reach::Tokens(count) if self.kind_at(ahead + count) == TokenKind::Star => {
                        Reach::Tokens(count + 1)
                    }
                    reach => reach,
                }
            }
            Operand::TableId => Reach::open(kind == TokenKind::LeftBracket),
            Operand::Tables => Reach::open(kind == TokenKind::Star || self.object_at(ahead)),
            Operand::SchemaStar => Reach::open(
                self.name_at(ahead)
                    && self.kind_at(ahead + 1) == TokenKind::Dot
                    && self.kind_at(ahead + 2) == TokenKind::Star,
            ),
            Operand::Schema => Reach::open(self.name_at(ahead)),
            Operand::Index => Reach::open(self.object_at(ahead)),
            Operand::Parameter => Reach::open(kind != TokenKind::RightParen),
            Operand::TriggerArgument => {
                Reach::open(!matches!(kind, TokenKind::RightParen | TokenKind::Comma))
            }
            Operand::Query => Reach::open(self.query_at(ahead)),
            Operand::Text => Reach::one(super::is_string(kind)),
            Operand::TextOrPlaceholder => match self.reach_of_placeholder(ahead) {
                Reach::No => Reach::one(super::is_string(kind)),
                reach => reach,
            },
            Operand::TextOrWord => Reach::one(super::is_string(kind) || self.word_at(ahead)),
            Operand::Value | Operand::Role => match self.reach_of_placeholder(ahead) {
                Reach::No if operand == Operand::Role && is_current_role(kind) => Reach::Tokens(1),
                Reach::No => Reach::one(super::is_string(kind) || self.word_at(ahead)),
                reach => reach,
            },
            Operand::Number => Reach::one(kind == TokenKind::Integer),
            Operand::Signed => match kind {
                TokenKind::Integer => Reach::Tokens(1),
                TokenKind::Plus | TokenKind::Minus => {
                    Reach::open(self.kind_at(ahead + 1) == TokenKind::Integer)
                }
                _ => Reach::No,
            },
            Operand::Region | Operand::ParameterName => {
                Reach::one(super::is_string(kind) || self.name_at(ahead))
            }
            Operand::Tenant => Reach::open(
                !(last(kind)
                    || matches!(
                        kind,
                        TokenKind::Dot
                            | TokenKind::Comma
                            | TokenKind::Keyword(Keyword::TO | Keyword::INTO | Keyword::FROM)
                    )),
            ),
            Operand::Setting if !self.name_at(ahead) => Reach::No,
            Operand::Setting => {
                let dots = (0..)
                    .take_while(|dots| self.kind_at(ahead + 1 + 2 * dots) == TokenKind::Dot)
                    .count();
                Reach::Tokens(1 + 2 * dots)
            }
            Operand::SessionVariable => Reach::open(is_session_variable(kind)),
            Operand::OptionalAs => Reach::Tokens(usize::from(self.keyword_at(ahead, Keyword::AS))),
            Operand::OptionalEqual => Reach::Tokens(usize::from(kind == TokenKind::Equal)),
            Operand::NotLast if last(kind) => Reach::No,
            Operand::NoTable if matches!(kind, TokenKind::Dot | TokenKind::Comma) => Reach::No,
            Operand::NotLast | Operand::NoTable => Reach::Tokens(0),
            // Whatever stands there, reading it says what is wrong with it.
            _ => Reach::Open,
        }
    }

    fn reach_of_dotted(&self, ahead: usize, most: usize) -> Reach {
        if !self.object_at(ahead) {
            return Reach::No;
        }
        let dots = (0..most - 1)
            .take_while(|dots| {
                self.kind_at(ahead + 1 + 2 * dots) == TokenKind::Dot
                    && self.any_name_at(ahead + 2 + 2 * dots)
            })
            .count();
        Reach::Tokens(1 + 2 * dots)
    }

    fn reach_of_placeholder(&self, ahead: usize) -> Reach {
        match self.kind_at(ahead) {
            TokenKind::Placeholder => Reach::Tokens(1),
            TokenKind::Colon if self.options.named_placeholders => Reach::Tokens(2),
            _ => Reach::No,
        }
    }

    /// Reads an operand.
    pub(super) fn read_operand(&mut self, operand: Operand, parts: &mut Vec<Part>) -> Parsed<()> {
        let part = match operand {
            Operand::Name | Operand::LastName => Part::Name(self.name()?),
            Operand::AnyName => Part::Name(self.any_name()?),
            Operand::Object => Part::Object(self.object()?),
            Operand::Relation => Part::Object(self.relation()?),
            Operand::Table => Part::Table(Box::new(self.table_name(false)?)),
            Operand::TableId => {
                self.advance();
                let id = self.unsigned()?;
                self.expect(TokenKind::RightBracket, "`]`")?;
                Part::Number(format!("[{id}]").into())
            }
            Operand::Tables => self.tables()?,
            Operand::SchemaStar => Part::ObjectPattern(self.pattern()?),
            Operand::Schema => {
                let schema = self.schema()?;
                push_dotted(parts, schema.parts);
                return Ok(());
            }
            Operand::Index => Part::Index(self.index_name()?),
            Operand::Column => Part::Object(self.dotted(4)?),
            Operand::FunctionName => Part::Object(ObjectName {
                parts: self.function_path()?,
            }),
            Operand::Parameter => return self.parameter_parts(parts),
            Operand::Call if self.is(TokenKind::LeftBracket) => Part::Expr(self.function_by_id()?),
            Operand::Call => Part::Expr(self.table_call()?),
            Operand::Type => Part::Type(self.data_type()?),
            Operand::Expr => Part::Expr(self.expr()?),
            Operand::RestrictedExpr => Part::Expr(self.restricted_expr()?),
            Operand::Primary => Part::Expr(self.primary()?),
            Operand::Label => {
                if let Some(label) = self.label()? {
                    parts.extend([Part::Keyword(Keyword::AS), Part::Name(label)]);
                }
                return Ok(());
            }
            Operand::Query => Part::Query(Box::new(self.query()?)),
            Operand::Statement => {
                Part::Statement(Box::new(self.nested(Self::preparable_statement)?))
            }
            Operand::Text => Part::Text(self.string()?),
            Operand::TextOrPlaceholder | Operand::TextOrWord | Operand::Value | Operand::Role => {
                self.value(operand)?
            }
            Operand::Number => self.number()?,
            Operand::Signed => Part::Number(self.signed()?.to_string().into()),
            Operand::Fraction => self.fraction_of_one()?,
            Operand::Visibility => {
                self.check_visibility()?;
                Part::Expr(self.primary()?)
            }
            Operand::Region => Part::Name(self.region()?),
            Operand::Tenant => self.tenant()?,
            Operand::Setting | Operand::SessionVariable => {
                let name = self.variable_name()?;
                push_dotted(parts, name);
                return Ok(());
            }
            Operand::SettingValue => Part::Expr(self.variable_value()?),
            Operand::Assignment => return self.assignment_parts(parts),
            Operand::ParameterName => Part::Name(self.storage_parameter_name()?),
            Operand::Partition => Part::Partition(Box::new(self.partitions()?)),
            Operand::IndexColumn => Part::IndexColumn(Box::new(self.index_column()?)),
            Operand::Element => Part::Element(Box::new(self.table_element()?)),
            Operand::TriggerEvents => return self.trigger_events(parts),
            Operand::TriggerArgument => match self.kind() {
                TokenKind::Integer | TokenKind::Decimal => Part::Expr(self.primary()?),
                kind if super::is_string(kind) => Part::Text(self.string()?),
                _ => Part::Name(self.any_name()?),
            },
            Operand::OptionalAs => {
                self.eat_keyword(Keyword::AS);
                Part::Keyword(Keyword::AS)
            }
            Operand::OptionalEqual => {
                self.eat(TokenKind::Equal);
                return Ok(());
            }
            Operand::NotLast | Operand::NoTable => return Ok(()),
        };
        parts.push(part);
        Ok(())
    }

    /// A string, a word, a placeholder, a word for the current role: what of these the operand takes.
    fn value(&mut self, operand: Operand) -> Parsed<Part> {
        if self.at_string() {
            return Ok(Part::Text(self.string()?));
        }
        if operand != Operand::TextOrWord && self.reach_of_placeholder(0) != Reach::No {
            return Ok(Part::Expr(self.primary()?));
        }
        if operand == Operand::Role
            && is_current_role(self.kind())
            && let Some(keyword) = self.keyword()
        {
            self.advance();
            return Ok(Part::Keyword(keyword));
        }
        if operand != Operand::TextOrPlaceholder && self.word_at(0) {
            return Ok(Part::Name(self.word()?));
        }
        Err(self.expected(operand.describe()))
    }

    fn number(&mut self) -> Parsed<Part> {
        if !self.is(TokenKind::Integer) {
            return Err(self.expected("a whole number"));
        }
        let token = self.advance();
        Ok(Part::Number(self.text(token).into()))
    }

    fn fraction_of_one(&mut self) -> Parsed<Part> {
        let token = self.token();
        let fits = matches!(token.kind, TokenKind::Integer | TokenKind::Decimal)
            && self
                .text(token)
                .parse()
                .is_ok_and(|fraction: f64| (0.0..1.0).contains(&fraction));
        if !fits {
            return Err(self.expected("a fraction of at least 0 and below 1"));
        }
        self.advance();
        Ok(Part::Number(self.text(token).into()))
    }

    /// A table, or all tables of something.
    fn tables(&mut self) -> Parsed<Part> {
        if self.eat(TokenKind::Star) {
            return Ok(Part::ObjectPattern(Vec::new()));
        }
        // Past the dotted name: a star there makes it a pattern.
        let past = (1..6)
            .step_by(2)
            .find(|ahead| self.kind_at(*ahead) != TokenKind::Dot)
            .unwrap_or(1);
        if past > 1 && self.kind_at(past - 1) == TokenKind::Star {
            return Ok(Part::ObjectPattern(self.pattern()?));
        }
        Ok(Part::Object(self.object()?))
    }

    /// `a.*` or `a.b.*`: the names before the star.
    fn pattern(&mut self) -> Parsed<Vec<Ident>> {
        let mut names = vec![self.object_part()?];
        loop {
            self.expect(TokenKind::Dot, "`.`")?;
            if self.eat(TokenKind::Star) {
                return Ok(names);
            }
            names.push(self.any_name()?);
        }
    }

    /// A virtual cluster: an operand; in brackets, any expression.
    fn tenant(&mut self) -> Parsed<Part> {
        if self.eat(TokenKind::LeftBracket) {
            let inner = self.expr()?;
            self.expect(TokenKind::RightBracket, "`]`")?;
            return Ok(Part::InBrackets(Box::new(inner)));
        }
        if self.eat_keyword(Keyword::ALL) {
            return Ok(Part::Keyword(Keyword::ALL));
        }
        Ok(Part::Expr(self.primary()?))
    }

    fn parameter_parts(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let parameter = self.parameter()?;
        let mode = parameter.mode.map(|mode| match mode {
            ParameterMode::In => Keyword::IN,
            ParameterMode::Out => Keyword::OUT,
            ParameterMode::InOut => Keyword::INOUT,
            ParameterMode::Variadic => Keyword::VARIADIC,
        });
        parts.extend(mode.map(Part::Keyword));
        parts.extend(parameter.name.map(Part::Name));
        parts.push(Part::Type(parameter.data_type));
        Ok(())
    }

    fn assignment_parts(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let set = self.set_rest(SetScope::Default)?;
        push_dotted(parts, set.name);
        parts.push(Part::Punctuation(Punctuation::Equal));
        for (at, value) in set.values.into_iter().enumerate() {
            if at > 0 {
                parts.push(Part::Punctuation(Punctuation::Comma));
            }
            parts.push(Part::Expr(value));
        }
        Ok(())
    }

    fn trigger_events(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let mut given = Vec::new();
        loop {
            let event = self.expect_any(kw![INSERT DELETE UPDATE TRUNCATE])?;
            if given.contains(&event) {
                return Err(self.invalid("an event of the trigger is given twice"));
            }
            given.push(event);
            parts.push(Part::Keyword(event));
            if event == Keyword::UPDATE && self.eat_keyword(Keyword::OF) {
                parts.push(Part::Keyword(Keyword::OF));
                for (at, column) in self.names()?.into_iter().enumerate() {
                    if at > 0 {
                        parts.push(Part::Punctuation(Punctuation::Comma));
                    }
                    parts.push(Part::Name(column));
                }
            }
            if !self.eat_keyword(Keyword::OR) {
                return Ok(());
            }
            parts.push(Part::Keyword(Keyword::OR));
        }
    }
}

/// Notes a name of several parts.
fn push_dotted(parts: &mut Vec<Part>, name: Vec<Ident>) {
    for (at, part) in name.into_iter().enumerate() {
        if at > 0 {
            parts.push(Part::Punctuation(Punctuation::Dot));
        }
        parts.push(Part::Name(part));
    }
}

fn is_current_role(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Keyword(Keyword::CURRENT_USER | Keyword::SESSION_USER | Keyword::CURRENT_ROLE)
    )
}

/// Whether a token can be a variable where most keywords stand for something else.
fn is_session_variable(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Word | TokenKind::QuotedWord => true,
        TokenKind::Keyword(keyword) => matches!(
            keyword,
            Keyword::DATABASE
                | Keyword::NAMES
                | Keyword::ROLE
                | Keyword::LC_COLLATE
                | Keyword::LC_CTYPE
                | Keyword::VIRTUAL_CLUSTER_NAME
                | Keyword::TRACING
        ),
        _ => false,
    }
}
