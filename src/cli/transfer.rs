//! `lantern export` and `lantern import`: the configured store to a file, and back.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use lantern_actors::{domain::GuildId, ports::store::Store};

use super::{
    ConfigArgs, environment,
    run::{Outcome, ended, failed, run, say},
};
use crate::{
    config::{Base, Config, Loaded},
    store::{
        self, OpenStore,
        transfer::{self, Contents, Import, Imported, Reader, TransferError},
    },
    telemetry,
};

/// Bytes that are written to or read from a file at once.
const BUFFER_BYTES: usize = 1024 * 1024;

/// `lantern export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Export only this guild; can be given several times.
    #[arg(long, value_name = "ID")]
    pub guild: Vec<GuildId>,
    /// The file to write, which must not exist; `-` is standard output.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `lantern import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Import also into a store that holds something of the same guilds: newer members and all
    /// users that are there stay, the rest is added.
    #[arg(long)]
    pub merge: bool,
    /// The file to read; `-` is standard input, which is not checked before it is written.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `lantern export`.
pub fn export(args: &ExportArgs) -> ExitCode {
    with_config("export", &args.config, async |config| {
        // Also while the store is in use.
        let (opened, _copy) = store::open_to_read(config).await?;
        closing(opened, async |store| exporting(store, args).await).await
    })
}

/// `lantern import`.
pub fn import(args: &ImportArgs) -> ExitCode {
    with_config("import", &args.config, async |config| {
        let opened = store::open(config).await?;
        closing(opened, async |store| importing(store, args).await).await
    })
}

fn with_config(
    doing: &str,
    args: &ConfigArgs,
    work: impl AsyncFnOnce(&Config) -> Outcome,
) -> ExitCode {
    let config = match Loaded::load(Base::Defaults, args.config.as_deref(), environment()) {
        Ok(loaded) => loaded.config,
        Err(error) => return failed(&error),
    };
    let log = telemetry::start(&config.log);
    let outcome = run(work(&config));
    ended(
        &log,
        outcome.map_err(|error| format!("cannot {doing}: {error}").into()),
    )
}

/// Closes the store whatever comes of the work.
async fn closing(opened: OpenStore, work: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    let outcome = work(&*opened.store).await;
    opened.store.close().await;
    outcome
}

async fn exporting(store: &dyn Store, args: &ExportArgs) -> Outcome {
    let guilds = if args.guild.is_empty() {
        store.guilds().await?
    } else {
        let mut guilds = args.guild.clone();
        guilds.sort();
        guilds.dedup();
        guilds
    };
    let bar = spinner("Exporting: {human_pos} members and users, {per_sec}");
    if is_dash(&args.file) {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
        let contents = transfer::export(store, guilds, &mut out, &bar).await?;
        bar.finish_and_clear();
        // Standard output has the file.
        let _ = writeln!(io::stderr(), "Exported {}.", listed(&contents));
        return Ok(());
    }
    let contents = transfer::export_to(store, guilds, &args.file, &bar).await?;
    bar.finish_and_clear();
    let place = args.file.display();
    say(&format!("Exported {} to {place}.", listed(&contents)));
    Ok(())
}

async fn importing(store: &dyn Store, args: &ImportArgs) -> Outcome {
    let import = if args.merge {
        Import::Merge
    } else {
        Import::IntoEmpty
    };
    let imported = if is_dash(&args.file) {
        streaming(store, import, BufReader::new(io::stdin())).await?
    } else {
        let mut file =
            File::open(&args.file).map_err(|error| format!("{}: {error}", args.file.display()))?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            let bar = bytes_bar("Checking", metadata.len());
            let source = BufReader::with_capacity(BUFFER_BYTES, &file);
            transfer::verify(source, &bar)?;
            bar.finish_and_clear();
            file.rewind()?;
            let bar = bytes_bar("Importing", metadata.len());
            let source = BufReader::with_capacity(BUFFER_BYTES, &file);
            import_from(store, import, source, &bar).await?
        } else {
            streaming(store, import, BufReader::new(file)).await?
        }
    };
    say(&summary(&imported));
    Ok(())
}

async fn streaming(
    store: &dyn Store,
    import: Import,
    source: impl BufRead,
) -> Result<Imported, TransferError> {
    let _ = writeln!(
        io::stderr(),
        "What comes through a pipe is written as it comes: whether it is whole is known at its end."
    );
    let bar = spinner("Importing: {binary_bytes}, {binary_bytes_per_sec}");
    import_from(store, import, source, &bar).await
}

async fn import_from(
    store: &dyn Store,
    import: Import,
    source: impl BufRead,
    bar: &ProgressBar,
) -> Result<Imported, TransferError> {
    let mut reader = Reader::start(source, bar)?;
    let imported = import.run(store, &mut reader).await;
    bar.finish_and_clear();
    imported
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// A bar that knows its end. It is shown only to people, on standard error.
fn bytes_bar(doing: &'static str, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes).with_message(doing);
    styled(
        bar,
        "{msg} {wide_bar} {binary_bytes} of {binary_total_bytes}, {eta} left",
    )
}

/// One that does not.
fn spinner(template: &str) -> ProgressBar {
    let bar = styled(ProgressBar::no_length(), template);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // The templates are ours; a plain bar is still a bar.
        Err(_) => bar,
    }
}

fn summary(imported: &Imported) -> String {
    let mut text = format!(
        "Imported. The file holds {}; the store now holds {} of its guilds. Both were compared.",
        listed(&imported.file),
        listed(&imported.store)
    );
    for (count, what) in [
        (
            imported.members_kept,
            "members stayed, because the store has the same version or a newer one",
        ),
        (
            imported.users_same,
            "users were there already, with the same pairs and tokens",
        ),
        (
            imported.users_kept,
            "users stayed as they were decided in this store; what the file says of them was not taken",
        ),
    ] {
        if count > 0 {
            text.push_str(&format!("\n{count} {what}."));
        }
    }
    text
}

fn listed(contents: &Contents) -> String {
    format!(
        "{} members, {} who left, {} users with decisions and {} events",
        contents.members.count, contents.left.count, contents.users.count, contents.events.count
    )
}
