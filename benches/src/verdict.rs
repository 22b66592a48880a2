//! Whether a target was reached, and when the figures are too noisy to say.

use crate::{
    case::{Bound, Target},
    statistics::{Summary, paired_ratios},
};

/// What the rounds say about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The median lies within the bound, see [`Summary::median_within`].
    Met,
    /// It lies outside.
    Missed,
    /// The rounds do not tell on which side of the bound it lies.
    Inconclusive,
}

impl Verdict {
    /// How it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The figure that was compared with the bound, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The target.
    pub target: Target,
    /// The ratio to the peer, or the value itself where the bound names no peer.
    pub figure: Summary,
    /// What the rounds say.
    pub verdict: Verdict,
}

/// Judges a target from the rounds of its subject and, where the bound names one, of its peer.
///
/// `None` where there are no rounds to judge by.
#[must_use]
pub fn judge(target: Target, subject: &[f64], peer: Option<&[f64]>) -> Option<Judgement> {
    let figures = match (target.bound, peer) {
        (Bound::AtMost(_) | Bound::AtLeast(_), _) => subject.to_vec(),
        (Bound::RatioAtMost(..) | Bound::RatioAtLeast(..), Some(peer)) => {
            paired_ratios(subject, peer)
        }
        (Bound::RatioAtMost(..) | Bound::RatioAtLeast(..), None) => return None,
    };
    let figure = Summary::of(&figures)?;
    let (low, high) = figure.median_within;
    let verdict = match (target.bound.holds(low), target.bound.holds(high)) {
        (true, true) => Verdict::Met,
        (false, false) => Verdict::Missed,
        _ => Verdict::Inconclusive,
    };
    Some(Judgement {
        target,
        figure,
        verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASTER: Target = Target {
        subject: "ours",
        metric: "p50",
        bound: Bound::RatioAtMost("peer", 1.0),
    };

    fn verdict(subject: &[f64], peer: &[f64]) -> Verdict {
        judge(FASTER, subject, Some(peer)).expect("rounds").verdict
    }

    #[test]
    fn clearly_faster_is_met_and_clearly_slower_is_missed() {
        assert_eq!(verdict(&[5.0, 5.1, 5.2], &[10.0, 10.0, 10.0]), Verdict::Met);
        assert_eq!(
            verdict(&[15.0, 15.1, 15.2], &[10.0, 10.0, 10.0]),
            Verdict::Missed
        );
    }

    #[test]
    fn a_spread_wider_than_the_difference_is_inconclusive() {
        assert_eq!(
            verdict(&[5.0, 9.9, 15.0], &[10.0, 10.0, 10.0]),
            Verdict::Inconclusive
        );
    }

    #[test]
    fn a_missing_peer_cannot_be_judged_against() {
        assert_eq!(judge(FASTER, &[1.0], None), None);
    }

    #[test]
    fn an_absolute_bound_needs_no_peer() {
        let target = Target {
            subject: "ours",
            metric: "total",
            bound: Bound::AtMost(25.0),
        };
        assert_eq!(
            judge(target, &[20.0, 21.0, 22.0], None)
                .expect("rounds")
                .verdict,
            Verdict::Met
        );
    }
}
