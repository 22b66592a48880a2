//! Columns of tables: their types, constraints and options, and which of these exclude each other.

use super::super::ast::{
    BaseType, ColumnConstraint, ColumnDefinition, ColumnOption, DataType, GeneratedAs, Identity,
    TypeKeyword,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

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
        let Some(keyword) = self.keyword() else {
            return Ok(None);
        };
        let constraint = match keyword {
            Keyword::NULL => ColumnConstraint::Null,
            Keyword::NOT if self.keyword_at(1, Keyword::NULL) => {
                self.advance();
                ColumnConstraint::NotNull
            }
            Keyword::NOT if self.keyword_at(1, Keyword::VISIBLE) => {
                self.advance();
                ColumnConstraint::NotVisible
            }
            Keyword::UNIQUE => {
                self.advance();
                let without_index = self.eat_keywords(kw![WITHOUT INDEX]);
                return Ok(Some(ColumnConstraint::Unique { without_index }));
            }
            Keyword::PRIMARY => {
                self.advance();
                self.expect_keyword(Keyword::KEY)?;
                let hash = self.hash_sharding()?;
                return Ok(Some(ColumnConstraint::PrimaryKey {
                    hash,
                    parameters: self.storage_parameters()?,
                }));
            }
            Keyword::CHECK => {
                self.advance();
                let expr = self.parens(Self::expr)?;
                return Ok(Some(ColumnConstraint::Check(expr)));
            }
            Keyword::DEFAULT => {
                self.advance();
                return Ok(Some(ColumnConstraint::Default(self.restricted_expr()?)));
            }
            Keyword::ON if self.keyword_at(1, Keyword::UPDATE) => {
                self.at += 2;
                return Ok(Some(ColumnConstraint::OnUpdate(self.restricted_expr()?)));
            }
            Keyword::REFERENCES => {
                self.advance();
                return Ok(Some(ColumnConstraint::References(self.references(false)?)));
            }
            Keyword::AS | Keyword::GENERATED => return self.generated().map(Some),
            Keyword::COLLATE => {
                self.advance();
                return Ok(Some(ColumnConstraint::Collate(self.collation()?)));
            }
            Keyword::FAMILY => {
                self.advance();
                let name = Some(self.name()?);
                return Ok(Some(ColumnConstraint::Family {
                    name,
                    create: false,
                    if_not_exists: false,
                }));
            }
            Keyword::CREATE => {
                self.advance();
                let if_not_exists = self.if_not_exists();
                self.expect_keyword(Keyword::FAMILY)?;
                let name = if self.at_name() || if_not_exists {
                    Some(self.name()?)
                } else {
                    None
                };
                return Ok(Some(ColumnConstraint::Family {
                    name,
                    create: true,
                    if_not_exists,
                }));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(constraint))
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
    match base {
        BaseType::Keyword { keyword, .. } => matches!(
            keyword,
            TypeKeyword::Int | TypeKeyword::Integer | TypeKeyword::SmallInt | TypeKeyword::BigInt
        ),
        BaseType::Named(name) => match name.parts.as_slice() {
            [name] => matches!(
                name.value(),
                "int2"
                    | "int4"
                    | "int8"
                    | "int64"
                    | "serial"
                    | "serial2"
                    | "serial4"
                    | "serial8"
                    | "smallserial"
                    | "bigserial"
            ),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a type is known to hold no text.
fn is_no_text(base: &BaseType) -> bool {
    match base {
        BaseType::Keyword { keyword, .. } => !matches!(
            keyword,
            TypeKeyword::Char
                | TypeKeyword::CharVarying
                | TypeKeyword::Character
                | TypeKeyword::CharacterVarying
                | TypeKeyword::VarChar
                | TypeKeyword::String
        ),
        BaseType::Named(name) => {
            is_integer(base)
                || name.parts.len() == 1
                    && matches!(
                        name.parts[0].value(),
                        "bool"
                            | "bytea"
                            | "bytes"
                            | "date"
                            | "float4"
                            | "float8"
                            | "inet"
                            | "json"
                            | "jsonb"
                            | "oid"
                            | "uuid"
                    )
        }
        BaseType::ById(_) => false,
        _ => true,
    }
}
