use crate::error::Error;

/// What became of each chunk of a batch.
#[derive(Debug, Default)]
pub struct BatchReport {
    chunks: Vec<ChunkReport>,
    error: Option<Error>,
}

/// A chunk, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkReport {
    /// The number of its first set, counted from 0.
    pub first: u64,
    /// How many sets it has.
    pub sets: u64,
    /// What became of it.
    pub outcome: ChunkOutcome,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkOutcome {
    /// It is committed, and so many rows were affected.
    Committed {
        /// The rows of all its sets.
        rows: u64,
    },
    /// An earlier run of the same batch had committed it.
    Done,
    /// Nothing of it took effect.
    Failed,
    /// It may be committed: [`BatchReport::error`] says why that is not known.
    Unknown,
}

impl BatchReport {
    /// Each chunk in order, up to the one that failed.
    #[must_use]
    pub fn chunks(&self) -> &[ChunkReport] {
        &self.chunks
    }

    /// Why it ended before the last set, if it did.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The rows that this run has affected and committed.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.chunks
            .iter()
            .map(|chunk| match chunk.outcome {
                ChunkOutcome::Committed { rows } => rows,
                _ => 0,
            })
            .sum()
    }

    /// The [rows](Self::rows), if every set was run.
    ///
    /// # Errors
    /// Why it ended before the last set. What was committed before stays committed.
    pub fn into_result(self) -> Result<u64, Error> {
        let rows = self.rows();
        self.error.map_or(Ok(rows), Err)
    }

    pub(super) fn committed(&mut self, first: u64, sets: u64, rows: u64) {
        self.push(first, sets, ChunkOutcome::Committed { rows });
    }

    pub(super) fn stopped(&mut self, first: u64, sets: u64, unknown: bool) {
        let outcome = if unknown {
            ChunkOutcome::Unknown
        } else {
            ChunkOutcome::Failed
        };
        self.push(first, sets, outcome);
    }

    /// A set was committed by an earlier run.
    pub(super) fn skip(&mut self, position: u64) {
        match self.chunks.last_mut() {
            Some(last)
                if last.outcome == ChunkOutcome::Done && last.first + last.sets == position =>
            {
                last.sets += 1;
            }
            _ => self.push(position, 1, ChunkOutcome::Done),
        }
    }

    fn push(&mut self, first: u64, sets: u64, outcome: ChunkOutcome) {
        self.chunks.push(ChunkReport {
            first,
            sets,
            outcome,
        });
    }

    pub(super) fn fail(&mut self, error: Error) {
        self.error = Some(error);
    }
}
