//! `WITH`: what the names of common table expressions stand for.

use std::collections::HashMap;

use super::{Column, Observer, Relation, Resolver, combined};
use crate::dialect::ast::{Cte, Ident, Query, QueryBody, StatementKind, With};

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    /// Goes through WITH. Returns whether there is one, whose names the caller forgets afterwards.
    pub(super) fn with(&mut self, with: Option<&'t With>) -> bool {
        let Some(with) = with else { return false };
        self.ctes.push(HashMap::new());
        if with.recursive {
            // Each may refer to any of them.
            for cte in &with.ctes {
                self.name_cte(cte, Relation::unknown());
            }
        }
        for cte in &with.ctes {
            let output = match &cte.statement.kind {
                StatementKind::Query(query) if with.recursive => self.recursive(cte, query),
                _ => self.statement(&cte.statement),
            };
            self.name_cte(cte, output);
        }
        true
    }

    fn name_cte(&mut self, cte: &'t Cte, output: Relation<'t>) {
        let names: Vec<&'t str> = cte.columns.iter().map(Ident::value).collect();
        if let Some(frame) = self.ctes.last_mut() {
            frame.insert(cte.name.value(), output.renamed(&names));
        }
    }

    /// `a UNION b`, where `b` may name the whole: its rows are then taken to be NULL in every column.
    fn recursive(&mut self, cte: &'t Cte, query: &'t Query) -> Relation<'t> {
        let QueryBody::SetOperation {
            operator,
            left,
            right,
            ..
        } = &query.body
        else {
            return self.query(query);
        };
        let framed = self.with(query.with.as_ref());
        let left = self.body(left);
        let seen = Relation::partial(
            left.columns()
                .iter()
                .map(|column| Column::unknown(column.name))
                .collect(),
            left.is_complete(),
        );
        if framed {
            // The name belongs to the frame around the query's own.
            let inner = self.ctes.pop();
            self.name_cte(cte, seen);
            self.ctes.extend(inner);
        } else {
            self.name_cte(cte, seen);
        }
        let right = self.body(right);
        if framed {
            self.ctes.pop();
        }
        combined(*operator, &left, &right)
    }

    pub(super) fn cte(&self, name: &str) -> Option<Relation<'t>> {
        let mut frames = self.ctes.iter().rev();
        frames.find_map(|frame| frame.get(name)).cloned()
    }
}
