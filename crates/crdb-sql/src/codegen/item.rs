//! One query, with everything that is known about it.

use super::description::{Description, Descriptions};
use super::nullability::Analysis;
use super::row::{self, RowType};
use super::rust_type::{Enums, RustType, rust_type};
use super::{Options, ident};
use crate::problem::{Code, Problem};
use crate::query::{Cardinality, Nullability, Query};
use crate::schema::{Schema, canonical_type};

/// A query that code can be written for.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) query: &'a Query,
    pub(super) parameters: Vec<Field>,
    pub(super) columns: Vec<Field>,
    pub(super) row: RowType,
    pub(super) names: ItemNames,
}

/// The Rust names of what is written for a query, distinct in its module.
#[derive(Debug, Default)]
pub(super) struct ItemNames {
    pub(super) function: String,
    pub(super) stream: String,
    /// The function whose rows borrow, where they do.
    pub(super) in_place: String,
    pub(super) constant: String,
    pub(super) row: String,
    /// The struct that borrows, where a column does.
    pub(super) row_in_place: Option<String>,
    pub(super) row_attributes: String,
    pub(super) arguments: String,
    pub(super) arguments_attributes: String,
}

/// A parameter or a column.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its name in SQL.
    pub(super) name: String,
    pub(super) ident: String,
    pub(super) rust: RustType,
    pub(super) nullable: bool,
    pub(super) sql_type: String,
    pub(super) docs: String,
}

/// What is known before Rust types are looked up.
struct Facts {
    name: String,
    sql_type: Option<String>,
    nullable: bool,
    /// Whether it is an array whose elements can be NULL.
    null_elements: bool,
    docs: String,
}

impl<'a> Item<'a> {
    pub(super) fn new(
        query: &'a Query,
        schema: &Schema,
        descriptions: &Descriptions,
        options: &Options,
        enums: &mut Enums,
    ) -> Result<Self, Vec<Problem>> {
        let described = descriptions.get(query.hash());
        let mut problems = unknown_columns(query, described);
        enums.used_at(query.name().matches('.').count());
        let analysis = Analysis::of(query, schema);
        let parameters = parameters(query, &analysis, described);
        let columns = columns(query, &analysis, described);
        let mut fields = |facts: Vec<Facts>, what: &str| -> Vec<Field> {
            let names = facts.iter().map(|fact| ident::snake(&fact.name)).collect();
            // A single parameter stands beside the executor in the function's signature.
            let beside = what == "parameter" && facts.len() == 1;
            ident::distinct(names, if beside { &["db"] } else { &[] })
                .into_iter()
                .zip(facts)
                .filter_map(
                    |(ident, fact)| match field(ident, fact, what, options, enums) {
                        Ok(field) => Some(field),
                        Err((message, help)) => {
                            problems.push(problem(query, &message, &help));
                            None
                        }
                    },
                )
                .collect()
        };
        let parameters = fields(parameters, "parameter");
        let columns = fields(columns, "column");
        if problems.is_empty() && query.cardinality().returns_rows() && columns.is_empty() {
            let cardinality = query.cardinality();
            let message = if described.is_some() {
                format!("the query says {cardinality}, but the statement returns no columns")
            } else {
                "no engine has described the statement, and its header declares no columns"
                    .to_owned()
            };
            problems.push(problem(query, &message, UNDESCRIBED));
        }
        let (row, derives) = query.row_notes();
        let row = RowType::of(row);
        if !query.cardinality().returns_rows()
            && let Some((_, message)) = row::without_rows(&row, derives)
        {
            problems.push(problem(
                query,
                message,
                "remove the line, or ask for `:one`, `:opt` or `:many`",
            ));
        }
        if parameters.len() < 2 && !query.argument_derives().is_empty() {
            let message = "only a query with two or more parameters has a struct of arguments";
            problems.push(problem(query, message, "remove the line `arguments`"));
        }
        if problems.is_empty() {
            Ok(Self {
                query,
                row,
                parameters,
                columns,
                names: ItemNames::default(),
            })
        } else {
            Err(problems)
        }
    }

