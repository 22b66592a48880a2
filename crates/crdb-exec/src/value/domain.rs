//! What is below a domain.

use postgres_types::{Kind, Type};

/// The type with the types below domains in their place: of a domain, and of the elements of an array. `None` where there is none.
///
/// A value has the same form for a domain and for what is below it.
pub(crate) fn below_domains(type_: &Type) -> Option<Type> {
    match type_.kind() {
        Kind::Domain(base) => Some(below_domains(base).unwrap_or_else(|| base.clone())),
        Kind::Array(member) => {
            let (name, schema) = (type_.name().to_owned(), type_.schema().to_owned());
            let member = below_domains(member)?;
            Some(Type::new(name, type_.oid(), Kind::Array(member), schema))
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn named(kind: Kind) -> Type {
        Type::new("word".to_owned(), 70_000, kind, "public".to_owned())
    }

    #[test]
    fn domains_are_looked_through() {
        let word = named(Kind::Domain(Type::TEXT));
        let long_word = named(Kind::Domain(word.clone()));
        assert_eq!(below_domains(&word), Some(Type::TEXT));
        assert_eq!(below_domains(&long_word), Some(Type::TEXT));
        let words = below_domains(&named(Kind::Array(long_word))).unwrap();
        assert_eq!(*words.kind(), Kind::Array(Type::TEXT));
        assert_eq!(below_domains(&Type::TEXT_ARRAY), None);
    }
}
