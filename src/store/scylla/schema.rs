//! `schema.cql`, and whether the database has it.

use scylla::client::session::Session;

use super::settings::ScyllaSettings;

/// Which schema this Lantern works with. To change the schema, change `schema.cql`, have `migrate`
/// bring older ones up to it, and count this up.
pub(super) const VERSION: i32 = 1;

/// The only copy.
const SCHEMA: &str = include_str!("../../../schema.cql");

/// The statements of the schema, in their order; comments are left out.
pub(super) fn statements() -> Vec<String> {
    let lines = SCHEMA.lines().map(|line| {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        code.trim()
    });
    let code: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let statements = code.join(" ");
    let statements = statements.split(';').map(str::trim);
    let statements = statements.filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

/// What creates the keyspace.
pub(super) fn keyspace_statement(settings: &ScyllaSettings) -> String {
    format!(
        "CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {}",
        settings.keyspace, settings.replication
    )
}

/// Uses the keyspace if it has the schema of this Lantern; `Err` is a sentence that says what to do.
pub(super) async fn enter(session: &Session, keyspace: &str) -> Result<(), String> {
    let missing = missing_tables(session, keyspace).await?;
    if missing == table_names() {
        return Err(format!(
            "the database has no keyspace {keyspace}, or there is nothing in it: run `lantern migrate`"
        ));
    }
    if !missing.is_empty() {
        return Err(format!(
            "keyspace {keyspace} has no table {}: run `lantern migrate`",
            missing.join(", ")
        ));
    }
    let entered = session.use_keyspace(keyspace, false).await;
    entered.map_err(|error| format!("keyspace {keyspace} cannot be used: {error}"))?;
    match version(session).await? {
        Some(VERSION) => Ok(()),
        Some(version) if version > VERSION => Err(newer(keyspace, version)),
        _ => Err(format!(
            "the schema of keyspace {keyspace} is not complete or old: run `lantern migrate`"
        )),
    }
}

/// The tables of the schema that a keyspace lacks: all of them if there is no such keyspace.
pub(super) async fn missing_tables(
    session: &Session,
    keyspace: &str,
) -> Result<Vec<String>, String> {
    let tables = tables(session, keyspace).await?;
    let mut missing = table_names();
    missing.retain(|name| !tables.contains(name));
    Ok(missing)
}

/// What to say of a schema that this Lantern does not know.
pub(super) fn newer(keyspace: &str, version: i32) -> String {
    format!(
        "keyspace {keyspace} has schema version {version}, and this Lantern knows only up to {VERSION}: \
         use a newer Lantern"
    )
}

/// Which version of the schema is recorded in the keyspace that is used.
pub(super) async fn version(session: &Session) -> Result<Option<i32>, String> {
    let text = "SELECT version FROM schema_version WHERE name = 'schema'";
    let answer = session.query_unpaged(text, ()).await;
    let rows = answer.map_err(|error| format!("the schema version cannot be read: {error}"))?;
    let rows = rows.into_rows_result().map_err(|error| error.to_string())?;
    let row = rows
        .maybe_first_row::<(Option<i32>,)>()
        .map_err(|error| error.to_string())?;
    Ok(row.and_then(|(version,)| version))
}

/// The tables of a keyspace; none if there is no such keyspace.
async fn tables(session: &Session, keyspace: &str) -> Result<Vec<String>, String> {
    let text = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let answer = session.query_unpaged(text, (keyspace,)).await;
    let rows = answer.map_err(|error| format!("the schema cannot be read: {error}"))?;
    let rows = rows.into_rows_result().map_err(|error| error.to_string())?;
    let rows = rows
        .rows::<(String,)>()
        .map_err(|error| error.to_string())?;
    rows.map(|row| row.map(|(name,)| name).map_err(|error| error.to_string()))
        .collect()
}

fn table_names() -> Vec<String> {
    const CREATE: &str = "CREATE TABLE IF NOT EXISTS ";
    let statements = statements();
    let names = statements.iter().filter_map(|statement| {
        let name = statement.strip_prefix(CREATE)?.split(' ').next()?;
        Some(name.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_a_list_of_tables() {
        let names = [
            "migration_lease",
            "schema_version",
            "members",
            "users",
            "waiting_events",
        ];
        assert_eq!(table_names(), names);
        assert_eq!(statements().len(), names.len());
    }
}
