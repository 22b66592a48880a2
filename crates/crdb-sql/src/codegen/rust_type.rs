//! From SQL types to Rust types.

use std::collections::BTreeMap;

use super::ident;
use super::{Descriptions, Options};
use crate::schema::{Schema, canonical_name, canonical_type, stored_name};

/// A Rust type in its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RustType {
    /// In a row.
    pub(super) owned: String,
    /// As an argument; holds `'a` where it borrows.
    pub(super) borrowed: String,
    /// In a row that borrows from what the server sent, with `'r`; `None` where nothing would be borrowed.
    pub(super) in_place: Option<String>,
    /// Whether arguments of it are `Copy`-cheap values rather than references.
    pub(super) by_value: bool,
}

/// The enums and composite types of a schema, and which of them the module needs.
#[derive(Debug)]
pub(super) struct Enums {
    known: BTreeMap<String, Known>,
    /// How many modules below the enums the next types stand.
    depth: usize,
    used: std::collections::BTreeSet<String>,
    composites: BTreeMap<String, Composite>,
    used_composites: std::collections::BTreeSet<String>,
}

/// A composite type of the schema.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) type_name: String,
    pub(super) fields: Vec<super::DescribedColumn>,
}

#[derive(Debug)]
struct Known {
    labels: Vec<String>,
    type_name: String,
}

impl Enums {
    pub(super) fn new(schema: &Schema, descriptions: &Descriptions) -> Self {
        let mut known: BTreeMap<String, Vec<String>> = schema
            .enums()
            .map(|(name, labels)| (canonical_name(name), labels.to_vec()))
            .collect();
        for (name, labels) in descriptions.enums() {
            known.insert(name.to_owned(), labels.to_vec());
        }
        let mut names = ident::Names::default();
        let known = known.into_iter().map(|(name, labels)| {
            let type_name = names.take_type(ident::camel(&stored_name(&name)));
            (name, Known { labels, type_name })
        });
        let known = known.collect();
        let composites = descriptions.composites().map(|(name, fields)| {
            let type_name = names.take_type(ident::camel(&stored_name(name)));
            let fields = fields.to_vec();
            (name.to_owned(), Composite { type_name, fields })
        });
        let composites = composites.collect();
        Self {
            known,
            composites,
            used_composites: std::collections::BTreeSet::new(),
            depth: 0,
            used: std::collections::BTreeSet::new(),
        }
    }

    /// The types that come next stand `depth` modules below the enums.
    pub(super) fn used_at(&mut self, depth: usize) {
        self.depth = depth;
    }

    /// The enums that were asked for: the database's name, Rust name, labels.
    pub(super) fn used(&self) -> impl Iterator<Item = (String, &str, &[String])> {
        self.used.iter().filter_map(|name| {
            let known = self.known.get(name)?;
            Some((
                stored_name(name),
                known.type_name.as_str(),
                known.labels.as_slice(),
            ))
        })
    }

    /// The composite types that were asked for, by their SQL names.
    pub(super) fn used_composites(&self) -> impl Iterator<Item = (&str, &Composite)> {
        self.used_composites
            .iter()
            .filter_map(|name| Some((name.as_str(), self.composites.get(name)?)))
    }

    fn find(&mut self, name: &str) -> Option<String> {
        let (key, known) = self.known.get_key_value(name)?;
        self.used.insert(key.clone());
        Some(self.above() + &known.type_name)
    }

    /// A composite and, with it, the types of its fields; `None` where one has no Rust type.
    fn find_composite(&mut self, name: &str, options: &Options) -> Option<String> {
        let type_name = self.composites.get(name)?.type_name.clone();
        if self.used_composites.insert(name.to_owned()) && self.field_types(name, options).is_none()
        {
            self.used_composites.remove(name);
            return None;
        }
        Some(self.above() + &type_name)
    }

