//! Walking the tree.
//!
//! A [`Visitor`] says what it wants to see; [`walk`] brings it there, parents before children, in the order of the text
//! as far as the tree keeps it. The recursion is as deep as the tree, which the parser bounds.

use super::ast::{
    AlterTableAction, ArrayValue, Assignment, AtomicStatement, ColumnAction, ColumnConstraint,
    ColumnDefinition, Conflict, ConflictAction, ConflictTarget, Cte, DataType, Distinct,
    DropTarget, Expr, FrameBound, Function, FunctionArguments, InSet, IndexDefinition, IndexTarget,
    InsertSource, Join, JoinCondition, Limit, ObjectKind, ObjectName, OrderBy, OrderTarget, Part,
    PartitionBy, Query, QueryBody, Returning, RoutineBody, Select, SelectItem, SpecialForm,
    Statement, StatementKind, StorageParameter, Subscript, TableConstraint, TableContents,
    TableElement, TableName, TableRef, TableSource, TableSourceKind, Transaction, TransactionMode,
    TypeBody, Window, WindowSpec, With,
};

/// What is done to a table where it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableUse {
    /// Rows are read.
    Read,
    /// Rows are written.
    Write,
    /// The table itself is made, changed or dropped.
    Define,
    /// It is named in a statement of the long tail, or referred to by a foreign key.
    Mention,
}

/// Whether a walk goes into a node that it has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descend {
    /// What is in it is shown too.
    Into,
    /// The walk goes on behind it.
    Over,
}

