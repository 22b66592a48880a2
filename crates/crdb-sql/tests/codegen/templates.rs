//! Builders for templates.

use std::fmt::Write as _;

use crdb_sql::codegen::{Descriptions, Options, generate, statements};
use crdb_sql::schema::Schema;
use crdb_sql::{Argument, Repository};

use crate::{SCHEMA, has, short};

fn repository(text: &str) -> Repository {
    Repository::from_embedded(&[("bank/q.sql", text)]).unwrap()
}

fn built(text: &str) -> Result<String, String> {
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    let repository = repository(text);
    let code = generate(
        &repository,
        &schema,
        &Descriptions::default(),
        &Options::default(),
    );
    code.map(|code| short(&code))
        .map_err(|error| error.to_string())
}

#[test]
fn the_builder_says_what_the_template_says() {
    let code = built(
        "-- name: q :many
-- template: select
-- param owner: UUID optional
-- param least: DECIMAL optional
-- param count: INT8
-- flag new: newest first
-- ident sort: number | accounts.order
-- column number: TEXT not null
SELECT number FROM accounts WHERE true
{% if owner %} AND id = :owner {% elif not (new or least) %} AND number > 'a' {% else %} AND number < 'x' {% endif %}
{% if least and new %} AND balance >= :least AND balance <> :least {% endif %}
ORDER BY {{ sort }} {% if new %} DESC {% endif %} LIMIT :count;",
    )
    .unwrap();
    for line in [
        "let mut sql = StatementBuilder::new();",
        "if self.owner.is_some() {",
        "} else if !(self.new_2 || self.least.is_some()) {",
        "} else {",
        "if self.least.is_some() && self.new_2 {",
        "sql.text(self.sort.as_sql());",
        "Self::Number => r#\"\"number\"\"#,",
        "Self::AccountsOrder => r#\"\"accounts\".\"order\"\"#,",
        "sql.finish()",
        "pub async fn fetch_stream<",
        "pub async fn fetch_borrowed<'e, E: Executor>(&self, db: &'e E) -> Result<BorrowedRows<E::Rows<'e>, &'e str>, Error>",
    ] {
        has(&code, line);
    }
    // The same parameter twice has one number.
    assert_eq!(code.matches(", &self.least);").count(), 2, "{code}");
    assert!(!code.contains("{%"), "{code}");
}

/// `count` flags, each with its place in the text.
fn flags(count: usize) -> (String, String) {
    let (mut header, mut text) = (String::new(), String::new());
    for flag in 0..count {
        let _written = writeln!(header, "-- flag f{flag}: of many");
        let _written = write!(
            text,
            "{{% if f{flag} %}} AND balance > {flag} {{% endif %}}"
        );
    }
    (header, text)
}

#[test]
fn a_template_with_any_number_of_texts_has_a_builder() {
    for count in [9, 13, 32] {
        let (header, uses) = flags(count);
        let text = format!(
            "-- name: q :many\n-- template: select\n{header}-- column note: TEXT not null\n-- column id: UUID\n\
             -- column number: TEXT\nSELECT id, number, note FROM accounts WHERE true {uses}"
        );
        let code = built(&text).unwrap();
        has(&code, &format!("if self.f{} {{", count - 1));
        // The header declares it; the engine is asked for samples only.
        has(&code, "pub note: String,");
        assert_eq!(statements(&repository(&text)).len(), 2 + 2 * count);
        assert!(
            code.lines().count() < 130 + 14 * count,
            "{}",
            code.lines().count()
        );
    }
}

#[test]
fn a_builder_for_256_texts_is_short() {
    let (header, uses) = flags(8);
    let text = format!(
        "-- name: q :many\n-- template: select\n{header}-- column id: UUID not null\nSELECT id FROM accounts WHERE true {uses}"
    );
    let lines = built(&text).unwrap().lines().count();
    assert!(lines < 200, "{lines}");
}

