use std::fmt;
use std::str::FromStr;

use super::binary::MAX_SCALE;
use super::{Finite, Numeric, Value};
use crate::value::ValueError;

/// More digits before the point than this no server keeps (131,072 of them, PostgreSQL's table of numeric types).
const MAX_WEIGHT: i32 = 131_072 / 4 - 1;

/// As the servers print it: no exponent, as many places as the scale says, `NaN`, `Infinity`, `-Infinity`.
impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::NaN => f.pad("NaN"),
            Value::Infinity => f.pad("Infinity"),
            Value::NegInfinity => f.pad("-Infinity"),
            Value::Finite(finite) => f.pad_integral(!finite.negative, "", &finite.digits()),
        }
    }
}

impl fmt::Debug for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numeric({self})")
    }
}

impl Finite {
    /// The digits and the point, without the sign.
    fn digits(&self) -> String {
        let group = |weight: i32| {
            usize::try_from(self.weight - weight)
                .ok()
                .and_then(|index| self.groups.get(index))
                .copied()
                .unwrap_or(0)
        };
        let mut text = (0..=self.weight.max(0))
            .rev()
            .map(|weight| format!("{:04}", group(weight)))
            .collect::<String>();
        let zeros = text.len() - text.trim_start_matches('0').len();
        text.drain(..zeros.min(text.len() - 1));
        let scale = usize::from(self.scale);
        if scale > 0 {
            let point = text.len();
            text.push('.');
            for weight in (-i32::from(self.scale.div_ceil(4))..0).rev() {
                text.push_str(&format!("{:04}", group(weight)));
            }
            text.truncate(point + 1 + scale);
        }
        text
    }
}

/// Digits with or without a point and an exponent, `NaN`, or `Infinity` with or without a sign.
impl FromStr for Numeric {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let error = ValueError::new("expected a decimal number, NaN or Infinity");
        let range = ValueError::new(
            "a NUMERIC has 131072 digits before the point and 16383 behind it at most",
        );
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', ..] => (true, &text[1..]),
            [b'+', ..] => (false, &text[1..]),
            _ => (false, text),
        };
        if unsigned.eq_ignore_ascii_case("infinity") || unsigned.eq_ignore_ascii_case("inf") {
            return Ok(if negative {
                Self::NEG_INFINITY
            } else {
                Self::INFINITY
            });
        }
        if text.eq_ignore_ascii_case("nan") {
            return Ok(Self::NAN);
        }
        let (number, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| error)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let mut digits = format!("{whole}{fraction}").into_bytes();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(error);
        }
        let places = i32::try_from(fraction.len()).map_err(|_| range)?;
        // The number is the digits times ten to this power.
        let power = exponent.checked_sub(places).ok_or(range)?;
        let scale = u16::try_from(power.saturating_neg().max(0))
            .ok()
            .filter(|scale| *scale <= MAX_SCALE)
            .ok_or(range)?;
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..leading);
        if digits.is_empty() {
            let zero = Finite {
                negative,
                scale,
                ..Finite::default()
            };
            return Ok(Self(Value::Finite(zero)));
        }
        // Whole groups: zeros behind, so that the power is a multiple of four, then zeros in front.
        let behind = usize::try_from(power.rem_euclid(4)).unwrap_or(0);
        digits.resize(digits.len() + behind, b'0');
        let front = digits.len().next_multiple_of(4) - digits.len();
        digits.splice(..0, std::iter::repeat_n(b'0', front));
        let groups: Vec<u16> = digits
            .chunks(4)
            .map(|four| {
                four.iter()
                    .fold(0, |group, digit| group * 10 + u16::from(digit - b'0'))
            })
            .collect();
        let count = i32::try_from(groups.len()).map_err(|_| range)?;
        let weight = count.saturating_add(power.div_euclid(4)).saturating_sub(1);
        let finite = Finite {
            negative,
            weight,
            scale,
            groups,
        }
        .normalized();
        if finite.weight > MAX_WEIGHT {
            return Err(range);
        }
        Ok(Self(Value::Finite(finite)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_the_servers_do() {
        for (text, written) in [
            ("0", "0"),
            ("-0", "-0"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-12.50", "-12.50"),
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("1e-30", "0.000000000000000000000000000001"),
            ("123456789.000100", "123456789.000100"),
            (
                "99999999999999999999.99999999999999999999",
                "99999999999999999999.99999999999999999999",
            ),
            ("0.0000", "0.0000"),
            ("10000", "10000"),
            ("100000000.00000001", "100000000.00000001"),
            ("nan", "NaN"),
            ("-INF", "-Infinity"),
            ("+infinity", "Infinity"),
        ] {
            assert_eq!(
                text.parse::<Numeric>().unwrap().to_string(),
                written,
                "{text}"
            );
        }
        for text in [
            "",
            ".",
            "-",
            "1e",
            "1e1.5",
            "1_000",
            "0x1",
            "--1",
            "1 ",
            "-nan",
            "1,5",
            "e5",
            "1e99999999999",
        ] {
            assert!(text.parse::<Numeric>().is_err(), "{text:?}");
        }
        for text in ["1e131072", "1e-16384", "1e2147483647", "1e-2147483648"] {
            assert!(text.parse::<Numeric>().is_err(), "{text:?}");
        }
        assert!("1e131071".parse::<Numeric>().is_ok());
        assert!("1e-16383".parse::<Numeric>().is_ok());
    }
}
