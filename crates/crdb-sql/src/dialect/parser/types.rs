//! Data types.

use super::super::ast::{
    ArrayBounds, BaseType, DataType, Ident, IntervalField, ObjectName, TypeKeyword,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser, is_string};

/// The shapes of `GEOMETRY` and `GEOGRAPHY`, each with its variants in `M`, `Z` and `ZM`.
const SHAPES: &[&str] = &[
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geometry",
];

/// `postgresPredefinedTypeIssues` in CockroachDB's pkg/sql/types/types.go, without those that it has by now.
const MISSING_TYPES: &[&str] = &[
    "box",
    "cidr",
    "circle",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "path",
    "txid_snapshot",
    "xml",
];

impl Parser<'_> {
    /// A type with its array bounds.
    pub(super) fn data_type(&mut self) -> Parsed<DataType> {
        let start = self.start();
        let base = self.base_type()?;
        let array = self.array_bounds()?;
        Ok(DataType {
            base,
            array,
            span: self.span_from(start),
        })
    }

    fn array_bounds(&mut self) -> Parsed<ArrayBounds> {
        if self.eat_keyword(Keyword::ARRAY) {
            let size = if self.is(TokenKind::LeftBracket) && self.kind_at(1) == TokenKind::Integer {
                self.advance();
                let size = self.unsigned()?;
                self.expect(TokenKind::RightBracket, "`]`")?;
                Some(size)
            } else {
                None
            };
            return Ok(ArrayBounds::Keyword(size));
        }
        if self.is(TokenKind::LeftBracket) && self.kind_at(1) == TokenKind::RightBracket {
            self.at += 2;
            return Ok(ArrayBounds::Brackets(None));
        }
        if self.is(TokenKind::LeftBracket)
            && self.kind_at(1) == TokenKind::Integer
            && self.kind_at(2) == TokenKind::RightBracket
        {
            self.advance();
            let size = self.unsigned()?;
            self.advance();
            return Ok(ArrayBounds::Brackets(Some(size)));
        }
        Ok(ArrayBounds::None)
    }

    /// A type without array bounds.
    pub(super) fn base_type(&mut self) -> Parsed<BaseType> {
        if self.eat(TokenKind::At) {
            return Ok(BaseType::ById(self.unsigned()?));
        }
        if let Some(base) = self.keyword_type()? {
            return Ok(base);
        }
        let mut parts = vec![self.type_name()?];
        while parts.len() < 3 && self.eat(TokenKind::Dot) {
            parts.push(self.any_name()?);
        }
        self.check_type_name(&parts)?;
        Ok(BaseType::Named(ObjectName { parts }))
    }

    /// PostgreSQL's types that CockroachDB knows by name and does not have.
    pub(super) fn check_type_name(&self, parts: &[Ident]) -> Parsed<()> {
        match parts {
            [name] if MISSING_TYPES.contains(&name.value()) => Err(self.invalid(format!(
                "CockroachDB has no type {}",
                name.value().to_uppercase()
            ))),
            _ => Ok(()),
        }
    }

    /// A type that the grammar knows by keyword.
    fn keyword_type(&mut self) -> Parsed<Option<BaseType>> {
        if let Some(shape) = self.eat_any(kw![GEOMETRY GEOGRAPHY]) {
            return self.shape_type(shape == Keyword::GEOGRAPHY).map(Some);
        }
        if self.eat_keyword(Keyword::INTERVAL) {
            return self.interval_type().map(Some);
        }
        let Some((keyword, length)) = self.peek_words() else {
            return Ok(None);
        };
        self.at += length;
        let most = most_modifiers(keyword);
        let modifiers = if most > 0 && self.is(TokenKind::LeftParen) {
            self.modifiers(keyword, most)?
        } else {
            Vec::new()
        };
        let time_zone = match keyword {
            TypeKeyword::Time | TypeKeyword::Timestamp => self.time_zone(),
            _ => None,
        };
        Ok(Some(BaseType::Keyword {
            keyword,
            modifiers,
            time_zone,
        }))
    }

    /// `(10, 2)`.
    fn modifiers(&mut self, keyword: TypeKeyword, most: usize) -> Parsed<Vec<u32>> {
        let modifiers = self.paren_list(Self::unsigned)?;
        if modifiers.len() > most {
            return Err(self.invalid(format!(
                "{} takes at most {most} in parentheses",
                keyword.as_str()
            )));
        }
        let first = modifiers[0];
        let refused = match keyword {
            TypeKeyword::Bit
            | TypeKeyword::BitVarying
            | TypeKeyword::VarBit
            | TypeKeyword::Char
            | TypeKeyword::CharVarying
            | TypeKeyword::Character
            | TypeKeyword::CharacterVarying
            | TypeKeyword::VarChar
            | TypeKeyword::String => first == 0,
            TypeKeyword::Vector => first == 0 || first > 16_000,
            TypeKeyword::Float => first == 0 || first > 54,
            TypeKeyword::Time
            | TypeKeyword::TimeTz
            | TypeKeyword::Timestamp
            | TypeKeyword::TimestampTz => first > 6,
            TypeKeyword::Decimal | TypeKeyword::Dec | TypeKeyword::Numeric => modifiers
                .get(1)
                .is_some_and(|scale| *scale > first && first > 0),
            _ => false,
        };
        if refused {
            return Err(self.invalid(format!("{} cannot be of this size", keyword.as_str())));
        }
        Ok(modifiers)
    }

    /// `WITH TIME ZONE` or `WITHOUT TIME ZONE`.
    fn time_zone(&mut self) -> Option<bool> {
        if self.eat_keywords(kw![WITH TIME ZONE]) {
            Some(true)
        } else if self.eat_keywords(kw![WITHOUT TIME ZONE]) {
            Some(false)
        } else {
            None
        }
    }

    fn shape_type(&mut self, geography: bool) -> Parsed<BaseType> {
        let (mut shape, mut srid) = (None, None);
        if self.eat(TokenKind::LeftParen) {
            let token = self.token();
            let name = self.text(token).to_lowercase();
            let plain = name
                .strip_suffix("zm")
                .or_else(|| name.strip_suffix(['z', 'm']))
                .unwrap_or(&name);
            if !SHAPES.contains(&plain) {
                return Err(self.expected("a shape, such as `POINT`"));
            }
            self.advance();
            shape = Some(name.into_boxed_str());
            if self.eat(TokenKind::Comma) {
                srid = Some(self.signed()?);
            }
            self.close()?;
        }
        Ok(BaseType::Shape {
            geography,
            shape,
            srid,
        })
    }

    fn interval_type(&mut self) -> Parsed<BaseType> {
        if self.eat(TokenKind::LeftParen) {
            let precision = self.interval_precision()?;
            self.close()?;
            return Ok(BaseType::Interval {
                fields: None,
                precision: Some(precision),
            });
        }
        Ok(BaseType::Interval {
            fields: self.interval_fields()?,
            precision: None,
        })
    }

    /// The digits of a fraction of a second: at most six.
    pub(super) fn interval_precision(&mut self) -> Parsed<u32> {
        let precision = self.unsigned()?;
        if precision > 6 {
            return Err(self.invalid("a fraction of a second has at most 6 digits"));
        }
        Ok(precision)
    }

    /// `DAY TO SECOND(3)`.
    pub(super) fn interval_fields(&mut self) -> Parsed<Option<IntervalField>> {
        use IntervalField as Fields;
        let Some(first) = self.eat_any(kw![YEAR MONTH DAY HOUR MINUTE SECOND]) else {
            return Ok(None);
        };
        let fields = match first {
            Keyword::YEAR if self.eat_keywords(kw![TO MONTH]) => Fields::YearToMonth,
            Keyword::YEAR => Fields::Year,
            Keyword::MONTH => Fields::Month,
            Keyword::DAY if self.eat_keywords(kw![TO HOUR]) => Fields::DayToHour,
            Keyword::DAY if self.eat_keywords(kw![TO MINUTE]) => Fields::DayToMinute,
            Keyword::DAY if self.eat_keywords(kw![TO SECOND]) => {
                Fields::DayToSecond(self.fraction()?)
            }
            Keyword::DAY => Fields::Day,
            Keyword::HOUR if self.eat_keywords(kw![TO MINUTE]) => Fields::HourToMinute,
            Keyword::HOUR if self.eat_keywords(kw![TO SECOND]) => {
                Fields::HourToSecond(self.fraction()?)
            }
            Keyword::HOUR => Fields::Hour,
            Keyword::MINUTE if self.eat_keywords(kw![TO SECOND]) => {
                Fields::MinuteToSecond(self.fraction()?)
            }
            Keyword::MINUTE => Fields::Minute,
            _ => Fields::Second(self.fraction()?),
        };
        Ok(Some(fields))
    }

    /// `(3)` behind `SECOND`.
    fn fraction(&mut self) -> Parsed<Option<u32>> {
        if !(self.is(TokenKind::LeftParen) && self.kind_at(1) == TokenKind::Integer) {
            return Ok(None);
        }
        self.advance();
        let precision = self.interval_precision()?;
        self.close()?;
        Ok(Some(precision))
    }

    /// Whether the keyword at hand begins a type that a string follows, as in `TIMESTAMP(3) WITH TIME ZONE '..'`.
    pub(super) fn at_keyword_literal(&self) -> bool {
        let mut ahead = match self.peek_words::<TypeKeyword>() {
            Some((_, length)) => length,
            None if self.at_any(kw![GEOMETRY GEOGRAPHY]) => 1,
            None => return false,
        };
        if self.kind_at(ahead) == TokenKind::LeftParen {
            // The longest: a shape, a comma, a sign and a number.
            let Some(close) =
                (ahead + 2..ahead + 6).find(|at| self.kind_at(*at) == TokenKind::RightParen)
            else {
                return false;
            };
            ahead = close + 1;
        }
        if matches!(
            self.kind_at(ahead),
            TokenKind::Keyword(Keyword::WITH | Keyword::WITHOUT)
        ) && self.keyword_at(ahead + 1, Keyword::TIME)
            && self.keyword_at(ahead + 2, Keyword::ZONE)
        {
            ahead += 3;
        }
        is_string(self.kind_at(ahead))
    }
}

/// How many numbers may stand in the parentheses behind a type.
fn most_modifiers(keyword: TypeKeyword) -> usize {
    use TypeKeyword as Type;
    match keyword {
        Type::Decimal | Type::Dec | Type::Numeric => 2,
        Type::Int
        | Type::Integer
        | Type::SmallInt
        | Type::BigInt
        | Type::Real
        | Type::DoublePrecision
        | Type::Boolean
        | Type::Box2d => 0,
        _ => 1,
    }
}