/// What wants to see the nodes of a tree. Every method does nothing unless it is overridden.
#[expect(unused_variables, reason = "default bodies")]
pub trait Visitor<'t> {
    /// Before a statement, the outermost included.
    fn statement(&mut self, statement: &'t Statement) -> Descend {
        Descend::Into
    }
    /// After a statement that was gone into.
    fn leave_statement(&mut self, statement: &'t Statement) {}
    /// Before a query.
    fn query(&mut self, query: &'t Query) -> Descend {
        Descend::Into
    }
    /// After a query that was gone into.
    fn leave_query(&mut self, query: &'t Query) {}
    /// After a common table expression, whose name what follows can use. Within it the name is its own only in
    /// `WITH RECURSIVE`.
    fn leave_cte(&mut self, cte: &'t Cte) {}
    /// Before a select.
    fn select(&mut self, select: &'t Select) {}
    /// A source of rows.
    fn source(&mut self, source: &'t TableSource) {}
    /// A table by name, and what is done to it.
    fn table(&mut self, name: &'t ObjectName, usage: TableUse) {}
    /// Before an expression.
    fn expr(&mut self, expr: &'t Expr) {}
    /// A type.
    fn data_type(&mut self, data_type: &'t DataType) {}
}

/// Shows a statement and all that is in it to a visitor.
pub fn walk<'t>(statement: &'t Statement, visitor: &mut impl Visitor<'t>) {
    Walk(visitor).statement(statement);
}

/// Shows an expression and all that is in it to a visitor.
pub fn walk_expr<'t>(expr: &'t Expr, visitor: &mut impl Visitor<'t>) {
    Walk(visitor).expr(expr);
}

/// Shows a query and all that is in it to a visitor.
pub fn walk_query<'t>(query: &'t Query, visitor: &mut impl Visitor<'t>) {
    Walk(visitor).query(query);
}

struct Walk<'a, V>(&'a mut V);

impl<'t, V: Visitor<'t>> Walk<'_, V> {
    fn statement(&mut self, statement: &'t Statement) {
        if self.0.statement(statement) == Descend::Into {
            self.statement_kind(&statement.kind);
            self.0.leave_statement(statement);
        }
    }

    fn statement_kind(&mut self, kind: &'t StatementKind) {
        match kind {
            StatementKind::Query(query) => self.query(query),
            StatementKind::Insert(insert) => {
                self.with(insert.with.as_ref());
                self.0.table(&insert.table.name, TableUse::Write);
                if let InsertSource::Query(query) = &insert.source {
                    self.query(query);
                }
                if let Some(conflict) = &insert.on_conflict {
                    self.conflict(conflict);
                }
                self.returning(insert.returning.as_ref());
            }
            StatementKind::Update(update) => {
                self.with(update.with.as_ref());
                self.0.table(&update.table.name, TableUse::Write);
                self.assignments(&update.assignments);
                self.table_refs(&update.from);
                self.exprs(&update.filter);
                self.order_by(&update.order_by);
                self.limit(update.limit.as_ref());
                self.returning(update.returning.as_ref());
            }
            StatementKind::Delete(delete) => {
                self.with(delete.with.as_ref());
                self.exprs(delete.batch.iter().flatten());
                self.0.table(&delete.table.name, TableUse::Write);
                self.table_refs(&delete.using);
                self.exprs(&delete.filter);
                self.order_by(&delete.order_by);
                self.limit(delete.limit.as_ref());
                self.returning(delete.returning.as_ref());
            }
            StatementKind::Truncate(truncate) => {
                truncate
                    .tables
                    .iter()
                    .for_each(|table| self.0.table(table, TableUse::Write));
            }
            StatementKind::Explain(explain) => self.statement(&explain.statement),
            StatementKind::Prepare(prepare) => {
                self.data_types(&prepare.types);
                self.statement(&prepare.statement);
            }
            StatementKind::Execute(execute) => self.exprs(&execute.arguments),
            StatementKind::Set(set) => self.exprs(&set.values),
            StatementKind::Transaction(transaction) => self.transaction(transaction),
            StatementKind::Utility(utility) => self.parts(&utility.parts),
            _ => self.definition(kind),
        }
    }

    /// Statements that make, change or drop things.
    fn definition(&mut self, kind: &'t StatementKind) {
        match kind {
            StatementKind::CreateTable(table) => {
                self.0.table(&table.name, TableUse::Define);
                let (TableContents::Elements(elements) | TableContents::Query { elements, .. }) =
                    &table.contents;
                elements.iter().for_each(|element| self.element(element));
                if let TableContents::Query { query, .. } = &table.contents {
                    self.query(query);
                }
                self.partition(table.partition_by.as_ref());
                self.parameters(&table.parameters);
            }
            StatementKind::CreateIndex(create) => {
                self.0.table(&create.table, TableUse::Define);
                self.index(&create.index);
            }
            StatementKind::CreateView(view) => {
                self.0.table(&view.name, TableUse::Define);
                self.query(&view.query);
                self.exprs(&view.as_of);
            }
            StatementKind::CreateSequence(sequence) => {
                self.0.table(&sequence.name, TableUse::Define);
            }
            StatementKind::AlterTable(alter) => {
                self.0.table(&alter.table, TableUse::Define);
                alter.actions.iter().for_each(|action| self.action(action));
            }
            StatementKind::Drop(drop) => {
                for target in &drop.targets {
                    match target {
                        DropTarget::Object(name)
                            if !matches!(
                                drop.kind,
                                ObjectKind::Database | ObjectKind::Schema | ObjectKind::Type
                            ) =>
                        {
                            self.0.table(name, TableUse::Define);
                        }
                        DropTarget::Object(_) => {}
                        DropTarget::Index(index) => {
                            index
                                .table
                                .iter()
                                .for_each(|table| self.0.table(table, TableUse::Define));
                        }
                    }
                }
            }
            StatementKind::CreateType(create) => {
                if let TypeBody::Composite(fields) = &create.body {
                    self.data_types(fields.iter().map(|(_, data_type)| data_type));
                }
            }
            StatementKind::CreateRoutine(routine) => {
                self.data_types(
                    routine
                        .parameters
                        .iter()
                        .map(|parameter| &parameter.data_type),
                );
                self.exprs(
                    routine
                        .parameters
                        .iter()
                        .filter_map(|parameter| parameter.default.as_ref()),
                );
                match &routine.body {
                    None => {}
                    Some(RoutineBody::Return(expr)) => self.expr(expr),
                    Some(RoutineBody::Atomic(statements)) => {
                        statements.iter().for_each(|inner| match inner {
                            AtomicStatement::Statement(statement) => self.statement(statement),
                            AtomicStatement::Return(expr) => self.expr(expr),
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn transaction(&mut self, transaction: &'t Transaction) {
        if let Transaction::Begin(modes)
        | Transaction::Set(modes)
        | Transaction::SetDefaults(modes) = transaction
        {
            for mode in modes {
                if let TransactionMode::AsOf(time) = mode {
                    self.expr(time);
                }
            }
        }
    }

    fn with(&mut self, with: Option<&'t With>) {
        for cte in with.iter().flat_map(|with| &with.ctes) {
            self.statement(&cte.statement);
            self.0.leave_cte(cte);
        }
    }

    fn query(&mut self, query: &'t Query) {
        if self.0.query(query) == Descend::Over {
            return;
        }
        self.with(query.with.as_ref());
        self.body(&query.body);
        self.order_by(&query.order_by);
        self.limit(query.limit.as_ref());
        self.exprs(query.offset.as_ref().map(|offset| &offset.count));
        self.0.leave_query(query);
    }

    fn body(&mut self, body: &'t QueryBody) {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values(rows) => self.exprs(rows.iter().flatten()),
            QueryBody::Table(table) => self.table_ref(table),
            QueryBody::Nested(query) => self.query(query),
            QueryBody::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
        }
    }

    fn select(&mut self, select: &'t Select) {
        self.0.select(select);
        if let Distinct::On(exprs) = &select.distinct {
            self.exprs(exprs);
        }
        self.items(&select.items);
        self.table_refs(&select.from);
        self.exprs(&select.as_of);
        self.exprs(&select.filter);
        self.exprs(&select.group_by);
        self.exprs(&select.having);
        select
            .windows
            .iter()
            .for_each(|window| self.window(&window.spec));
    }

    fn items(&mut self, items: &'t [SelectItem]) {
        for item in items {
            if let SelectItem::Expr { expr, .. } = item {
                self.expr(expr);
            }
        }
    }

    fn table_refs(&mut self, refs: &'t [TableRef]) {
        refs.iter().for_each(|table| self.table_ref(table));
    }

    fn table_ref(&mut self, table: &'t TableRef) {
        match table {
            TableRef::Source(source) => self.source(source),
            TableRef::Join(join) => self.join(join),
        }
    }

    fn join(&mut self, join: &'t Join) {
        self.table_ref(&join.left);
        self.table_ref(&join.right);
        if let JoinCondition::On(condition) = &join.condition {
            self.expr(condition);
        }
    }

    fn source(&mut self, source: &'t TableSource) {
        self.0.source(source);
        match &source.kind {
            TableSourceKind::Table(TableName { name, .. }) => self.0.table(name, TableUse::Read),
            TableSourceKind::Query(query) => self.query(query),
            TableSourceKind::Function(function) => self.expr(&function.call),
            TableSourceKind::RowsFrom(functions) => {
                self.exprs(functions.iter().map(|function| &function.call));
            }
            TableSourceKind::Statement(statement) => self.statement(statement),
            TableSourceKind::Nested(inner) => self.table_ref(inner),
        }
    }

    fn order_by(&mut self, keys: &'t [OrderBy]) {
        for key in keys {
            match &key.target {
                OrderTarget::Expr(expr) => self.expr(expr),
                OrderTarget::PrimaryKey(_) | OrderTarget::Index { .. } => {}
            }
        }
    }

    fn limit(&mut self, limit: Option<&'t Limit>) {
        if let Some(Limit::Count(count) | Limit::Fetch(Some(count))) = limit {
            self.expr(count);
        }
    }

    fn window(&mut self, window: &'t WindowSpec) {
        self.exprs(&window.partition_by);
        self.order_by(&window.order_by);
        for bound in window
            .frame
            .iter()
            .flat_map(|frame| std::iter::once(&frame.start).chain(&frame.end))
        {
            if let FrameBound::Preceding(distance) | FrameBound::Following(distance) = bound {
                self.expr(distance);
            }
        }
    }

    fn conflict(&mut self, conflict: &'t Conflict) {
        if let ConflictTarget::Columns { filter, .. } = &conflict.target {
            self.exprs(filter);
        }
        if let ConflictAction::Update {
            assignments,
            filter,
        } = &conflict.action
        {
            self.assignments(assignments);
            self.exprs(filter);
        }
    }

    fn assignments(&mut self, assignments: &'t [Assignment]) {
        for assignment in assignments {
            self.exprs(assignment.subscripts.iter().flat_map(Subscript::exprs));
            self.expr(&assignment.value);
        }
    }

    fn returning(&mut self, returning: Option<&'t Returning>) {
        if let Some(Returning::Items(items)) = returning {
            self.items(items);
        }
    }

    fn element(&mut self, element: &'t TableElement) {
        match element {
            TableElement::Column(column) => self.column(column),
            TableElement::Index(index) => self.index(index),
            TableElement::Constraint { constraint, .. } => self.constraint(constraint),
            TableElement::Like { table, .. } => self.0.table(table, TableUse::Mention),
            TableElement::Family { .. } => {}
        }
    }

    fn column(&mut self, column: &'t ColumnDefinition) {
        self.data_types(&column.data_type);
        for option in &column.options {
            match &option.constraint {
                ColumnConstraint::Check(expr)
                | ColumnConstraint::Default(expr)
                | ColumnConstraint::OnUpdate(expr)
                | ColumnConstraint::Computed { expr, .. } => self.expr(expr),
                ColumnConstraint::References(key) => self.0.table(&key.table, TableUse::Mention),
                ColumnConstraint::PrimaryKey { parameters, .. } => self.parameters(parameters),
                _ => {}
            }
        }
    }

    fn constraint(&mut self, constraint: &'t TableConstraint) {
        match constraint {
            TableConstraint::Check { expr, .. } => self.expr(expr),
            TableConstraint::Unique { index, .. } => self.index(index),
            TableConstraint::PrimaryKey { parameters, .. } => self.parameters(parameters),
            TableConstraint::ForeignKey { references, .. } => {
                self.0.table(&references.table, TableUse::Mention);
            }
        }
    }

    fn index(&mut self, index: &'t IndexDefinition) {
        for column in &index.columns {
            if let IndexTarget::Expr(expr) = &column.target {
                self.expr(expr);
            }
        }
        self.partition(index.partition_by.as_ref());
        self.parameters(&index.parameters);
        self.exprs(&index.filter);
    }

    fn partition(&mut self, partition: Option<&'t PartitionBy>) {
        match partition {
            None | Some(PartitionBy::Nothing) => {}
            Some(PartitionBy::List { partitions, .. }) => {
                for partition in partitions {
                    self.exprs(&partition.values);
                    self.partition(partition.partition_by.as_ref());
                }
            }
            Some(PartitionBy::Range { partitions, .. }) => {
                for partition in partitions {
                    self.exprs(partition.from.iter().chain(&partition.to));
                    self.partition(partition.partition_by.as_ref());
                }
            }
        }
    }

    fn parameters(&mut self, parameters: &'t [StorageParameter]) {
        self.exprs(parameters.iter().map(|parameter| &parameter.value));
    }

    fn action(&mut self, action: &'t AlterTableAction) {
        match action {
            AlterTableAction::AddColumn { column, .. } => self.column(column),
            AlterTableAction::AddConstraint { constraint, .. } => self.constraint(constraint),
            AlterTableAction::AlterColumn { action, .. } => match action {
                ColumnAction::SetDefault(expr) | ColumnAction::SetOnUpdate(expr) => self.expr(expr),
                ColumnAction::SetType {
                    data_type, using, ..
                } => {
                    self.0.data_type(data_type);
                    self.exprs(using);
                }
                _ => {}
            },
            AlterTableAction::Other(parts) => self.parts(parts),
            _ => {}
        }
    }

    fn parts(&mut self, parts: &'t [Part]) {
        for part in parts {
            match part {
                Part::Object(name) => self.0.table(name, TableUse::Mention),
                Part::Table(table) => self.0.table(&table.name, TableUse::Read),
                Part::Index(index) => index
                    .table
                    .iter()
                    .for_each(|table| self.0.table(table, TableUse::Mention)),
                Part::Expr(expr) => self.expr(expr),
                Part::Type(data_type) => self.0.data_type(data_type),
                Part::InBrackets(inner) => self.expr(inner),
                Part::Query(query) => self.query(query),
                Part::Statement(statement) => self.statement(statement),
                Part::Column(column) => self.column(column),
                Part::Element(element) => self.element(element),
                Part::Partition(partition) => self.partition(Some(partition)),
                _ => {}
            }
        }
    }

    fn data_types(&mut self, types: impl IntoIterator<Item = &'t DataType>) {
        for data_type in types {
            self.0.data_type(data_type);
        }
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'t Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'t Expr) {
        self.0.expr(expr);
        match expr {
            Expr::Literal(_)
            | Expr::Column(_)
            | Expr::Ordinal(_)
            | Expr::Placeholder(_)
            | Expr::Default
            | Expr::Interval(_) => {}
            Expr::TypedLiteral { data_type, .. } => self.0.data_type(data_type),
            Expr::Cast {
                operand, data_type, ..
            }
            | Expr::Annotate {
                operand, data_type, ..
            } => {
                self.expr(operand);
                self.0.data_type(data_type);
            }
            Expr::IsOf { operand, types, .. } => {
                self.expr(operand);
                self.data_types(types);
            }
            Expr::Nested(operand)
            | Expr::Unary { operand, .. }
            | Expr::Is { operand, .. }
            | Expr::Collate { operand, .. }
            | Expr::Field { operand, .. }
            | Expr::LabeledTuple { tuple: operand, .. } => self.expr(operand),
            Expr::Tuple { values, .. }
            | Expr::Logical {
                operands: values, ..
            } => self.exprs(values),
            Expr::Subquery(query) | Expr::Exists(query) => self.query(query),
            Expr::Binary { left, right, .. }
            | Expr::IsDistinctFrom { left, right, .. }
            | Expr::Quantified { left, right, .. }
            | Expr::AtTimeZone {
                operand: left,
                zone: right,
            } => self.exprs([&**left, right]),
            Expr::Between {
                operand, low, high, ..
            } => self.exprs([&**operand, low, high]),
            Expr::In { operand, set, .. } => {
                self.expr(operand);
                match set {
                    InSet::List(values) => self.exprs(values),
                    InSet::Query(query) => self.query(query),
                }
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                ..
            } => {
                self.exprs([&**operand, pattern]);
                self.exprs(escape.as_deref());
            }
            Expr::Array(array) => match array {
                ArrayValue::Elements(values) | ArrayValue::Inner(values) => self.exprs(values),
                ArrayValue::Tuple(tuple) => self.expr(tuple),
                ArrayValue::Query(query) => self.query(query),
            },
            Expr::Subscript {
                operand,
                subscripts,
            } => {
                self.expr(operand);
                self.exprs(subscripts.iter().flat_map(Subscript::exprs));
            }
            Expr::Case(case) => {
                self.exprs(&case.operand);
                self.exprs(
                    case.whens
                        .iter()
                        .flat_map(|when| [&when.condition, &when.result]),
                );
                self.exprs(&case.otherwise);
            }
            Expr::Function(function) => self.function(function),
            Expr::Special(form) => self.special(form),
        }
    }

    fn function(&mut self, function: &'t Function) {
        match &function.arguments {
            FunctionArguments::Star => {}
            FunctionArguments::List(values)
            | FunctionArguments::All(values)
            | FunctionArguments::Distinct(values) => {
                self.exprs(values);
            }
        }
        self.order_by(&function.order_by);
        self.order_by(&function.within_group);
        self.exprs(&function.filter);
        if let Some(Window::Spec(spec)) = &function.over {
            self.window(spec);
        }
    }

    fn special(&mut self, form: &'t SpecialForm) {
        match form {
            SpecialForm::Keyword { arguments, .. } => self.exprs(arguments.iter().flatten()),
            SpecialForm::Extract { source, .. } | SpecialForm::CollationFor(source) => {
                self.expr(source);
            }
            SpecialForm::Position { needle, haystack } => self.exprs([needle, haystack]),
            SpecialForm::Substring {
                source,
                from,
                length,
            } => {
                self.expr(source);
                self.exprs(from.iter().chain(length));
            }
            SpecialForm::Overlay {
                source,
                placing,
                from,
                length,
            } => {
                self.exprs([source, placing, from]);
                self.exprs(length);
            }
            SpecialForm::Trim {
                characters, source, ..
            } => {
                self.exprs(characters);
                self.exprs(source);
            }
        }
    }
}
