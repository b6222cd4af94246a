//! A quantity: a time, a share or a time to wait for, as a person reads and writes it.
//!
//! Promises a number of at most four digits and its unit, `3.2 ms`, `10.0 s`, that rounding never
//! pushes into the next unit: there is no `1000.0 ms`.

use std::time::Duration;

use serde_json::Value;

use crate::field::{number, present};

/// The units, in nanoseconds.
const US: u64 = 1_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A time in nanoseconds.
pub(crate) fn time(ns: u64) -> String {
    match ns {
        0 => "0".to_owned(),
        1..US => format!("{ns} ns"),
        // 999.95 of a unit would be shown as 1000.0.
        US..999_950 => tenths(ns, US, "us"),
        999_950..999_950_000 => tenths(ns, MS, "ms"),
        // Some hundreds of seconds are still compared more easily than minutes are.
        999_950_000..600_000_000_000 => tenths(ns, SECOND, "s"),
        600_000_000_000..7_200_000_000_000 => tenths(ns, MINUTE, "min"),
        _ => tenths(ns, HOUR, "h"),
    }
}

/// One that may be unknown.
pub(crate) fn time_or_dash(ns: Option<u64>) -> String {
    ns.map_or_else(|| "-".to_owned(), time)
}

/// The longest poll of a task's times, or of a loop's, in nanoseconds; unknown before the first.
pub(crate) fn longest_poll(times: &Value) -> Option<u64> {
    let polls = present(times, "polls")?;
    number(polls, "max_ns").filter(|&longest| longest > 0)
}

/// A time in milliseconds, with a fraction.
pub(crate) fn time_of_ms(ms: f64) -> String {
    time(ns_of_ms(ms))
}

/// A share between 0 and 1.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A duration as it is given on the command line: `5s`, `250ms`, `1.5s`, `2min`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1e-3), ("min", 60.0), ("s", 1.0)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

/// Rounded to tenths of a unit, by integers: a float forgets nanoseconds after some months.
fn tenths(ns: u64, unit: u64, name: &str) -> String {
    let tenths = (u128::from(ns) * 10 + u128::from(unit) / 2) / u128::from(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Milliseconds with a fraction as whole nanoseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as meant")]
pub(crate) fn ns_of_ms(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_unit_that_fits() {
        for (ns, said) in [
            (0, "0"),
            (850, "850 ns"),
            (999, "999 ns"),
            (1_000, "1.0 us"),
            (41_049, "41.0 us"),
            (999_949, "999.9 us"),
            (999_950, "1.0 ms"),
            (3_200_000, "3.2 ms"),
            (999_950_000, "1.0 s"),
            (10_012_000_000, "10.0 s"),
            (599_940_000_000, "599.9 s"),
            (600_000_000_000, "10.0 min"),
            (7_200_000_000_000, "2.0 h"),
            (u64::MAX, "5124095.6 h"),
        ] {
            assert_eq!(time(ns), said, "{ns}");
        }
        assert_eq!(time_of_ms(3.2), "3.2 ms");
        assert_eq!(time_of_ms(0.3), "300.0 us");
        assert_eq!(time_of_ms(-1.0), "0");
        assert_eq!(time_or_dash(None), "-");
        assert_eq!(percent(0.0713), "7.1%");
    }

    #[test]
    fn a_duration_is_a_number_and_its_unit() {
        for (text, ms) in [("5s", 5_000), ("250ms", 250), ("1.5s", 1_500), ("2min", 120_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in
            ["", "5", "s", "-5s", "5 s", "5h", "1e3s", "infs", "1.2.3s", "99999999999999999999s"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
