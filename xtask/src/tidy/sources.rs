//! A package's source files: which are reached from its targets, how they are called, how long they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use syn::visit::Visit;

use super::finding::Finding;
use super::manifests::{PackageAt, relative, walk};
use crate::test::NEEDS_COCKROACH;

/// Names under which anything could be found, so that nothing is.
const SAY_NOTHING: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "misc"];

/// The `.rs` files below a package.
pub(crate) struct Sources {
    /// Every file with its number of lines.
    lines: BTreeMap<PathBuf, usize>,
    reached: BTreeSet<PathBuf>,
    /// Modules with a name that says nothing, and the file that declares them.
    nameless: BTreeSet<(PathBuf, String)>,
    /// Conversions that leak a driver's error, and the file that has them.
    leaks: BTreeSet<(PathBuf, String)>,
    /// Tests that continuous integration would count as not run, and the file that has them.
    ignored: BTreeSet<(PathBuf, String)>,
}

impl Sources {
    /// Follows the modules of each target.
    pub(crate) fn of(at: &PackageAt) -> Result<Self> {
        let mut lines = BTreeMap::new();
        let mut nested = BTreeSet::new();
        walk(&at.directory, &mut |path| {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let count = fs::read_to_string(path).map_or(0, |text| text.lines().count());
                lines.insert(path.to_path_buf(), count);
            }
            if path.file_name().is_some_and(|name| name == "Cargo.toml")
                && let Some(directory) = path.parent()
                && directory != at.directory
            {
                nested.insert(directory.to_path_buf());
            }
        })?;
        lines.retain(|path, _| !nested.iter().any(|nested| path.starts_with(nested)));
        let mut sources = Self {
            lines,
            reached: BTreeSet::new(),
            nameless: BTreeSet::new(),
            leaks: BTreeSet::new(),
            ignored: BTreeSet::new(),
        };
        for target in &at.package.targets {
            let path = target.src_path.clone().into_std_path_buf();
            let beside = path.parent().unwrap_or(&at.directory).to_path_buf();
            sources.follow(&at.directory, &path, &beside)?;
        }
        Ok(sources)
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Reads a file whose child modules lie in `children`, and every file that it names.
    fn follow(&mut self, package: &Path, file: &Path, children: &Path) -> Result<()> {
        if !self.reached.insert(file.to_path_buf()) {
            return Ok(());
        }
        let text = fs::read_to_string(file)
            .with_context(|| format!("a target or module names {}", file.display()))?;
        let syntax =
            syn::parse_file(&text).with_context(|| format!("{} does not parse", file.display()))?;
        let mut reader = Reader {
            children: children.to_path_buf(),
            beside: file.parent().unwrap_or(package).to_path_buf(),
            in_inline_module: false,
            modules: Vec::new(),
            names: Vec::new(),
            literals: Vec::new(),
            leaks: Vec::new(),
            ignored: Vec::new(),
        };
        reader.visit_file(&syntax);
        for name in reader.names {
            if SAY_NOTHING.contains(&name.as_str()) {
                self.nameless.insert((file.to_path_buf(), name));
            }
        }
        for leak in reader.leaks {
            self.leaks.insert((file.to_path_buf(), leak));
        }
        for test in reader.ignored {
            self.ignored.insert((file.to_path_buf(), test));
        }
        if text.lines().any(begins_ignored_example) {
            let example = "an example in the documentation".to_owned();
            self.ignored.insert((file.to_path_buf(), example));
        }
        // Files that the code reads by name, as trybuild's cases and included files are.
        for literal in reader.literals {
            for start in [package, reader.beside.as_path()] {
                self.reach_pattern(&start.join(&literal));
            }
        }
        for (candidates, children) in reader.modules {
            if let Some(path) = candidates.into_iter().find(|path| path.is_file()) {
                self.follow(package, &path, &children)?;
            }
        }
        Ok(())
    }

    /// Marks the files that a path with at most one `*` in its last part names.
    fn reach_pattern(&mut self, pattern: &Path) {
        let Some(last) = pattern.file_name().and_then(|name| name.to_str()) else {
            return;
        };
        let (before, after) = last.split_once('*').unwrap_or((last, ""));
        let exact = !last.contains('*');
        let directory = normal(pattern.parent().unwrap_or(Path::new("")));
        let named: Vec<_> = self
            .lines
            .keys()
            .filter(|path| path.parent() == Some(&directory))
            .filter(|path| {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                if exact {
                    name == last
                } else {
                    name.starts_with(before) && name.ends_with(after)
                }
            })
            .cloned()
            .collect();
        self.reached.extend(named);
    }

    /// The findings about this package's files.
    pub(crate) fn check(&self, root: &Path) -> Vec<Finding> {
        let orphans = self
            .lines
            .keys()
            .filter(|path| !self.reached.contains(*path))
            .map(|path| {
                Finding::new(
                    "orphans",
                    relative(root, path),
                    "no target's module tree reaches this file, so it is never compiled: declare it with mod, or delete it",
                )
            });
        let nameless = self.nameless.iter().map(|(path, name)| {
            Finding::new(
                "names",
                relative(root, path),
                format!("a module called {name} says nothing: name it after the one concept in it"),
            )
        });
        let leaks = self.leaks.iter().map(|(path, from)| {
            Finding::new(
                "leaks",
                relative(root, path),
                format!(
                    "impl From<{from}> makes a driver's type part of this crate's promise: build the error where it \
                     happens, with what was attempted, and keep the driver's as source()"
                ),
            )
        });
        let ignored = self.ignored.iter().map(|(path, test)| {
            Finding::new(
                "ignored",
                relative(root, path),
                format!(
                    "{test} is ignored, which `cargo xtask test --strict` refuses unless the reason begins with \
                     \"{NEEDS_COCKROACH}\": let the test run, or say so"
                ),
            )
        });
        orphans
            .chain(nameless)
            .chain(leaks)
            .chain(ignored)
            .collect()
    }

