//! OpenMetrics' text: `name{label="value"} 7`.

use std::collections::BTreeMap;

/// The labels of a sample.
pub(super) type Labels = BTreeMap<String, String>;

/// Every sample of an endpoint's answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(Vec<(String, Labels, f64)>);

impl Samples {
    /// Reads the text. Lines that are no samples are passed over.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// The samples of this name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Labels, f64)> {
        self.0
            .iter()
            .filter(move |(found, _, _)| found == name)
            .map(|(_, labels, value)| (labels, *value))
    }

    /// Of the samples of this name, the sum for each value of a label.
    pub(super) fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (labels, value) in self.named(name) {
            let key = labels.get(label).cloned().unwrap_or_default();
            *sums.entry(key).or_insert(0.0) += value;
        }
        sums
    }
}

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    if line.starts_with('#') {
        return None;
    }
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some((name.to_owned(), labels, value))
}

/// The labels, and what stands behind the bracket.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (index, '"') => break index,
                (_, '\\') => value.push(match characters.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.trim().to_owned(), value);
        rest = after.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_their_labels() {
        let samples = Samples::parse(
            "# TYPE a counter\na_total{x=\"1\",y=\"q\\\"\\\\\\n}\"} 7 1700000000\na_total{x=\"2\"} 3.5\nb 1\nbroken{x=\n# EOF\n",
        );
        let read: Vec<_> = samples
            .named("a_total")
            .map(|(labels, value)| (labels["x"].as_str(), value))
            .collect();
        assert_eq!(read, [("1", 7.0), ("2", 3.5)]);
        assert_eq!(samples.named("a_total").next().unwrap().0["y"], "q\"\\\n}");
        assert_eq!(samples.by("b", "x")[""], 1.0);
    }
}
