//! Columns of tables: their types, constraints and options, and which of these exclude each other.

use super::super::ast::{
    BaseType, ColumnConstraint, ColumnDefinition, ColumnOption, DataType, GeneratedAs, Identity,
    ObjectName, TypeKeyword,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

/// What a constraint of a column begins with, `NOT` and `ON` apart.
const COLUMN_CONSTRAINTS: &[Keyword] = kw![
    NULL UNIQUE PRIMARY CHECK DEFAULT REFERENCES AS GENERATED COLLATE FAMILY CREATE
];

impl Parser<'_> {
    pub(super) fn column_definition(&mut self) -> Parsed<ColumnDefinition> {
        let start = self.start();
        let name = self.name()?;
        let data_type = Some(self.data_type()?);
        let mut options = Vec::new();
        while let Some(option) = self.column_option()? {
            if let Some(why) = data_type
                .as_ref()
                .and_then(|data_type| conflict(data_type, &options, &option.constraint))
            {
                return Err(self.invalid(why));
            }
            options.push(option);
        }
        Ok(ColumnDefinition {
            name,
            data_type,
            options,
            span: self.span_from(start),
        })
    }

    fn column_option(&mut self) -> Parsed<Option<ColumnOption>> {
        let name = self.opt(kw![CONSTRAINT], Self::name)?;
        let constraint = match self.column_constraint()? {
            Some(constraint) => constraint,
            None if name.is_some() => return Err(self.expected("a constraint")),
            None => return Ok(None),
        };
        if name.is_some()
            && matches!(
                constraint,
                ColumnConstraint::Collate(_) | ColumnConstraint::Family { .. }
            )
        {
            return Err(
                self.invalid("a collation or family is no constraint and has no constraint's name")
            );
        }
        Ok(Some(ColumnOption { name, constraint }))
    }

    fn column_constraint(&mut self) -> Parsed<Option<ColumnConstraint>> {
        use ColumnConstraint as C;
        // Words that begin something else without the one behind them.
        let Some(keyword) = self.keyword().filter(|keyword| match keyword {
            Keyword::NOT => {
                self.keyword_at(1, Keyword::NULL) || self.keyword_at(1, Keyword::VISIBLE)
            }
            Keyword::ON => self.keyword_at(1, Keyword::UPDATE),
            keyword => COLUMN_CONSTRAINTS.contains(keyword),
        }) else {
            return Ok(None);
        };
        if matches!(keyword, Keyword::AS | Keyword::GENERATED) {
            return self.generated().map(Some);
        }
        self.advance();
        Ok(Some(match keyword {
            Keyword::NULL => C::Null,
            Keyword::NOT => match self.expect_any(kw![NULL VISIBLE])? {
                Keyword::NULL => C::NotNull,
                _ => C::NotVisible,
            },
            Keyword::UNIQUE => C::Unique {
                without_index: self.eat_keywords(kw![WITHOUT INDEX]),
            },
            Keyword::PRIMARY => {
                self.expect_keyword(Keyword::KEY)?;
                C::PrimaryKey {
                    hash: self.hash_sharding()?,
                    parameters: self.storage_parameters()?,
                }
            }
            Keyword::CHECK => C::Check(self.parens(Self::expr)?),
            Keyword::DEFAULT => C::Default(self.restricted_expr()?),
            Keyword::ON => {
                self.advance();
                C::OnUpdate(self.restricted_expr()?)
            }
            Keyword::REFERENCES => C::References(self.references(false)?),
            Keyword::COLLATE => C::Collate(self.collation()?),
            _ => {
                let create = keyword == Keyword::CREATE;
                let if_not_exists = create && self.if_not_exists();
                if create {
                    self.expect_keyword(Keyword::FAMILY)?;
                }
                let named = self.at_name() || !create || if_not_exists;
                C::Family {
                    create,
                    if_not_exists,
                    name: if named { Some(self.name()?) } else { None },
                }
            }
        }))
    }

    /// A computed or an identity column.
    fn generated(&mut self) -> Parsed<ColumnConstraint> {
        let generated = self.at_keyword(Keyword::GENERATED);
        if generated {
            self.advance();
            let how = self.words()?;
            self.expect_keyword(Keyword::AS)?;
            if how == GeneratedAs::ByDefault || self.at_keyword(Keyword::IDENTITY) {
                return Ok(ColumnConstraint::Identity(self.identity(how)?));
            }
        } else {
            self.advance();
        }
        let expr = self.parens(Self::expr)?;
        let stored = self.expect_any(kw![STORED VIRTUAL])? == Keyword::STORED;
        Ok(ColumnConstraint::Computed {
            generated,
            expr,
            stored,
        })
    }

    /// `IDENTITY (..)`.
    pub(super) fn identity(&mut self, generated: GeneratedAs) -> Parsed<Identity> {
        self.expect_keyword(Keyword::IDENTITY)?;
        let mut options = Vec::new();
        if self.eat(TokenKind::LeftParen) {
            options = self.sequence_options()?;
            self.close()?;
        }
        Ok(Identity { generated, options })
    }
}

