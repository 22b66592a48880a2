//! What idle connections cost the process that holds them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    case::{MeasureError, Role},
    pools::live::{Bb8, Deadpool, Dedicated, LivePool, Opening, Ours, Sqlx},
    resources::{allocated_bytes, resident_bytes},
};

/// Connections that are opened first and not counted: what every program pays once is paid by then, and what opening needs
/// for a while is there to be used again.
const FIRST: u32 = 100;
/// How long it takes until what is only needed for opening has gone.
const SETTLING: Duration = Duration::from_millis(500);

/// Whose connections they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The pool of crdb-facade.
    Ours,
    /// bb8 with tokio-postgres.
    Bb8,
    /// deadpool with tokio-postgres.
    Deadpool,
    /// sqlx.
    Sqlx,
    /// tokio-postgres without a pool.
    Dedicated,
}

/// What some connections cost, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// By how much the resident memory has grown.
    pub resident: i64,
    /// By how much the allocated memory has grown.
    pub allocated: i64,
}

impl Kind {
    /// Everybody.
    pub const ALL: [Self; 5] = [
        Self::Ours,
        Self::Bb8,
        Self::Deadpool,
        Self::Sqlx,
        Self::Dedicated,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.description().0
    }

    /// Whose figure it is.
    #[must_use]
    pub fn role(self) -> Role {
        self.description().1
    }

    /// The settings under which it runs.
    #[must_use]
    pub fn settings(self) -> &'static str {
        self.description().2
    }

    fn description(self) -> (&'static str, Role, &'static str) {
        const fn of<P: LivePool>() -> (&'static str, Role, &'static str) {
            (P::NAME, P::ROLE, P::SETTINGS)
        }
        match self {
            Self::Ours => of::<Ours>(),
            Self::Bb8 => of::<Bb8>(),
            Self::Deadpool => of::<Deadpool>(),
            Self::Sqlx => of::<Sqlx>(),
            Self::Dedicated => of::<Dedicated>(),
        }
    }

    /// Opens as many connections as `opening` says, keeps them idle, and says what they cost.
    ///
    /// # Errors
    /// Where the server refuses, or the system does not tell.
    pub async fn cost(self, opening: Opening) -> Result<Cost, MeasureError> {
        match self {
            Self::Ours => cost::<Ours>(opening).await,
            Self::Bb8 => cost::<Bb8>(opening).await,
            Self::Deadpool => cost::<Deadpool>(opening).await,
            Self::Sqlx => cost::<Sqlx>(opening).await,
            Self::Dedicated => cost::<Dedicated>(opening).await,
        }
    }
}

async fn cost<P: LivePool>(opening: Opening) -> Result<Cost, MeasureError> {
    let first = P::open(Opening {
        sessions: FIRST,
        ..opening.clone()
    })
    .await?;
    let before = memory().await?;
    let counted = P::open(opening).await?;
    let after = memory().await?;
    drop((first, counted));
    Ok(Cost {
        resident: after.resident - before.resident,
        allocated: after.allocated - before.allocated,
    })
}

/// The memory of this process once it has settled.
async fn memory() -> Result<Cost, MeasureError> {
    tokio::time::sleep(SETTLING).await;
    let resident = resident_bytes().ok_or("this system does not tell the resident memory")?;
    Ok(Cost {
        resident: i64::try_from(resident)?,
        allocated: i64::try_from(allocated_bytes())?,
    })
}
