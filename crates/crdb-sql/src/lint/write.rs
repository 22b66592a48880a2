//! Statements that change every row.

use super::Report;
use crate::problem::Code;
use crate::statement::scope::Scope;

pub(super) fn without_where(scope: &Scope<'_>, report: &mut Report<'_>) {
    let Some(verb) = scope.verb() else { return };
    if scope.find("where").is_some() {
        return;
    }
    if verb.is_keyword(scope.text(), "update") {
        report.add(
            Code::UpdateWithoutWhere,
            verb,
            "UPDATE without WHERE changes every row",
            "add a WHERE, or `-- allow: update_without_where` to the header",
        );
    } else if verb.is_keyword(scope.text(), "delete") {
        report.add(
            Code::DeleteWithoutWhere,
            verb,
            "DELETE without WHERE removes every row",
            "add a WHERE, or `-- allow: delete_without_where` to the header",
        );
    }
}
