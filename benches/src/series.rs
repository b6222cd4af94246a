//! A series: the samples of one measure of one peer, and what is reported of them.
//!
//! A median and the whole range; no mean, which one disturbed sample would move.

/// At least one sample.
#[derive(Clone, Debug)]
pub struct Series {
    sorted: Vec<f64>,
}

impl Series {
    pub fn new(mut samples: Vec<f64>) -> Series {
        assert!(!samples.is_empty(), "a series has at least one sample");
        samples.sort_by(f64::total_cmp);
        Series { sorted: samples }
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The sample below which `share` of all samples lie.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.sorted.len() - 1;
        self.sorted[(last as f64 * share).round() as usize]
    }

    pub fn min(&self) -> f64 {
        self.quantile(0.0)
    }

    pub fn max(&self) -> f64 {
        self.quantile(1.0)
    }
}
