//! Answers that were reused.

use crdb_cache::{AnswerEvent, AnsweredBy, LoadBegin, LoadEnd, LoadOutcome, MissReason, Observer};
use crdb_exec::Token;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, seconds};
use crate::label::{Bounded, Value};

/// The label of what has no name.
const UNNAMED: &str = "unnamed";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    query: Value,
    by: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Miss {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Load {
    outcome: &'static str,
}

#[derive(Debug)]
pub(super) struct CacheMetrics {
    queries: Bounded,
    answers: Family<Answer, Counter>,
    misses: Family<Miss, Counter>,
    age: Histogram,
    load: Family<Load, Histogram>,
}

impl CacheMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            queries: Bounded::new(limit),
            answers: Family::default(),
            misses: Family::default(),
            age: seconds(),
            load: Family::new_with_constructor(seconds),
        };
        // There before they count: to Prometheus, a series that begins with 1 has not increased.
        for reason in MissReason::ALL {
            let reason = reason.as_str();
            drop(this.misses.get_or_create(&Miss { reason }));
        }
        for outcome in LoadOutcome::NAMES {
            drop(this.load.get_or_create(&Load { outcome }));
        }
        registry.register(
            "answers",
            "Calls that the cache answered, by query and by what",
            this.answers.clone(),
        );
        registry.register(
            "misses",
            "Calls for which no entry could be given at first, by reason",
            this.misses.clone(),
        );
        registry.register_with_unit(
            "age",
            "How long ago what hits gave was current, at most",
            Unit::Seconds,
            this.age.clone(),
        );
        registry.register_with_unit(
            "load",
            "Time of a load, by what became of its answer",
            Unit::Seconds,
            this.load.clone(),
        );
        this
    }
}

impl Observer for Metrics {
    fn answered(&self, event: &AnswerEvent<'_>) {
        let labels = Answer {
            query: self.cache.queries.value(event.name.unwrap_or(UNNAMED)),
            by: event.by.as_str(),
        };
        self.cache.answers.get_or_create(&labels).inc();
        if let Some(reason) = event.miss {
            let reason = reason.as_str();
            self.cache.misses.get_or_create(&Miss { reason }).inc();
        }
        if let (AnsweredBy::Hit, Some(age)) = (event.by, event.age) {
            self.cache.age.observe(age.as_secs_f64());
        }
    }

    fn begin_load(&self, _: &LoadBegin<'_>) -> Token {
        None
    }

    fn end_load(&self, _: Token, event: &LoadEnd<'_>) {
        let outcome = event.outcome.as_str();
        let load = self.cache.load.get_or_create(&Load { outcome });
        load.observe(event.elapsed.as_secs_f64());
    }
}