    /// The part of the name before the last dot, and the one behind it.
    pub(super) fn module_and_name(&self) -> (&str, &str) {
        let name = self.query.name();
        name.rsplit_once('.').unwrap_or(("", name))
    }
}

const UNDESCRIBED: &str = "run codegen with an engine that can prepare it, or declare every type in the header: \
                           `-- param id: UUID`, `-- column balance: DECIMAL not null`";

fn problem(query: &Query, message: &str, help: &str) -> Problem {
    Problem::at(
        Code::BadAnnotation,
        query.source(),
        query.name_span(),
        message,
    )
    .help(help)
    .of_query(query.name())
}

fn unknown_columns(query: &Query, described: Option<&Description>) -> Vec<Problem> {
    let Some(described) = described else {
        return Vec::new();
    };
    let known: Vec<&str> = described
        .columns()
        .iter()
        .map(super::DescribedColumn::name)
        .collect();
    query
        .columns()
        .iter()
        .zip(query.column_spans())
        .filter(|(column, _)| !known.contains(&column.name()))
        .map(|(column, span)| {
            let near = crate::name::nearest(column.name(), known.iter().copied());
            let help = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the columns are {}", known.join(", ")),
            };
            let message = format!("the statement returns no column `{}`", column.name());
            Problem::at(Code::BadAnnotation, query.source(), span.clone(), message)
                .help(help)
                .of_query(query.name())
        })
        .collect()
}

fn parameters(query: &Query, analysis: &Analysis, described: Option<&Description>) -> Vec<Facts> {
    query
        .parameters()
        .iter()
        .enumerate()
        .map(|(index, parameter)| Facts {
            name: parameter.name().to_owned(),
            sql_type: one_width(
                parameter.sql_type(),
                described.and_then(|d| d.parameters().get(index)),
            ),
            null_elements: parameter.has_null_elements(),
            nullable: match parameter.nullability() {
                Nullability::Nullable => true,
                Nullability::NotNull => false,
                Nullability::Unknown => analysis
                    .stored_nullable
                    .get(index)
                    .is_some_and(|stored| *stored),
            },
            docs: parameter.docs().to_owned(),
        })
        .collect()
}

fn columns(query: &Query, analysis: &Analysis, described: Option<&Description>) -> Vec<Facts> {
    if !query.cardinality().returns_rows() {
        return Vec::new();
    }
    let Some(described) = described else {
        // Without an engine the header is all there is, in its order.
        return query
            .columns()
            .iter()
            .map(|column| Facts {
                name: column.name().to_owned(),
                sql_type: column.sql_type().map(str::to_owned),
                nullable: column.nullability() != Nullability::NotNull,
                null_elements: column.has_null_elements(),
                docs: column.docs().to_owned(),
            })
            .collect();
    };
    // Columns of which the engine tells otherwise are not the ones that are known.
    let known = |index: usize| {
        let known = analysis.columns.get(index)?;
        let name = described.columns().get(index)?.name();
        let same = known.name.as_deref().is_none_or(|known| known == name);
        (same && analysis.columns.len() == described.columns().len()).then_some(known)
    };
    described
        .columns()
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let known = known(index);
            let declared = query.columns().iter().find(|d| d.name() == column.name());
            let declared_nullability = declared
                .map(crate::query::Column::nullability)
                .filter(|n| *n != Nullability::Unknown);
            let not_null = match declared_nullability {
                Some(nullability) => nullability == Nullability::NotNull,
                None => known.is_some_and(|known| known.not_null),
            };
            Facts {
                name: column.name().to_owned(),
                sql_type: one_width(
                    declared.and_then(|declared| declared.sql_type()),
                    Some(column.sql_type()),
                ),
                nullable: !not_null,
                null_elements: known.is_some_and(|known| known.null_elements)
                    || declared.is_some_and(crate::query::Column::has_null_elements),
                docs: declared.map_or_else(String::new, |d| d.docs().to_owned()),
            }
        })
        .collect()
}

