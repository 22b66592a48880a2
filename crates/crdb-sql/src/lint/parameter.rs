//! Parameters that the header and the statement do not agree about.

use std::collections::{HashMap, HashSet};

use super::{MOST_OF_A_KIND, Report};
use crate::dialect::ast::{DataType, Expr, Placeholder, Statement};
use crate::dialect::visit::{Visitor, walk};
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::schema::canonical_type;

/// A parameter that is cast to two types, or to another one than its header declares.
pub(super) fn inconsistent(query: &Query, statements: &[Statement], report: &mut Report<'_>) {
    let mut casts = Casts {
        types: HashMap::new(),
        report,
    };
    for (parameter, number) in query.parameters().iter().zip(1..) {
        if let Some(sql_type) = parameter.sql_type() {
            let known = (canonical_type(sql_type), "its header declares it as");
            casts.types.insert(number, known);
        }
    }
    statements
        .iter()
        .for_each(|statement| walk(statement, &mut casts));
}

struct Casts<'r, 'q> {
    /// The type of each parameter, and who says so.
    types: HashMap<u32, (String, &'static str)>,
    report: &'r mut Report<'q>,
}

impl Casts<'_, '_> {
    fn cast(&mut self, placeholder: &Placeholder, data_type: &DataType) {
        let Placeholder::Numbered { number, span } = placeholder else {
            return;
        };
        let found = canonical_type(&data_type.to_string());
        match self.types.get(number) {
            Some((known, why)) if *known != found => {
                let name = self.report.in_file(*span);
                let cast = data_type.span.text(self.report.query.text());
                let message = format!("`{name}` is cast to {cast}, but {why} {known}");
                self.report.add(
                    Code::InconsistentParameter,
                    *span,
                    message,
                    "a parameter has one type; cast the expression around it, or use two parameters",
                );
            }
            Some(_) => {}
            None => {
                self.types.insert(*number, (found, "elsewhere to"));
            }
        }
    }
}

impl<'t> Visitor<'t> for Casts<'_, '_> {
    fn expr(&mut self, expr: &'t Expr) {
        if let Expr::Cast {
            operand, data_type, ..
        }
        | Expr::Annotate {
            operand, data_type, ..
        } = expr
            && let Expr::Placeholder(placeholder) = &**operand
        {
            self.cast(placeholder, data_type);
        }
    }
}

/// Header lines about parameters that the statement does not have, and integers without a width.
pub(super) fn declared(query: &Query, problems: &mut Vec<Problem>) {
    let source = query.source();
    let names: HashSet<&str> = query
        .parameters()
        .iter()
        .map(crate::query::Parameter::name)
        .collect();
    let mut unused = 0;
    for note in query.parameter_notes() {
        let name = note.parameter.name();
        if !names.contains(name) && unused < MOST_OF_A_KIND {
            unused += 1;
            let message = format!("the statement has no parameter `{name}`");
            let near = crate::name::nearest(name, names.iter().copied());
            let help = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove the line, or use the parameter".to_owned(),
            };
            problems.push(
                Problem::at(Code::UnusedParameter, source, note.span.clone(), message).help(help),
            );
        }
        let int = note
            .parameter
            .sql_type()
            .map(canonical_type)
            .is_some_and(|t| t == "int" || t == "int[]");
        if int {
            let message = format!("`{name}` has eight bytes on CockroachDB and four on PostgreSQL");
            problems.push(
                Problem::at(Code::ImplicitIntWidth, source, note.span.clone(), message)
                    .help("write INT8, INT4 or INT2"),
            );
        }
    }
}