/// Why an option cannot follow the earlier ones, as CockroachDB's parser sees it (`NewColumnTableDef` in
/// pkg/sql/sem/tree/create.go).
fn conflict(
    data_type: &DataType,
    earlier: &[ColumnOption],
    constraint: &ColumnConstraint,
) -> Option<&'static str> {
    use ColumnConstraint as C;
    let has = |wanted: fn(&C) -> bool| earlier.iter().any(|option| wanted(&option.constraint));
    let identity = has(|given| matches!(given, C::Identity(_)));
    match constraint {
        C::Default(_) if identity || has(|given| matches!(given, C::Default(_))) => {
            Some("a column has one default")
        }
        C::OnUpdate(_) if has(|given| matches!(given, C::OnUpdate(_))) => {
            Some("a column has one `ON UPDATE`")
        }
        C::OnUpdate(_) | C::Computed { .. } if identity => {
            Some("an identity column has no other expression")
        }
        C::Identity(_) if !is_integer(&data_type.base) => {
            Some("an identity column is of an integer type")
        }
        C::Identity(_)
            if identity
                || has(|given| {
                    matches!(
                        given,
                        C::Default(_) | C::OnUpdate(_) | C::Computed { .. } | C::Null
                    )
                }) =>
        {
            Some("an identity column has no other expression, and is not null")
        }
        C::Null if identity || has(|given| matches!(given, C::NotNull)) => {
            Some("a column is either `NULL` or `NOT NULL`")
        }
        C::NotNull if has(|given| matches!(given, C::Null)) => {
            Some("a column is either `NULL` or `NOT NULL`")
        }
        C::References(_) if has(|given| matches!(given, C::References(_))) => {
            Some("a column refers to one other column")
        }
        C::Family { .. } if has(|given| matches!(given, C::Family { .. })) => {
            Some("a column is in one family")
        }
        C::Collate(_) if has(|given| matches!(given, C::Collate(_))) => {
            Some("a column has one collation")
        }
        C::Collate(_) if is_no_text(&data_type.base) => {
            Some("only a column of a string type has a collation")
        }
        _ => None,
    }
}

/// Whether a type is one of the integer types.
pub(super) fn is_integer(base: &BaseType) -> bool {
    use TypeKeyword::{BigInt, Int, Integer, SmallInt};
    const NAMES: [&str; 10] = [
        "int2",
        "int4",
        "int8",
        "int64",
        "serial",
        "serial2",
        "serial4",
        "serial8",
        "smallserial",
        "bigserial",
    ];
    match base {
        BaseType::Keyword { keyword, .. } => matches!(keyword, Int | Integer | SmallInt | BigInt),
        BaseType::Named(name) => is_one_of(name, &NAMES),
        _ => false,
    }
}

/// Whether a type is known to hold no text.
fn is_no_text(base: &BaseType) -> bool {
    use TypeKeyword::{Char, CharVarying, Character, CharacterVarying, String, VarChar};
    const NAMES: [&str; 11] = [
        "bool", "bytea", "bytes", "date", "float4", "float8", "inet", "json", "jsonb", "oid",
        "uuid",
    ];
    match base {
        BaseType::Keyword { keyword, .. } => !matches!(
            keyword,
            Char | CharVarying | Character | CharacterVarying | VarChar | String
        ),
        BaseType::Named(name) => is_integer(base) || is_one_of(name, &NAMES),
        BaseType::ById(_) => false,
        _ => true,
    }
}

fn is_one_of(name: &ObjectName, names: &[&str]) -> bool {
    matches!(name.parts.as_slice(), [name] if names.contains(&name.value()))
}