/// The type that the header declares, or else the engine's. `INT` declares no width: it has the engine's.
fn one_width<T: AsRef<str>>(declared: Option<&str>, described: Option<T>) -> Option<String> {
    let described = described.as_ref().map(AsRef::as_ref);
    let Some(declared) = declared else {
        return described.map(str::to_owned);
    };
    let canonical = canonical_type(declared);
    let same_form = |described: &&str| {
        let described = canonical_type(described);
        let (declared, described) = match canonical.strip_suffix("[]") {
            Some(element) => (element, described.strip_suffix("[]")),
            None => (canonical.as_str(), Some(described.as_str())),
        };
        declared == "int" && matches!(described, Some("int2" | "int4" | "int8"))
    };
    Some(described.filter(same_form).unwrap_or(declared).to_owned())
}

/// The type of an array whose elements can be NULL.
fn with_null_elements(rust: RustType) -> RustType {
    let element = |text: &str, open: &str, close: &str| {
        let inner = text.strip_prefix(open)?.strip_suffix(close)?;
        Some(format!("{open}::core::option::Option<{inner}>{close}"))
    };
    let in_vector = |text: &str| element(text, "::std::vec::Vec<", ">");
    RustType {
        owned: in_vector(&rust.owned).unwrap_or(rust.owned),
        borrowed: element(&rust.borrowed, "&'a [", "]").unwrap_or(rust.borrowed),
        in_place: rust.in_place.as_deref().and_then(in_vector),
        by_value: rust.by_value,
    }
}

fn field(
    ident: String,
    fact: Facts,
    what: &str,
    options: &Options,
    enums: &mut Enums,
) -> Result<Field, (String, String)> {
    let Some(sql_type) = fact.sql_type else {
        let message = format!("it is not known which type {what} `{}` has", fact.name);
        return Err((message, UNDESCRIBED.to_owned()));
    };
    let Some(rust) = rust_type(&sql_type, options, enums) else {
        let message = format!(
            "{what} `{}` has the type {sql_type}, which has no Rust type here",
            fact.name
        );
        let help =
            format!("cast it to TEXT in the statement, or give codegen a Rust type for {sql_type}");
        return Err((message, help));
    };
    let array = canonical_type(&sql_type).ends_with("[]");
    let rust = if fact.null_elements && array {
        with_null_elements(rust)
    } else {
        rust
    };
    Ok(Field {
        name: fact.name,
        ident,
        rust,
        nullable: fact.nullable,
        sql_type,
        docs: fact.docs,
    })
}

/// Whether rows come as a struct, as one value, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Nothing,
    Scalar,
    Struct,
}

impl Item<'_> {
    /// Whether the struct of its arguments owns its values: what is derived for it may have to make them.
    pub(super) fn owns_arguments(&self) -> bool {
        !self.query.argument_derives().is_empty()
    }

    /// As a user of its row type.
    pub(super) fn user<'b>(&'b self, problem: &'b dyn Fn(String) -> Problem) -> row::User<'b> {
        row::User {
            name: self.query.name(),
            row: &self.row,
            columns: &self.columns,
            derives: self.query.row_notes().1,
            problem,
        }
    }

    /// A problem with the query as a whole.
    pub(super) fn problem(&self, message: String) -> Problem {
        Problem::at(
            Code::BadAnnotation,
            self.query.source(),
            self.query.name_span(),
            message,
        )
        .of_query(self.query.name())
    }

    pub(super) fn shape(&self) -> Shape {
        match (self.query.cardinality(), self.columns.len()) {
            (Cardinality::One | Cardinality::Optional | Cardinality::Many, 1)
                if self.row == RowType::Own =>
            {
                Shape::Scalar
            }
            (Cardinality::One | Cardinality::Optional | Cardinality::Many, _) => Shape::Struct,
            _ => Shape::Nothing,
        }
    }
}
