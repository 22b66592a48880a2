//! Which test programs run, and which of their tests.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use super::report::Suite;

/// A test program, or the tests in a module of one: `executor`, `executor::transactions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    program: String,
    module: Option<String>,
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (program, module) = match text.split_once("::") {
            Some((program, module)) => (program, Some(module.to_owned())),
            None => (text, None),
        };
        let program = program.to_owned();
        Ok(Self { program, module })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        match &self.module {
            Some(module) => write!(f, "::{module}"),
            None => Ok(()),
        }
    }
}

/// What is asked for; everything where nothing is.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    targets: &'a [Target],
    filter: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// # Errors
    /// A module and a part of a name are asked for at once.
    pub(super) fn new(targets: &'a [Target], filter: Option<&'a str>) -> Result<Self> {
        ensure!(
            filter.is_none() || targets.iter().all(|it| it.module.is_none()),
            "the tests of a module and those with a part of a name cannot be asked for at once; leave out either"
        );
        Ok(Self { targets, filter })
    }

    /// What the names of a program's tests contain, one of these, all where there are none; `None` where the program is not to run.
    pub(super) fn filters(self, program: &str) -> Option<Vec<String>> {
        if self.is_whole(program) {
            return Some(self.filter.iter().map(ToString::to_string).collect());
        }
        let of_program = self.targets.iter().filter(|it| it.program == program);
        let modules: Vec<_> = of_program.filter_map(|it| it.module.as_deref()).collect();
        let paths = || modules.iter().map(|module| format!("{module}::")).collect();
        (!modules.is_empty()).then(paths)
    }

    /// Whether a program is asked for, and not a module of it.
    pub(super) fn is_whole(self, program: &str) -> bool {
        let names = |it: &Target| it.program == program && it.module.is_none();
        self.targets.is_empty() || self.targets.iter().any(names)
    }

    /// # Errors
    /// There is no such program, or no test in such a module: nothing would be tested, and nothing fail.
    pub(super) fn check(self, ran: &[Suite]) -> Result<()> {
        for target in self.targets {
            let mut of_program = ran.iter().filter(|it| it.target == target.program);
            let is_there = match &target.module {
                None => of_program.next().is_some(),
                Some(module) => of_program
                    .flat_map(|suite| suite.outcomes.keys())
                    .any(|name| name.starts_with(&format!("{module}::"))),
            };
            if !is_there {
                bail!(
                    "no test is in the target {target}; `--target` takes a file's name in `tests`, or a module in one"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::libtest::Outcome;
    use super::*;

    fn targets(names: &[&str]) -> Vec<Target> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_target_is_a_program_or_a_module_of_one() {
        let filters = |names: &[&str], filter, program| {
            let targets = targets(names);
            Wanted::new(&targets, filter).unwrap().filters(program)
        };
        let some = |filters: &[&str]| Some(filters.iter().map(ToString::to_string).collect());
        assert_eq!(filters(&[], None, "a"), some(&[]));
        assert_eq!(filters(&[], Some("part"), "a"), some(&["part"]));
        assert_eq!(filters(&["a"], Some("part"), "a"), some(&["part"]));
        assert_eq!(filters(&["a"], None, "b"), None);
        let modules = ["a::x", "a::y::z", "b"];
        assert_eq!(filters(&modules, None, "a"), some(&["x::", "y::z::"]));
        assert_eq!(filters(&modules, None, "b"), some(&[]));
        assert_eq!(filters(&modules, None, "x"), None);
        // The whole program has the module's tests, too.
        assert_eq!(filters(&["a::x", "a"], None, "a"), some(&[]));
        assert!(Wanted::new(&targets(&["a::x"]), Some("part")).is_err());
    }

    #[test]
    fn what_names_no_test_is_told() {
        let ran = [Suite {
            package: "package".to_owned(),
            target: "a".to_owned(),
            outcomes: BTreeMap::from([("x::works".to_owned(), Outcome::Passed)]),
            took: Duration::ZERO,
        }];
        let check = |names: &[&str]| {
            let checked = Wanted::new(&targets(names), None).unwrap().check(&ran);
            checked.map_err(|error| error.to_string())
        };
        for names in [&[][..], &["a"], &["a::x"], &["a::x", "a"]] {
            assert_eq!(check(names), Ok(()), "{names:?}");
        }
        for wrong in ["b", "a::y", "a::work", "b::x"] {
            let told = check(&["a", wrong]).unwrap_err();
            assert!(
                told.starts_with(&format!("no test is in the target {wrong};")),
                "{told}"
            );
        }
    }
}