    /// The Rust types of a composite's fields, as they stand beside it.
    pub(super) fn field_types(&mut self, name: &str, options: &Options) -> Option<Vec<String>> {
        let depth = std::mem::replace(&mut self.depth, 0);
        let fields = self
            .composites
            .get(name)
            .map(|composite| composite.fields.clone());
        let types = fields.and_then(|fields| {
            let types = fields
                .iter()
                .map(|field| rust_type(field.sql_type(), options, self).map(|rust| rust.owned));
            types.collect()
        });
        self.depth = depth;
        types
    }

    /// The path from where types are used to where they stand.
    fn above(&self) -> String {
        match self.depth {
            0 => "self::".to_owned(),
            depth => "super::".repeat(depth),
        }
    }
}

/// The Rust type of a SQL type, or `None` where there is none.
pub(super) fn rust_type(sql_type: &str, options: &Options, enums: &mut Enums) -> Option<RustType> {
    let canonical = canonical_type(sql_type);
    let copy = |path: &str| RustType {
        owned: path.to_owned(),
        borrowed: path.to_owned(),
        in_place: None,
        by_value: true,
    };
    let reference = |owned: &str, borrowed: &str| RustType {
        owned: owned.to_owned(),
        borrowed: borrowed.to_owned(),
        in_place: None,
        by_value: false,
    };
    let in_place = |rust: RustType, in_place: &str| RustType {
        in_place: Some(in_place.to_owned()),
        ..rust
    };
    if let Some(path) = options.types.get(&canonical) {
        let path = super::absolute(path);
        return Some(reference(&path, &format!("&'a {path}")));
    }
    if let Some(element) = canonical.strip_suffix("[]") {
        let element = rust_type(element, options, enums)?;
        let inner = match element.borrowed.as_str() {
            "&'a str" => "&'a str",
            _ => element.owned.as_str(),
        };
        let vector = |element: &str| format!("::std::vec::Vec<{element}>");
        return Some(RustType {
            in_place: element.in_place.as_deref().map(vector),
            ..reference(&vector(&element.owned), &format!("&'a [{inner}]"))
        });
    }
    Some(match canonical.as_str() {
        "bool" => copy("bool"),
        "int2" => copy("i16"),
        "int4" => copy("i32"),
        // INT without a width is eight bytes on CockroachDB, which comes first here; the lint asks for a width.
        "int8" | "int" => copy("i64"),
        "oid" => copy("u32"),
        "\"char\"" => copy("i8"),
        "float4" => copy("f32"),
        "float8" => copy("f64"),
        "decimal" => copy(&options.foreign("rust_decimal::Decimal")),
        "uuid" => copy(&options.foreign("uuid::Uuid")),
        "timestamptz" => {
            let (time, zone) = (
                options.foreign("chrono::DateTime"),
                options.foreign("chrono::Utc"),
            );
            copy(&format!("{time}<{zone}>"))
        }
        "timestamp" => copy(&options.foreign("chrono::NaiveDateTime")),
        "date" => copy(&options.foreign("chrono::NaiveDate")),
        "time" => copy(&options.foreign("chrono::NaiveTime")),
        // An address of std has no prefix, and would be refused each value that has one.
        "inet" | "cidr" => copy(&format!("{}::Inet", options.exec())),
        "interval" => copy(&format!("{}::Interval", options.exec())),
        "timetz" => copy(&format!("{}::TimeTz", options.exec())),
        "bit" | "varbit" | "bit varying" => {
            let path = format!("{}::BitString", options.exec());
            reference(&path, &format!("&'a {path}"))
        }
        "string" | "unknown" | "citext" => {
            in_place(reference("::std::string::String", "&'a str"), "&'r str")
        }
        "bytes" => in_place(reference("::std::vec::Vec<u8>", "&'a [u8]"), "&'r [u8]"),
        "json" | "jsonb" => {
            let path = options.foreign("serde_json::Value");
            let text = format!("{}::JsonStr<'r>", options.exec());
            in_place(reference(&path, &format!("&'a {path}")), &text)
        }
        "void" => copy("()"),
        other => match enums.find(other) {
            Some(name) => copy(&name),
            None => {
                let name = enums.find_composite(other, options)?;
                reference(&name, &format!("&'a {name}"))
            }
        },
    })
}
