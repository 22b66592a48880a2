//! A template with everything that is known about its texts.

use super::description::Descriptions;
use super::item::{Field, Item};
use super::rust_type::Enums;
use super::{Options, ident};
use crate::header::Choice;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::schema::Schema;
use crate::template::{Template, Variant};

/// A template that a builder can be written for.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) template: &'a Template,
    /// Every parameter of any text, in the order of their first use.
    pub(super) parameters: Vec<Parameter>,
    pub(super) columns: Vec<Field>,
    pub(super) names: BuilderNames,
    /// The fields of the lists of identifiers, then those of the flags.
    pub(super) list_fields: Vec<String>,
    pub(super) flag_fields: Vec<String>,
    /// Ordered as [`Builder::index`] counts.
    pub(super) texts: Vec<Text>,
}

/// The Rust names of what is written for a template, distinct in its module.
#[derive(Debug, Default)]
pub(super) struct BuilderNames {
    pub(super) type_name: String,
    pub(super) constant: String,
    pub(super) row: String,
    /// The enums for lists of identifiers.
    pub(super) lists: Vec<String>,
}

/// Methods of every builder, which no setter can be named.
const METHODS: [&str; 7] = [
    "new",
    "statement",
    "fetch_one",
    "fetch_optional",
    "fetch_all",
    "fetch",
    "execute",
];

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) field: Field,
    pub(super) optional: bool,
}

/// One text: what is sent, and which parameters it takes, by their places in the builder.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) sql: String,
    /// With `AS OF SYSTEM TIME`, where the header asks for it.
    pub(super) follower_read: Option<String>,
    pub(super) parameters: Vec<usize>,
}

impl<'a> Builder<'a> {
    /// `variants` are all texts of the template.
    pub(super) fn new(
        template: &'a Template,
        mut variants: Vec<Variant>,
        schema: &Schema,
        descriptions: &Descriptions,
        options: &Options,
        enums: &mut Enums,
    ) -> Result<Self, Vec<Problem>> {
        let mut builder = Self {
            template,
            parameters: Vec::new(),
            columns: Vec::new(),
            names: BuilderNames::default(),
            list_fields: Vec::new(),
            flag_fields: Vec::new(),
            texts: Vec::new(),
        };
        variants.sort_by_key(|variant| builder.index(variant));
        for (number, variant) in variants.iter().enumerate() {
            let item = Item::new(variant.query(), schema, descriptions, options, enums)
                .map_err(|problems| builder.relocated(&problems, variant))?;
            builder
                .add(number, variant.query(), item)
                .map_err(|message| {
                    vec![
                        builder
                            .template
                            .problem(Code::Template, message)
                            .help(form(variant)),
                    ]
                })?;
        }
        builder.name_fields();
        Ok(builder)
    }

    /// Parameters, lists and flags are fields of one struct, and have setters beside its methods.
    fn name_fields(&mut self) {
        let mut taken = ident::Names::reserving(&METHODS);
        for parameter in &mut self.parameters {
            parameter.field.ident = taken.take(ident::snake(&parameter.name));
        }
        let lists = self.lists().into_iter().map(|(name, _)| ident::snake(name));
        let lists: Vec<String> = lists.collect();
        let flags: Vec<String> = self.template.flags().map(ident::snake).collect();
        self.list_fields = lists.into_iter().map(|name| taken.take(name)).collect();
        self.flag_fields = flags.into_iter().map(|name| taken.take(name)).collect();
    }

    /// Problems with a text are problems with the template: the text stands in no file.
    fn relocated(&self, problems: &[Problem], variant: &Variant) -> Vec<Problem> {
        let first = problems.first();
        let problem = first.map(|found| {
            let help = found.suggestion().unwrap_or("");
            self.template
                .problem(found.code(), found.message())
                .help(format!("{}; {help}", form(variant)))
        });
        problem.into_iter().collect()
    }

    fn add(&mut self, number: usize, query: &Query, item: Item<'_>) -> Result<(), String> {
        if number == 0 {
            self.columns = item.columns;
        } else if self.columns.len() != item.columns.len() {
            return Err("its texts have different numbers of columns".to_owned());
        } else {
            for (known, found) in self.columns.iter_mut().zip(item.columns) {
                if known.ident != found.ident || known.rust != found.rust {
                    let (a, b) = (&known.ident, &found.ident);
                    return Err(format!(
                        "its texts have different columns: `{a}` here, `{b}` there"
                    ));
                }
                known.nullable |= found.nullable;
            }
        }
        let mut places = Vec::new();
        for (parameter, field) in query.parameters().iter().zip(item.parameters) {
            let known = self
                .parameters
                .iter()
                .position(|known| known.name == parameter.name());
            match known.and_then(|place| self.parameters.get(place)) {
                Some(known) if known.field.rust != field.rust => {
                    return Err(format!(
                        "`:{}` has different types in its texts",
                        parameter.name()
                    ));
                }
                Some(_) => {}
                None => self.parameters.push(Parameter {
                    name: parameter.name().to_owned(),
                    optional: self
                        .template
                        .optional()
                        .any(|name| name == parameter.name()),
                    field,
                }),
            }
            places.push(known.unwrap_or(self.parameters.len() - 1));
        }
        self.texts.push(Text {
            sql: query.text().to_owned(),
            follower_read: query.follower_read_text().map(str::to_owned),
            parameters: places,
        });
        Ok(())
    }

    /// The switches in the order of their bits: flags, then optional parameters.
    pub(super) fn switches(&self) -> Vec<&str> {
        self.template
            .flags()
            .chain(self.template.optional())
            .collect()
    }

    /// The lists of identifiers.
    pub(super) fn lists(&self) -> Vec<(&str, &[String])> {
        let lists = self
            .template
            .identifiers()
            .filter_map(|(name, choice)| match choice {
                Choice::OneOf(entries) => Some((name, entries.as_slice())),
                Choice::Checked => None,
            });
        lists.collect()
    }

    /// The place of a text: the switches as bits, and the identifiers as digits behind them.
    fn index(&self, variant: &Variant) -> usize {
        let bits = self.switches().into_iter().enumerate();
        let on = bits
            .filter(|(_, name)| variant.on().iter().any(|on| on == name))
            .map(|(bit, _)| 1 << bit)
            .sum::<usize>();
        let digits = self.lists().into_iter().zip(&variant.choices);
        digits.fold(on, |index, ((_, entries), choice)| {
            index * entries.len() + choice
        })
    }

    pub(super) fn module_and_name(&self) -> (&str, &str) {
        let name = self.template.name();
        name.rsplit_once('.').unwrap_or(("", name))
    }
}

fn form(variant: &Variant) -> String {
    match variant.on() {
        [] => "with everything off".to_owned(),
        on => format!("with {}", on.join(", ")),
    }
}
