//! A measure: what one column of a sample means, its unit, and which end of it is good.

/// The name says what is counted; the workload's name comes before it in the table.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    pub name: &'static str,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanos,
    Micros,
    PerSecond,
    Bytes,
}

impl Unit {
    /// How a table names the unit, and its good end.
    pub fn legend(self) -> &'static str {
        match self {
            Unit::Nanos => "ns, less is better",
            Unit::Micros => "us, less is better",
            Unit::PerSecond => "a second, more is better",
            Unit::Bytes => "bytes, less is better",
        }
    }

    pub fn less_is_better(self) -> bool {
        self != Unit::PerSecond
    }
}

/// A number in three or four digits: `7.2`, `193`, `4,267`, `35.8k`, `275k`, `4.40M`.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        size if size < 999.5 => format!("{value:.0}"),
        size if size < 9_999.5 => {
            let whole = value.round() as i64;
            format!("{},{:03}", whole / 1_000, whole.abs() % 1_000)
        }
        size if size < 99_950.0 => format!("{:.1}k", value / 1e3),
        size if size < 999_500.0 => format!("{:.0}k", value / 1e3),
        size if size < 99.95e6 => format!("{:.2}M", value / 1e6),
        _ => format!("{:.0}M", value / 1e6),
    }
}