    /// Files with more than `limit` lines written by hand.
    pub(crate) fn longer_than(&self, root: &Path, limit: usize) -> Vec<(PathBuf, usize)> {
        self.lines
            .iter()
            .filter(|(path, lines)| **lines > limit && !is_generated(path))
            .map(|(path, lines)| (PathBuf::from(relative(root, path)), *lines))
            .collect()
    }
}

/// Whether the file's head says that `crdb codegen` wrote it.
fn is_generated(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .take(5)
        .any(|line| line.contains("Written by `crdb codegen`"))
}

/// Gathers what one file declares and names.
struct Reader {
    /// Where this file's child modules lie.
    children: PathBuf,
    /// Where this file lies.
    beside: PathBuf,
    in_inline_module: bool,
    /// Where each child may lie, and where its own children would.
    modules: Vec<(Vec<PathBuf>, PathBuf)>,
    names: Vec<String>,
    literals: Vec<String>,
    leaks: Vec<String>,
    ignored: Vec<String>,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let name = module.ident.to_string();
        let name = name.trim_start_matches("r#");
        self.names.push(name.to_owned());
        let path = module.attrs.iter().find_map(path_attribute);
        if module.content.is_some() {
            let outside = (self.children.clone(), self.in_inline_module);
            self.children = match path {
                Some(path) => self.children.join(path),
                None => self.children.join(name),
            };
            self.in_inline_module = true;
            syn::visit::visit_item_mod(self, module);
            (self.children, self.in_inline_module) = outside;
            return;
        }
        let own = self.children.join(name);
        if let Some(path) = path {
            let from = if self.in_inline_module {
                &self.children
            } else {
                &self.beside
            };
            let file = normal(&from.join(path));
            let children = file.parent().unwrap_or(&self.children).to_path_buf();
            self.modules.push((vec![file], children));
        } else {
            let files = vec![own.with_extension("rs"), own.join("mod.rs")];
            self.modules.push((files, own));
        }
    }

    fn visit_item_impl(&mut self, implementation: &'ast syn::ItemImpl) {
        if let Some((path, _)) = &implementation.trait_
            && let Some(from) = driver_conversion(path, &implementation.self_ty)
        {
            self.leaks.push(from);
        }
        syn::visit::visit_item_impl(self, implementation);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if function.attrs.iter().any(is_refused_ignore) {
            self.ignored.push(function.sig.ident.to_string());
        }
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.name(literal.value());
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.visit_tokens(invocation.tokens.clone());
    }
}

impl Reader {
    fn name(&mut self, text: String) {
        if Path::new(&text)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            self.literals.push(text);
        }
    }

    /// Tokens of a macro are not syntax yet; their string literals are all that matters here.
    fn visit_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.visit_tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    if let Ok(literal) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.name(literal.value());
                    }
                }
                proc_macro2::TokenTree::Ident(_) | proc_macro2::TokenTree::Punct(_) => {}
            }
        }
    }
}

/// `From<tokio_postgres::X> for SomethingError`, as written.
fn driver_conversion(path: &syn::Path, target: &syn::Type) -> Option<String> {
    let last = path.segments.last()?;
    let syn::Type::Path(target) = target else {
        return None;
    };
    if last.ident != "From"
        || !target
            .path
            .segments
            .last()?
            .ident
            .to_string()
            .ends_with("Error")
    {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let syn::GenericArgument::Type(syn::Type::Path(from)) = arguments.args.first()? else {
        return None;
    };
    let names: Vec<_> = from
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    (names.first()? == "tokio_postgres").then(|| names.join("::"))
}

/// A line of a doc comment that begins code with `ignore`.
fn begins_ignored_example(line: &str) -> bool {
    let line = line.trim_start();
    let comment = line.strip_prefix("///").or(line.strip_prefix("//!"));
    comment
        .and_then(|comment| comment.trim_start().strip_prefix("```"))
        .is_some_and(|attributes| attributes.split(',').any(|word| word.trim() == "ignore"))
}

/// `#[ignore]` for another reason than the one that may always be given.
fn is_refused_ignore(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("ignore")
        && !text_of(attribute).is_some_and(|reason| reason.starts_with(NEEDS_COCKROACH))
}

fn path_attribute(attribute: &syn::Attribute) -> Option<String> {
    if !attribute.path().is_ident("path") {
        return None;
    }
    text_of(attribute)
}

/// The text in `#[name = "text"]`.
fn text_of(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let syn::Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(path),
        ..
    }) = &pair.value
    else {
        return None;
    };
    Some(path.value())
}

/// The path without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::ParentDir => {
                normal.pop();
            }
            std::path::Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
