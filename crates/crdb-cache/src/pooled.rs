//! Loads through a [`PooledExecutor`].

use crate::catalog;
use crate::identity::Identity;
use crate::origin::{LoadRequest, Loaded, Origin};
use crate::timestamp::Timestamp;
use crdb_exec::{
    Engine, Error, ExecutorExt as _, Isolation, PooledExecutor, Row as _, Session, SessionSource,
    Statement, Transaction, TransactionOptions,
};
use std::time::Duration;

/// The time and the identity on CockroachDB. The transaction reads at this time, or is run again (`builtins.go`,
/// `cluster_logical_timestamp`): it is serializable, which the function asks for.
///
/// All settings of the session count that are not the cluster's default, but those that are known to change no answer. For what cannot
/// be set, such as the session's number, `pg_settings` shows the value itself as the default (`pg_catalog.go`, `pgCatalogSettingsTable`).
const COCKROACH: Statement<'static> = Statement::new(
    "SELECT cluster_logical_timestamp()::TEXT, ARRAY[current_database()::TEXT, current_user::TEXT, session_user::TEXT, \
     (SELECT string_agg(s.name || '=' || COALESCE(s.setting, ''), ',' ORDER BY s.name) FROM pg_catalog.pg_settings AS s WHERE \
     s.setting IS DISTINCT FROM s.boot_val AND s.name NOT IN ('application_name', 'client_encoding', 'database', 'statement_timeout', \
     'transaction_timeout', 'lock_timeout', 'deadlock_timeout', 'idle_in_session_timeout', 'idle_in_transaction_session_timeout', \
     'idle_session_timeout', 'results_buffer_size', 'tracing', 'transaction_isolation', 'transaction_read_only', \
     'transaction_priority', 'transaction_deferrable', 'transaction_status')), \
     current_setting('search_path', true), current_setting('timezone', true), current_setting('datestyle', true), \
     current_setting('intervalstyle', true), current_setting('extra_float_digits', true), current_setting('bytea_output', true), \
     current_setting('default_int_size', true), current_setting('null_ordered_last', true), current_setting('row_security', true), \
     current_setting('default_text_search_config', true), current_setting('pg_trgm.similarity_threshold', true), \
     current_setting('xmloption', true), current_setting('legacy_varchar_typing', true)]::TEXT[]",
)
.named("crdb_cache.moment");

/// The time and the identity on PostgreSQL. `now()` is the time of BEGIN, before any snapshot of the transaction.
///
/// All settings of the session count but those that are known to change no answer, and of the server's configuration those that do: the
/// servers behind a name may be configured differently. Those that the application makes up (`SET app.tenant`) are not listed by the
/// server: only `current_setting` reads them, which is refused.
const POSTGRES: Statement<'static> = Statement::new(
    "SELECT ((extract(epoch FROM now())::NUMERIC * 1000000)::INT8)::TEXT || '000', ARRAY[current_database()::TEXT, current_user::TEXT, \
     session_user::TEXT, (SELECT string_agg(s.name || '=' || s.setting, ',' ORDER BY s.name) FROM pg_catalog.pg_settings AS s WHERE s.context IN \
     ('user', 'superuser') AND s.source NOT IN ('default', 'configuration file') AND s.name NOT IN ('application_name', 'client_encoding', \
     'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout', \
     'transaction_isolation', 'transaction_read_only', 'transaction_deferrable')), current_setting('search_path'), \
     current_setting('timezone'), current_setting('datestyle'), current_setting('intervalstyle'), current_setting('lc_monetary'), \
     current_setting('lc_numeric'), current_setting('lc_time'), current_setting('extra_float_digits'), current_setting('bytea_output'), \
     current_setting('xmlbinary'), current_setting('xmloption'), current_setting('default_text_search_config'), \
     current_setting('array_nulls'), current_setting('transform_null_equals'), current_setting('standard_conforming_strings'), \
     current_setting('quote_all_identifiers'), current_setting('timezone_abbreviations'), current_setting('row_security'), \
     current_setting('server_version')]::TEXT[]",
)
.named("crdb_cache.moment");

impl<S: SessionSource> Origin for PooledExecutor<S> {
    /// Reads in a read-only transaction that also asks for its time, its identity and its tables: six round trips (five on CockroachDB
    /// for a statement without functions), and more where there are views and partitions to follow.
    ///
    /// Dropping the future abandons the transaction, which changes nothing.
    async fn load(
        &self,
        request: LoadRequest<'_>,
    ) -> Result<Loaded<<S::Session as Session>::Row>, Error> {
        let options = TransactionOptions::new()
            .name(request.statement.name().unwrap_or("crdb_cache.load"))
            .isolation_on(Engine::CockroachDb, Isolation::Serializable)
            .read_only();
        let options = match request.statement.own_timeout() {
            Some(timeout) => options.timeout(timeout),
            None => options,
        };
        self.transact(&options, async |tx: &Transaction<S>| {
            load_within(tx, request).await
        })
        .await
    }

    fn sessions_differ(&self) -> bool {
        self.source().sessions_differ()
    }
}

async fn load_within<S: SessionSource>(
    tx: &Transaction<S>,
    request: LoadRequest<'_>,
) -> Result<Loaded<<S::Session as Session>::Row>, Error> {
    let engine = tx.engine();
    let moment = if engine == Engine::CockroachDb {
        COCKROACH
    } else {
        POSTGRES
    };
    let moment = tx.fetch_one(moment, &[]).await?;
    let time: String = moment.get(0)?;
    let identity: Vec<Option<String>> = moment.get(1)?;
    let rows = fetch(tx, request).await?;
    // After the statement: on PostgreSQL it holds locks now against alterations of what it has read. On CockroachDB both are of the
    // transaction's time.
    let mut relations = catalog::follow(tx, engine, request.dependencies).await?;
    let timestamp = match time.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(why) => {
            relations = Err(format!("the server's time is \"{time}\": {why}"));
            Timestamp::default()
        }
    };
    Ok(Loaded {
        rows,
        timestamp,
        lag: Duration::ZERO,
        identity: Identity::new(identity),
        relations,
    })
}

async fn fetch<S: SessionSource>(
    tx: &Transaction<S>,
    request: LoadRequest<'_>,
) -> Result<Vec<<S::Session as Session>::Row>, Error> {
    crdb_exec::Executor::fetch_at_most(tx, request.statement, request.parameters, request.limit)
        .await
}
