//! `0007_add_index.up.sql`: number, name and direction.

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Direction {
    /// Applies the migration.
    Up,
    /// Takes it back.
    Down,
}

impl Direction {
    /// As it stands in a file's name and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Up, Self::Down]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }
}

/// What a file's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) direction: Direction,
}

/// How many digits a number may have, so that it fits an INT8.
const MOST_DIGITS: usize = 18;

/// Reads a file's name, or says what is wrong with it.
pub(crate) fn parse(file: &str) -> Result<FileName, String> {
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    let Some((stem, word)) = stem.rsplit_once('.') else {
        return Err(format!(
            "`{file}` does not say which way it goes; name it `{stem}.up.sql` or `{stem}.down.sql`"
        ));
    };
    let Some(direction) = Direction::from_word(word) else {
        return Err(format!("`{word}` in `{file}` is neither `up` nor `down`"));
    };
    let form =
        || format!("`{file}` does not begin with a number and `_`, as `0007_add_index` does");
    let (digits, name) = stem.split_once('_').ok_or_else(form)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    let version = digits
        .parse()
        .ok()
        .filter(|version| digits.len() <= MOST_DIGITS && *version > 0)
        .ok_or_else(|| {
            format!("`{digits}` in `{file}` is no number from 1 to {MOST_DIGITS} digits")
        })?;
    let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(snake) {
        return Err(format!(
            "the name `{name}` in `{file}` is not snake_case: lower-case letters, digits and `_`"
        ));
    }
    Ok(FileName {
        version,
        name: name.to_owned(),
        direction,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_number_a_name_and_a_direction() {
        let read = parse("0007_add_index.up.sql").unwrap();
        assert_eq!(
            (read.version, &*read.name, read.direction),
            (7, "add_index", Direction::Up)
        );
        assert_eq!(
            parse("20260102030405_x.down.sql").unwrap().version,
            20_260_102_030_405
        );
        for bad in [
            "0007_add_index.sql",
            "add_index.up.sql",
            "_x.up.sql",
            "0_x.up.sql",
            "7.up.sql",
            "7_.up.sql",
            "7_Add.up.sql",
            "7_add-index.up.sql",
            "-7_x.up.sql",
            "7_x.sideways.sql",
            "1234567890123456789_x.up.sql",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
