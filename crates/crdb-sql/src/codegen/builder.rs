//! A template with everything that is known about its texts.

use std::fmt::Write as _;

use super::description::Descriptions;
use super::item::{Field, Item};
use super::nullability::Analysis;
use super::row::{self, RowType};
use super::rust_type::Enums;
use super::{Options, ident};
use crate::header::Choice;
use crate::problem::{Code, Problem};
use crate::query::{self, Nullability, Query};
use crate::schema::Schema;
use crate::template::part::Written;
use crate::template::{Template, Variant};

/// Up to this many texts of a template are all looked at when its columns are said to be NOT NULL.
const ANALYSED: usize = 4096;

/// A template that a builder can be written for.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) template: &'a Template,
    /// Every parameter of any text, in the order of their first use.
    pub(super) parameters: Vec<Parameter>,
    pub(super) columns: Vec<Field>,
    pub(super) row: RowType,
    pub(super) names: BuilderNames,
    /// The fields of the lists of identifiers, then those of the flags.
    pub(super) list_fields: Vec<String>,
    pub(super) flag_fields: Vec<String>,
    /// The text with everything off.
    pub(super) example: String,
}

/// The Rust names of what is written for a template, distinct in its module.
#[derive(Debug, Default)]
pub(super) struct BuilderNames {
    pub(super) type_name: String,
    pub(super) row: String,
    /// The struct that borrows, where a column does.
    pub(super) row_in_place: Option<String>,
    pub(super) row_attributes: String,
    /// The enums for lists of identifiers.
    pub(super) lists: Vec<String>,
}

/// Methods of every builder, which no setter can be named.
const METHODS: [&str; 9] = [
    "new",
    "render",
    "statement",
    "fetch_one",
    "fetch_optional",
    "fetch_all",
    "fetch_stream",
    "fetch_borrowed",
    "execute",
];

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) field: Field,
    pub(super) optional: bool,
}

impl<'a> Builder<'a> {
    /// `described` are the texts that engines are asked about: all of them, or samples.
    pub(super) fn new(
        template: &'a Template,
        described: &[Variant],
        schema: &Schema,
        descriptions: &Descriptions,
        options: &Options,
        enums: &mut Enums,
    ) -> Result<Self, Vec<Problem>> {
        if !template.argument_derives().is_empty() {
            let message =
                "a template has no struct of arguments that could derive what `arguments` says";
            return Err(vec![template.problem(Code::BadAnnotation, message)]);
        }
        let mut builder = Self {
            template,
            parameters: Vec::new(),
            columns: Vec::new(),
            row: RowType::of(template.row_notes().0),
            names: BuilderNames::default(),
            list_fields: Vec::new(),
            flag_fields: Vec::new(),
            example: String::new(),
        };
        for (number, variant) in described.iter().enumerate() {
            if variant.on().is_empty() && builder.example.is_empty() {
                variant.query().text().clone_into(&mut builder.example);
            }
            let item = Item::new(variant.query(), schema, descriptions, options, enums)
                .map_err(|problems| builder.relocated(&problems, variant))?;
            builder
                .add(number, variant.query(), item)
                .and_then(|()| builder.rendered_alike(variant))
                .map_err(|message| vec![builder.problem(message, variant)])?;
        }
        if template.variants().is_none() {
            builder.sample(schema)?;
        }
        if let Some(name) = template
            .parameter_names()
            .find(|name| builder.place(name).is_none())
        {
            let message = format!("`:{name}` stands in none of the texts that were looked at");
            return Err(vec![template.problem(Code::Template, message)]);
        }
        builder.name_fields();
        Ok(builder)
    }

    /// The parameter's place among all.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.parameters
            .iter()
            .position(|parameter| parameter.name == name)
    }

    fn problem(&self, message: String, variant: &Variant) -> Problem {
        self.template
            .problem(Code::Template, message)
            .help(form(variant))
    }

    /// Of a template whose texts engines were not all asked about: a column is NOT NULL where each of all texts proves it, or the
    /// header says so.
    fn sample(&mut self, schema: &Schema) -> Result<(), Vec<Problem>> {
        let declared: Vec<bool> = self
            .columns
            .iter()
            .map(|column| {
                let declared = self
                    .template
                    .columns()
                    .iter()
                    .find(|d| d.name() == column.name);
                declared.is_some_and(|d| d.nullability() != Nullability::Unknown)
            })
            .collect();
        let undeclared = |columns: &mut Vec<Field>, proven: &dyn Fn(usize) -> bool| {
            for (place, column) in columns.iter_mut().enumerate() {
                let declared = declared.get(place).is_some_and(|declared| *declared);
                column.nullable |= !declared && !proven(place);
            }
        };
        let Some(variants) = self.template.every_variant(ANALYSED) else {
            undeclared(&mut self.columns, &|_| false);
            return Ok(());
        };
        for variant in &variants {
            self.rendered_alike(variant)
                .map_err(|message| vec![self.problem(message, variant)])?;
            let known = Analysis::of(variant.query(), schema).columns;
            let complete = known.len() == self.columns.len();
            undeclared(&mut self.columns, &|place| {
                complete && known.get(place).is_some_and(|column| column.not_null)
            });
        }
        Ok(())
    }

    /// Whether the text that generated code puts together is the one that was described.
    fn rendered_alike(&self, variant: &Variant) -> Result<(), String> {
        let mut text = String::new();
        let mut names: Vec<String> = Vec::new();
        self.template.walk(variant, &mut |written| match written {
            Written::Text(written) => text.push_str(written),
            Written::Parameter(name) => {
                let known = names.iter().position(|known| known == name);
                let place = known.unwrap_or_else(|| {
                    names.push(name.to_owned());
                    names.len() - 1
                });
                let _written = write!(text, "${}", place + 1);
            }
        });
        let text = text.trim().trim_end_matches(';').trim_end();
        let parameters = variant.query().parameters().iter();
        if text == variant.query().text() && names.iter().eq(parameters.map(query::Parameter::name))
        {
            Ok(())
        } else {
            Err(
                "a parameter is part of a longer word in one of its texts: put spaces around it"
                    .to_owned(),
            )
        }
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
        for (parameter, field) in query.parameters().iter().zip(item.parameters) {
            let known = self
                .parameters
                .iter_mut()
                .find(|known| known.name == parameter.name());
            match known {
                Some(known) if known.field.rust != field.rust => {
                    let name = parameter.name();
                    return Err(format!("`:{name}` has different types in its texts"));
                }
                // NULL is for a parameter that each of its texts only stores.
                Some(known) => known.field.nullable &= field.nullable,
                None => self.parameters.push(Parameter {
                    name: parameter.name().to_owned(),
                    optional: self
                        .template
                        .optional()
                        .any(|name| name == parameter.name()),
                    field,
                }),
            }
        }
        Ok(())
    }

    /// What can be on or off, as conditions count it: flags, then optional parameters.
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

    /// As a user of its row type.
    pub(super) fn user<'b>(&'b self, problem: &'b dyn Fn(String) -> Problem) -> row::User<'b> {
        row::User {
            name: self.template.name(),
            row: &self.row,
            columns: &self.columns,
            derives: self.template.row_notes().1,
            problem,
        }
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
