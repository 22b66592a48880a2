//! The tree: what a statement of the dialect says.
//!
//! Statements that lints, templates and code generation look into have nodes of their own. The long tail (`SHOW ..`,
//! `BACKUP`, zone configurations, jobs, grants) shares one, [`Utility`]: which statement it is, and the names,
//! expressions and queries in it in order.

#[macro_use]
mod declare;

mod alter;
mod expr;
mod index;
mod name;
mod object;
mod query;
mod routine;
mod session;
mod statement;
mod table;
mod types;
mod utility;
mod write;

pub(super) use declare::Words;

pub use alter::{AlterTable, AlterTableAction, ColumnAction};
pub use expr::{
    ArrayValue, BinaryOperator, Case, ColumnRef, Expr, Field, Function, FunctionArguments, InSet,
    Interval, IsTest, LikeKind, Literal, LogicalOperator, Placeholder, QuantifiedOperator,
    Quantifier, SpecialForm, Subscript, TrimSide, UnaryOperator, When,
};
pub use index::{
    CreateIndex, HashSharding, IndexColumn, IndexDefinition, IndexKind, IndexTarget,
    IndexVisibility, Interleave, ListPartition, PartitionBy, RangePartition, StorageParameter,
};
pub use name::{Ident, IndexName, ObjectName};
pub use object::{
    CreateSequence, CreateType, CreateView, Drop, DropBehavior, DropTarget, ObjectKind,
    SequenceOption, TypeBody,
};
pub use query::{
    Cte, Direction, Distinct, FrameBound, FrameExclusion, FrameUnit, IndexFlag, IndexHint,
    IndexRef, Join, JoinCondition, JoinHint, JoinKind, Limit, LockStrength, LockWait, Locking,
    NamedWindow, NullsOrder, Offset, OrderBy, OrderTarget, Query, QueryBody, Select, SelectItem,
    SetOperator, SetQuantifier, TableAlias, TableFunction, TableId, TableName, TableRef,
    TableSource, TableSourceKind, Window, WindowFrame, WindowSpec, With,
};
pub use routine::{
    AtomicStatement, CreateRoutine, Parameter, ParameterMode, RoutineBody, RoutineKind,
    RoutineOption, RoutineReturns, Volatility,
};
pub use session::{
    Execute, Explain, IsolationLevel, Prepare, SetScope, SetVariable, Transaction, TransactionMode,
    TransactionPriority,
};
pub use statement::{Statement, StatementKind};
pub use table::{
    ColumnConstraint, ColumnDefinition, ColumnOption, CreateTable, ForeignKey, ForeignKeyAction,
    GeneratedAs, Identity, LikeOption, Locality, MatchKind, Persistence, RegionName,
    TableConstraint, TableContents, TableElement,
};
pub use types::{ArrayBounds, BaseType, DataType, IntervalField, TypeKeyword};
pub use utility::{Part, Punctuation, Utility, UtilityKind};
pub use write::{
    Assignment, Conflict, ConflictAction, ConflictTarget, Delete, Insert, InsertSource, Overriding,
    Returning, Truncate, Update,
};
