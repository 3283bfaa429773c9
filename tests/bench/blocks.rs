//! Figures of blocks: the middle one, and how far they lie apart.

use serde_json::{Value, json};

/// One figure, measured once in each block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocks(Vec<f64>);

impl Blocks {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Block by block, so that what slows the machine down for a while slows both.
    pub(crate) fn with(&self, other: &Blocks, compare: impl Fn(f64, f64) -> f64) -> Blocks {
        let pairs = self.0.iter().zip(&other.0);
        Blocks(pairs.map(|(one, other)| compare(*one, *other)).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.0, 0.5)
    }

    /// The quartiles: half of the blocks lie between them.
    pub(crate) fn spread(&self) -> (f64, f64) {
        (quantile(&self.0, 0.25), quantile(&self.0, 0.75))
    }

    pub(crate) fn json(&self) -> Value {
        let (low, high) = self.spread();
        json!({ "median": self.median(), "quartiles": [low, high], "blocks": self.0 })
    }
}

/// The figure below which this part of them lies; no number where there are none.
pub(crate) fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (part * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
