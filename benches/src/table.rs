//! The table: every measure of every workload that ran, the peers below each other.
//!
//! A row is a peer's median, the range of its samples, and its ratios to two of the others.

use crate::contest::Standing;
use crate::measure::{Measure, short};
use crate::options::Style;
use crate::workloads::Workload;

/// One measure of one workload, for all peers.
pub struct Group {
    pub workload: &'static str,
    pub title: &'static str,
    /// Which of the workload's measures.
    pub index: usize,
    pub measure: Measure,
    pub ratios_to: [&'static str; 2],
    pub standings: Vec<Entry>,
}

/// One peer's place in a group.
pub struct Entry {
    pub peer: &'static str,
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Group {
    /// The group of measure `index`, best peer first.
    pub fn new(
        workload: &Workload,
        (index, measure): (usize, Measure),
        standings: &[Standing],
    ) -> Group {
        let mut entries: Vec<Entry> = standings
            .iter()
            .map(|standing| {
                let series = &standing.series[index];
                let (median, min, max) = (series.median(), series.min(), series.max());
                Entry { peer: standing.peer, median, min, max }
            })
            .collect();
        entries.sort_by(|left, right| left.median.total_cmp(&right.median));
        if !measure.unit.less_is_better() {
            entries.reverse();
        }
        let Workload { name, title, ratios_to, .. } = *workload;
        Group { workload: name, title, index, measure, ratios_to, standings: entries }
    }

    pub fn entry_of(&self, peer: &str) -> Option<&Entry> {
        self.standings.iter().find(|entry| entry.peer == peer)
    }

    pub fn median_of(&self, peer: &str) -> Option<f64> {
        self.entry_of(peer).map(|entry| entry.median)
    }

    /// A value as a multiple of a peer's, or a dash.
    fn ratio_to(&self, peer: &str, value: f64) -> String {
        self.median_of(peer).map_or("-".to_owned(), |base| format!("{:.2}x", value / base))
    }

    pub fn print(&self, style: Style) {
        let Group { title, measure, .. } = self;
        let title = format!("{title}: {} ({})", measure.name, measure.unit.legend());
        match style {
            Style::Text => println!("{title}"),
            Style::Markdown => println!("| **{title}** | | | | |"),
        }
        for entry in &self.standings {
            let range = format!("{} .. {}", short(entry.min), short(entry.max));
            let [left, right] = self.ratios_to.map(|peer| self.ratio_to(peer, entry.median));
            let cells = [entry.peer.to_owned(), short(entry.median), range, left, right];
            print_row(&cells, style);
        }
    }
}

/// The lines above groups that have their ratios in common.
pub fn print_head(ratios_to: [&str; 2], style: Style) {
    println!();
    let [left, right] = ratios_to.map(|peer| format!("to {peer}"));
    let [peer, median, range] = ["peer", "median", "min .. max"].map(str::to_owned);
    print_row(&[peer, median, range, left, right], style);
    match style {
        Style::Text => println!("{}", "-".repeat(103)),
        Style::Markdown => println!("|---|--:|--:|--:|--:|"),
    }
}

fn print_row([peer, median, range, left, right]: &[String; 5], style: Style) {
    match style {
        Style::Text => println!("  {peer:<23} {median:>10} {range:>20} {left:>22} {right:>22}"),
        Style::Markdown => println!("| {peer} | {median} | {range} | {left} | {right} |"),
    }
}
