//! `DROP`.

use super::super::super::ast::UtilityKind;
use super::super::super::keyword::Keyword;
use super::super::operand::Operand;
use super::super::rule::{Rule, Step, statements};
use super::clause::{FUNCTION, TENANT};

pub(in super::super) const DROP: &[Rule] = statements! {
    Drop {DROP EXTERNAL CONNECTION <Value>}
    Drop {DROP {FUNCTION | PROCEDURE} [IF EXISTS] &FUNCTION, ... [CASCADE | RESTRICT]}
    Drop {DROP DOMAIN [IF EXISTS] <Object>, ... [CASCADE | RESTRICT]}
    Drop {DROP {TRIGGER | POLICY} [IF EXISTS] <Name> ON <Object> [CASCADE | RESTRICT]}
    Role {DROP {ROLE | USER | GROUP} [IF EXISTS] <Role>, ...}
    Schedule {DROP SCHEDULE <Expr>}
    Schedule {DROP SCHEDULES <Query>}
    VirtualCluster {DROP {&TENANT | PROVISIONSRC} [IF EXISTS] <Tenant> [IMMEDIATE]}
};
