//! What the server itself saw: which runner wrote, when the lease changed hands, and how often each object was made.
//!
//! Triggers write it down, so that neither the runner nor its test is asked. A line of the journal is stamped when its
//! transaction commits; so is a new token of the lease, before any other runner can see it.

use std::time::Duration;

use crate::bed::Bed;

/// The triggers. They are put on the runner's two tables when those are created.
const SCHEMA: &str = r#"
CREATE SCHEMA witness;
CREATE TABLE witness.lease (token INT8 NOT NULL, at TIMESTAMPTZ NOT NULL);
CREATE TABLE witness.line (token INT8 NOT NULL, at TIMESTAMPTZ NOT NULL, version INT8 NOT NULL, step INT8 NOT NULL, state TEXT NOT NULL);
CREATE TABLE witness.change (object TEXT NOT NULL, session TEXT, sessions TEXT[]);
CREATE TABLE witness.pace (seconds FLOAT8 NOT NULL);
INSERT INTO witness.pace VALUES (0);
CREATE FUNCTION witness.slowly(id INT8) RETURNS BOOL LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN
  IF id = 1 THEN PERFORM pg_sleep((SELECT seconds FROM witness.pace)); END IF;
  RETURN true;
END $$;
GRANT USAGE ON SCHEMA witness TO PUBLIC;
CREATE FUNCTION witness.lease_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF NEW.token > OLD.token THEN INSERT INTO witness.lease VALUES (NEW.token, clock_timestamp()); END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION witness.line_written() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN
    INSERT INTO witness.line VALUES (NEW.token, clock_timestamp(), NEW.version, NEW.step, NEW.state);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION witness.schema_changed() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  change RECORD;
  own TEXT;
BEGIN
  FOR change IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    IF change.object_identity = 'public.crdb_migration_lease' AND change.command_tag = 'CREATE TABLE' THEN
      CREATE TRIGGER witness AFTER UPDATE ON public.crdb_migration_lease FOR EACH ROW EXECUTE FUNCTION witness.lease_changed();
    ELSIF change.object_identity = 'public.crdb_migration_step' AND change.command_tag = 'CREATE TABLE' THEN
      CREATE CONSTRAINT TRIGGER witness AFTER INSERT OR UPDATE ON public.crdb_migration_step DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION witness.line_written();
    ELSIF change.object_identity NOT LIKE '%crdb\_migration%' THEN
      SELECT pid || '/' || (extract(epoch FROM backend_start) * 1000000)::INT8 INTO own FROM pg_stat_activity WHERE pid = pg_backend_pid();
      INSERT INTO witness.change SELECT change.command_tag || ' ' || change.object_identity, own, string_to_array(sessions, ' ')
        FROM public.crdb_migration_lease WHERE id = 1;
    END IF;
  END LOOP;
END $$;
CREATE EVENT TRIGGER witness ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX', 'ALTER TABLE')
  EXECUTE FUNCTION witness.schema_changed();
"#;

/// Puts the triggers into a bed's empty database.
pub(crate) async fn install(bed: &Bed) {
    let installed = bed.engine.execute_in(bed.database.name(), SCHEMA).await;
    assert!(installed.is_ok(), "{installed:?}");
}

/// How long an index on the rows for which `witness.slowly` holds takes from now on.
pub(crate) async fn pace(bed: &Bed, takes: Duration) {
    let text = format!("UPDATE witness.pace SET seconds = {}", takes.as_secs_f64());
    let paced = bed.engine.execute_in(bed.database.name(), &text).await;
    assert!(paced.is_ok(), "{paced:?}");
}

/// What went against a rule, in words; nothing where all is well. `made` are the objects that each have to be made once, and nothing
/// beside them but `again`, at least once.
pub(crate) async fn against_the_rules(bed: &Bed, made: &[&str], again: &str) -> Vec<String> {
    let ask = async |sql: &str| {
        let answer = bed.engine.execute_in(bed.database.name(), sql).await;
        answer.unwrap().unwrap_or_default()
    };
    let mut wrong = Vec::new();
    let late = ask(
        "SELECT string_agg(n.version || '.' || n.step || ' ' || n.state || ' by ' || n.token || ' after ' || l.token, ', ') \
         FROM witness.line n JOIN witness.lease l ON l.token > n.token AND l.at < n.at",
    )
    .await;
    if !late.is_empty() {
        wrong.push(format!("a runner wrote after its lease was lost: {late}"));
    }
    // A session of the proxy is called by its process alone.
    let unfenced = ask(
        "SELECT string_agg(object, ', ') FROM witness.change WHERE session <> ALL (sessions) \
         AND lpad(to_hex(split_part(session, '/', 1)::INT8), 32, '0') <> ALL (sessions)",
    )
    .await;
    if !unfenced.is_empty() {
        wrong.push(format!(
            "a session without the lease changed the schema: {unfenced}"
        ));
    }
    let changes = ask(&format!(
        "SELECT string_agg(object || ' x' || n, ', ' ORDER BY object) FROM \
         (SELECT object, CASE object WHEN '{again}' THEN 1 ELSE count(*) END AS n FROM witness.change GROUP BY object) AS changes"
    ))
    .await;
    let mut expected: Vec<String> = made
        .iter()
        .chain([&again])
        .map(|object| format!("{object} x1"))
        .collect();
    expected.sort();
    if changes != expected.join(", ") {
        wrong.push(format!(
            "each object was to be made once, and the server made: {changes}"
        ));
    }
    let lines = ask(
        "SELECT string_agg(version || '.' || step || ' x' || n, ', ') FROM (SELECT version, step, count(*) AS n \
         FROM witness.line WHERE state = 'verified' GROUP BY version, step) AS lines WHERE n <> 1",
    )
    .await;
    if !lines.is_empty() {
        wrong.push(format!("a statement was done more than once: {lines}"));
    }
    wrong
}