/// The last of nine flags turns the join round when the first is on; no sample has these two and nothing else.
#[test]
fn not_null_is_claimed_only_where_every_text_proves_it() {
    let described = |flags_count: usize, condition: &str| {
        let (header, uses) = flags(flags_count);
        let text = format!(
            "-- name: q :many\n-- template: select\n{header}SELECT a.number, c.name FROM accounts a \
             {{% if {condition} %}} RIGHT {{% else %}} INNER {{% endif %}} JOIN customers c ON c.id = a.id WHERE true {uses}"
        );
        let repository = repository(&text);
        let mut schema = Schema::default();
        schema.apply(SCHEMA);
        let mut descriptions = Descriptions::default();
        for query in statements(&repository) {
            let columns = ["number", "name"]
                .map(|name| crdb_sql::codegen::DescribedColumn::new(name, "text"));
            let description = crdb_sql::codegen::Description::new(&[], columns.to_vec());
            descriptions.insert(query.hash(), query.name(), description);
        }
        short(&generate(&repository, &schema, &descriptions, &Options::default()).unwrap())
    };
    // Eight switches: all texts are samples.
    let all = described(8, "f0 and f1 and not f2 and not f3");
    has(&all, "pub number: Option<String>,");
    has(&all, "pub name: String,");
    // Nine: no sample has the condition, and each of the 512 texts is looked at.
    let many = described(9, "f0 and f1 and not f2 and not f3");
    has(&many, "pub number: Option<String>,");
    has(&many, "pub name: String,");
    // Thirteen: more than are looked at, so nothing is claimed.
    let more = described(13, "f0 and f1 and not f2 and not f3");
    has(&more, "pub number: Option<String>,");
    has(&more, "pub name: Option<String>,");
}

#[test]
fn a_parameter_that_grows_together_with_other_text_is_refused() {
    for body in [
        "SELECT number FROM accounts WHERE number = a:{% if f %}:b{% else %}:c{% endif %}",
        "SELECT number FROM accounts WHERE number = :b{% if f %}c{% endif %}",
    ] {
        let text = format!(
            "-- name: q :many\n-- template: select\n-- flag f: x\n-- param b: TEXT\n-- column number: TEXT\n{body}"
        );
        if let Ok(repository) = Repository::from_embedded(&[("bank/q.sql", &text)]) {
            let error = generate(
                &repository,
                &Schema::default(),
                &Descriptions::default(),
                &Options::default(),
            );
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("part of a longer word") || error.contains("not known"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_follower_read_finds_its_place_when_it_is_run() {
    let code = built(
        "-- name: q :many\n-- template: select\n-- staleness: 5s\n-- flag new: newest first\n\
         -- column number: TEXT not null\nSELECT number FROM accounts ORDER BY number {% if new %}DESC{% endif %}",
    )
    .unwrap();
    has(
        &code,
        "let past = Staleness::AtMost(::core::time::Duration::from_millis(5000)).text(&text);"
            .replace("::core::time::", "")
            .as_str(),
    );
    has(&code, "Some(past) => statement.follower_read(past),");
    has(&code, "impl Default for Q {");
}

#[test]
fn what_is_declared_and_not_used_is_no_warning() {
    let code = built(
        "-- name: q :many\n-- template: select\n-- flag unused: x\n-- ident nowhere: a | b\n-- column number: TEXT not null\n\
         SELECT number FROM accounts",
    )
    .unwrap();
    assert_eq!(code.matches("#[expect(dead_code").count(), 2, "{code}");
}

/// Every text that a template renders is what its parts give, which generated code has.
#[test]
fn fragments_and_marks_are_rendered_as_written() {
    let repository = Repository::from_embedded(&[
        (
            "bank/q.sql",
            "-- name: q :many\n-- template: select\n-- flag f: x\n-- ident sort: a | b\n\
             SELECT a\nFROM t\n{%- if f -%}\nWHERE {% include \"_open.sql\" %}{% endif %}\nORDER BY {{- sort -}} ;\n",
        ),
        ("_open.sql", "closed IS NULL -- still\n"),
    ])
    .unwrap();
    let template = repository.template("bank.q").unwrap();
    let rendered = template
        .render::<str>(&[
            ("f", Argument::Flag(true)),
            ("sort", Argument::Identifier("b")),
        ])
        .unwrap();
    assert_eq!(
        rendered.text(),
        "SELECT a\nFROM t\n\nWHERE closed IS NULL -- still\n\n\nORDER BY \"b\""
    );
    let rendered = template.render::<str>(&[]).unwrap();
    assert_eq!(rendered.text(), "SELECT a\nFROM t\n\nORDER BY \"a\"");
}
