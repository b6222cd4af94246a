//! The time to come back: what a refusal says about when another try may be worth it.
//!
//! Promises to ask no clock of ours: a date is compared with the answer's own, so that neither a
//! wrong clock nor a virtual one makes a difference. It reads the one form of dates that RFC 9110
//! lets a server write.

use std::time::Duration;

use super::{Lines, only_value};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What the `Retry-After` line of an answer asks for.
pub(crate) fn retry_after(lines: Lines<'_>) -> Option<Duration> {
    let text = |name| std::str::from_utf8(only_value(lines, name)?).ok();
    let value = text("Retry-After")?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are an eternity.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let (then, now) = (seconds_of(value)?, seconds_of(text("Date")?)?);
    Some(Duration::from_secs(then.saturating_sub(now)))
}

/// The seconds since 1970 of a date like `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds_of(date: &str) -> Option<u64> {
    let words: Vec<&str> = date.split_once(", ")?.1.split(' ').collect();
    let [day, month, year, time, "GMT"] = words[..] else { return None };
    let day = number(day, 1..=31)?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year = number(year, 1970..=9999)?;
    let clock: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = clock[..] else { return None };
    let (hour, minute) = (number(hour, 0..=23)?, number(minute, 0..=59)?);
    let second = number(second, 0..=60)?;
    let days = days_before_year(year) - days_before_year(1970) + days_before(month, year) + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(digits: &str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    digits.parse().ok().filter(|number| range.contains(number))
}

fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// The days of a year before its month, the first of which is 0.
fn days_before(month: usize, year: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let century = year.is_multiple_of(100);
    let leap = year.is_multiple_of(if century { 400 } else { 4 });
    BEFORE[month] + u64::from(leap && month >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        for (date, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ] {
            assert_eq!(seconds_of(date), Some(seconds), "{date}");
        }
        for bad in [
            "",
            "1994",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(seconds_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_refusal_s_time_is_in_seconds_or_by_its_own_date() {
        const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let asked = |value: &str, date: &str| {
            let line = |name, value| httparse::Header { name, value };
            let lines = [line("retry-after", value.as_bytes()), line("Date", date.as_bytes())];
            retry_after(&lines)
        };
        assert_eq!(asked("120", DATE), Some(Duration::from_secs(120)));
        assert_eq!(asked(&"9".repeat(40), DATE), Some(Duration::from_secs(u64::MAX)));
        let later = "Sun, 06 Nov 1994 08:50:07 GMT";
        assert_eq!(asked(later, DATE), Some(Duration::from_secs(30)));
        assert_eq!(asked(DATE, later), Some(Duration::ZERO), "it is over already");
        for (value, date) in [("", DATE), ("-1", DATE), ("soon", DATE), (later, ""), (later, "x")] {
            assert_eq!(asked(value, date), None);
        }
    }
}
