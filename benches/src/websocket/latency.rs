//! The latencies of one sample, counted in buckets: millions of them cost a few kilobytes.
//!
//! A bucket is at most a thirty-second part wide of what lies in it, so a quantile is right within
//! 3 percent.

use std::time::Duration;

/// Buckets for each doubling.
const PER_OCTAVE: u64 = 32;

#[derive(Default)]
pub struct Latencies {
    buckets: Vec<u64>,
    count: u64,
}

impl Latencies {
    /// `count` messages took so long.
    pub fn add(&mut self, took: Duration, count: u64) {
        let bucket = bucket_of(took.as_nanos() as u64);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += count;
        self.count += count;
    }

    /// The microseconds within which `share` of all messages were answered.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        start_of(bucket.expect("a sample has messages") + 1) as f64 / 1e3
    }
}

/// Linear below one octave's buckets; above, the leading bits of `nanos` behind their exponent.
fn bucket_of(nanos: u64) -> usize {
    if nanos < PER_OCTAVE {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - PER_OCTAVE.ilog2();
    (u64::from(shift) * PER_OCTAVE + (nanos >> shift)) as usize
}

/// The least number of nanoseconds in a bucket.
fn start_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PER_OCTAVE {
        return bucket;
    }
    let shift = bucket / PER_OCTAVE - 1;
    (bucket - shift * PER_OCTAVE) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_where_the_one_before_it_ends() {
        for bucket in 0..1_000 {
            assert_eq!(bucket_of(start_of(bucket)), bucket);
            assert_eq!(bucket_of(start_of(bucket + 1) - 1), bucket);
        }
    }

    #[test]
    fn a_quantile_is_right_within_three_percent() {
        let mut latencies = Latencies::default();
        for micros in 1..=1_000 {
            latencies.add(Duration::from_micros(micros), 7);
        }
        let p99 = latencies.quantile_us(0.99);
        assert!((990.0..990.0 * 1.04).contains(&p99), "{p99}");
    }
}
