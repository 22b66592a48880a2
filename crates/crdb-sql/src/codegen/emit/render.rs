//! The function of a builder that puts the statement together.

use std::fmt::Write as _;

use super::{line, literal};
use crate::codegen::builder::Builder;
use crate::template::part::{Condition, Part};

pub(super) fn emit(out: &mut String, builder: &Builder<'_>, exec: &str) {
    if has_branches(builder.template.parts()) {
        line!(
            out,
            "#[allow(clippy::all, clippy::pedantic, reason = \"the conditions are the template's\")]"
        );
    }
    line!(
        out,
        "fn render(&self) -> (::std::string::String, ::std::vec::Vec<&(dyn {exec}::ToSql + ::core::marker::Sync)>) {{\n\
         let mut sql = {exec}::StatementBuilder::new();"
    );
    parts(out, builder, builder.template.parts());
    line!(
        out,
        "sql.finish()\n\
         }}\n"
    );
}

fn has_branches(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::If(_)))
}

fn parts(out: &mut String, builder: &Builder<'_>, parts: &[Part]) {
    for part in parts {
        match part {
            // A raw string keeps the lines of a long text; a short one is shorter without.
            Part::Text(text) if text.lines().count() > 2 => {
                line!(out, "sql.text({});", literal(text));
            }
            Part::Text(text) => line!(out, "sql.text({text:?});"),
            Part::Parameter(name) => {
                let place = builder.place(name);
                let parameter =
                    place.and_then(|place| Some((place, builder.parameters.get(place)?)));
                if let Some((place, parameter)) = parameter {
                    line!(
                        out,
                        "sql.parameter({place}, &self.{});",
                        parameter.field.ident
                    );
                }
            }
            Part::Identifier(place) => {
                if let Some(field) = builder.list_fields.get(*place) {
                    line!(out, "sql.text(self.{field}.as_sql());");
                }
            }
            Part::If(branches) => {
                for (number, branch) in branches.iter().enumerate() {
                    match (number, &branch.condition) {
                        (0, condition) => line!(out, "if {} {{", ask(builder, condition, 0)),
                        (_, Condition::Always) => line!(out, "}} else {{"),
                        (_, condition) => {
                            line!(out, "}} else if {} {{", ask(builder, condition, 0));
                        }
                    }
                    self::parts(out, builder, &branch.parts);
                }
                line!(out, "}}");
            }
        }
    }
}

/// A condition in Rust. `binding` is how close the place binds: 0 loosely, 1 in `||`, 2 in `&&`, 3 behind `!`.
fn ask(builder: &Builder<'_>, condition: &Condition, binding: u8) -> String {
    let join = |conditions: &[Condition], own: u8, sign: &str| {
        let all: Vec<String> = conditions.iter().map(|c| ask(builder, c, own)).collect();
        let joined = all.join(sign);
        if binding > own {
            format!("({joined})")
        } else {
            joined
        }
    };
    match condition {
        Condition::Always => "true".to_owned(),
        Condition::On(switch) => switched(builder, *switch),
        Condition::Not(inner) => format!("!{}", ask(builder, inner, 3)),
        Condition::All(all) => join(all, 2, " && "),
        Condition::Any(any) => join(any, 1, " || "),
    }
}

fn switched(builder: &Builder<'_>, switch: usize) -> String {
    if let Some(flag) = builder.flag_fields.get(switch) {
        return format!("self.{flag}");
    }
    let name = builder.switches().get(switch).copied();
    let parameter = builder
        .parameters
        .iter()
        .find(|known| Some(known.name.as_str()) == name);
    // An optional parameter that stands in no text has no field.
    parameter.map_or_else(
        || "false".to_owned(),
        |parameter| format!("self.{}.is_some()", parameter.field.ident),
    )
}

/// Whether a condition asks for this switch.
pub(super) fn asks_for_switch(parts: &[Part], switch: usize) -> bool {
    fn within(condition: &Condition, switch: usize) -> bool {
        match condition {
            Condition::Always => false,
            Condition::On(asked) => *asked == switch,
            Condition::Not(inner) => within(inner, switch),
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().any(|condition| within(condition, switch))
            }
        }
    }
    parts.iter().any(|part| match part {
        Part::If(branches) => branches.iter().any(|branch| {
            within(&branch.condition, switch) || asks_for_switch(&branch.parts, switch)
        }),
        _ => false,
    })
}

/// Whether the text has the identifier at this place.
pub(super) fn asks_for_list(builder: &Builder<'_>, place: usize) -> bool {
    fn within(parts: &[Part], place: usize) -> bool {
        parts.iter().any(|part| match part {
            Part::Identifier(found) => *found == place,
            Part::If(branches) => branches.iter().any(|branch| within(&branch.parts, place)),
            _ => false,
        })
    }
    within(builder.template.parts(), place)
}
