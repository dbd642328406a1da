//! A file that claims to be an export, read with suspicion.

use std::{
    collections::HashSet,
    io::{BufRead, Read},
};

use indicatif::ProgressBar;
use lantern_actors::{
    domain::{GuildId, UserId, Version, pair::MAX_PAIRS},
    ports::store::UserKey,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    contents::Contents,
    error::TransferError,
    line::{End, FORMAT, FORMAT_VERSION, Line, MAX_LINE_BYTES},
};

/// The greatest number that every JSON reader takes as it is.
const LAST_VERSION: u64 = (1 << 53) - 1;

/// Reads an export line by line. Every line is checked when it is read, but only who has read the
/// last one knows that the file is whole.
pub struct Reader<R> {
    source: R,
    bar: ProgressBar,
    line: u64,
    bytes: Vec<u8>,
    hash: Sha256,
    contents: Contents,
    guilds: Vec<GuildId>,
    /// So that nobody is there twice. The ids are what grows with the file.
    members: HashSet<UserKey>,
    users: HashSet<UserKey>,
}

/// The first line of any version of the format.
#[derive(Deserialize)]
struct AnyStart {
    start: AnyFormat,
}

#[derive(Deserialize)]
struct AnyFormat {
    format: String,
    version: u64,
}

/// Reads an export to its end, and says what it holds.
pub fn verify(source: impl BufRead, bar: &ProgressBar) -> Result<Contents, TransferError> {
    let mut reader = Reader::start(source, bar)?;
    while reader.read()?.is_some() {}
    Ok(reader.contents)
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line. The bar counts bytes.
    pub fn start(source: R, bar: &ProgressBar) -> Result<Self, TransferError> {
        let mut reader = Self {
            source,
            bar: bar.clone(),
            line: 0,
            bytes: Vec::new(),
            hash: Sha256::new(),
            contents: Contents::default(),
            guilds: Vec::new(),
            members: HashSet::new(),
            users: HashSet::new(),
        };
        reader.read_line()?;
        let start: AnyStart = serde_json::from_slice(&reader.bytes)
            .map_err(|_| reader.problem("this is no export of Lantern"))?;
        let AnyFormat { format, version } = start.start;
        if format != FORMAT {
            return Err(reader.problem("this is no export of Lantern"));
        }
        if version != FORMAT_VERSION {
            return Err(reader.problem(format!(
                "this is version {version} of the format, and this Lantern reads version {FORMAT_VERSION}"
            )));
        }
        let Line::Start(start) = reader.parse()? else {
            return Err(reader.problem("this is no export of Lantern"));
        };
        reader.guilds = start.guilds;
        reader.hash.update(&reader.bytes);
        Ok(reader)
    }

    /// The guilds that the file is about.
    pub fn guilds(&self) -> &[GuildId] {
        &self.guilds
    }

    /// What the lines up to here hold.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The next member or user, and how many bytes it was written with; nothing after the last
    /// line, which fits the others then.
    pub fn read(&mut self) -> Result<Option<(Line, usize)>, TransferError> {
        self.read_line()?;
        let line = self.parse()?;
        match &line {
            Line::Start(_) => return Err(self.problem("a second first line")),
            Line::End(end) => {
                self.check_end(end)?;
                return Ok(None);
            }
            Line::Present { guild, member } => {
                self.check_version(member.version)?;
                self.check_new(*guild, member.id(), Kind::Member)?;
            }
            Line::Left {
                guild,
                user,
                version,
                ..
            } => {
                self.check_version(*version)?;
                self.check_new(*guild, *user, Kind::Member)?;
            }
            Line::User(user) => {
                self.check_version(user.version)?;
                self.check_version(user.member_version)?;
                self.check_version(Version::new(user.token_version.get()))?;
                if user.pairs.len() > MAX_PAIRS {
                    let count = user.pairs.len();
                    let problem = format!("{count} pairs, and a user has at most {MAX_PAIRS}");
                    return Err(self.problem(problem));
                }
                if user.is_unfinished() {
                    return Err(self.problem("a user that is there only in part"));
                }
                self.check_new(user.guild, user.user, Kind::User)?;
            }
        }
        self.hash.update(&self.bytes);
        self.contents.add(&line)?;
        Ok(Some((line, self.bytes.len())))
    }

    fn read_line(&mut self) -> Result<(), TransferError> {
        self.line += 1;
        self.bytes.clear();
        // One byte more than a line may have tells the longest from a longer one.
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = (&mut self.source)
            .take(most)
            .read_until(b'\n', &mut self.bytes)?;
        self.bar.inc(read as u64);
        if read > MAX_LINE_BYTES {
            let problem = format!("it is longer than {MAX_LINE_BYTES} bytes");
            return Err(self.problem(problem));
        }
        if read == 0 {
            return Err(self.problem("the file ends before its last line: it was cut off"));
        }
        if self.bytes.last() != Some(&b'\n') {
            return Err(self.problem("the file ends in the middle of a line: it was cut off"));
        }
        Ok(())
    }

    /// The line that was read, if it is written as Lantern writes it.
    fn parse(&self) -> Result<Line, TransferError> {
        let line: Line =
            serde_json::from_slice(&self.bytes).map_err(|error| self.problem(told(&error)))?;
        if line.to_bytes()? != self.bytes {
            return Err(self.problem(
                "it is not written as Lantern writes it, or holds something that this Lantern does not know",
            ));
        }
        Ok(line)
    }

    fn check_version(&self, version: Version) -> Result<(), TransferError> {
        if version.get() > LAST_VERSION {
            return Err(self.problem(format!("the version {version} is too great")));
        }
        Ok(())
    }

    fn check_new(&mut self, guild: GuildId, user: UserId, kind: Kind) -> Result<(), TransferError> {
        if !self.guilds.contains(&guild) {
            let problem = format!("guild {guild} is not named in the first line");
            return Err(self.problem(problem));
        }
        let key = UserKey { guild, user };
        let (seen, name) = match kind {
            Kind::Member => (&mut self.members, "member"),
            Kind::User => (&mut self.users, "user"),
        };
        if !seen.insert(key) {
            let problem = format!("{name} {user} of guild {guild} is there for the second time");
            return Err(self.problem(problem));
        }
        Ok(())
    }

    fn check_end(&mut self, end: &End) -> Result<(), TransferError> {
        let read = End::of(&self.contents, self.hash.finalize_reset().into());
        for (name, said, found) in [
            ("members", end.members, read.members),
            ("members who left", end.left, read.left),
            ("users", end.users, read.users),
            ("events", end.events, read.events),
        ] {
            if said != found {
                let problem = format!(
                    "the file should hold {said} {name} and holds {found}: lines are missing or were added"
                );
                return Err(self.problem(problem));
            }
        }
        if end.sha256 != read.sha256 {
            return Err(self.problem(
                "the checksum is not that of the lines before: the file was changed or damaged",
            ));
        }
        if !self.source.fill_buf()?.is_empty() {
            self.line += 1;
            return Err(self.problem("something comes after the last line"));
        }
        Ok(())
    }

    fn problem(&self, problem: impl ToString) -> TransferError {
        TransferError::file(self.line, problem)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Member,
    User,
}

/// What is wrong with a line. serde counts lines too, and to it each one is the first.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(text) => format!("{text}, at column {}", error.column()),
        None => text,
    }
}
