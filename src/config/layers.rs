//! Lays the sources of the configuration over each other, and remembers what came from where.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use toml::{Table, Value};

use super::{Config, ConfigError};

const DEFAULTS: &str = include_str!("../../config/default.toml");
const DEMO: &str = include_str!("../../config/demo.toml");

const PREFIX: &str = "LANTERN__";
/// Environment variables with names of their own, and the keys that they set.
const VARIABLES: [(&str, &str); 2] = [
    ("DISCORD_BOT_TOKEN", "discord.token"),
    ("KV_TOKEN_SECRET", "kv.token_secret"),
];
/// What is not shown to anybody.
const SECRETS: [&str; 3] = ["discord.token", "kv.token_secret", "scylla.password"];

/// What the file and the environment are laid over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// `config/default.toml`.
    Defaults,
    /// `config/default.toml` with `config/demo.toml` over it.
    Demo,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`.
    Default,
    /// `config/demo.toml`.
    Demo,
    /// The file that `--config` names.
    File(String),
    /// The environment variable of this name.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::Demo => out.write_str("demo"),
            Self::File(name) => out.write_str(name),
            Self::Environment(name) => write!(out, "${name}"),
        }
    }
}

/// A value as it is shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    /// As TOML; a secret is hidden.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A configuration, and where its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every key, in alphabetical order.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads the configuration: defaults, then the file, then the environment (`env::vars_os` in
    /// earnest).
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Loaded::load(Base::Defaults, path, environment).map(|loaded| loaded.config)
    }
}

impl Loaded {
    /// As [`Config::load`], over the given base and with the origin of each value.
    pub fn load(
        base: Base,
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::defaults()?;
        if base == Base::Demo {
            layers.lay(parse("config/demo.toml", DEMO)?, &Origin::Demo);
        }
        if let Some(path) = path {
            let name = path.display().to_string();
            let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            layers.lay(parse(&name, &text)?, &Origin::File(name.clone()));
        }
        layers.lay_environment(environment);
        layers.finish()
    }
}

fn parse(name: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|source| ConfigError::Syntax {
        name: name.to_owned(),
        source: Box::new(source),
    })
}

struct Layers {
    /// What the defaults say: the keys that exist.
    defaults: BTreeMap<String, Value>,
    values: BTreeMap<String, (Value, Origin)>,
    problems: Vec<String>,
}

impl Layers {
    fn defaults() -> Result<Self, ConfigError> {
        let mut defaults = BTreeMap::new();
        for (section, keys) in parse("config/default.toml", DEFAULTS)? {
            if let Value::Table(keys) = keys {
                defaults.extend(
                    keys.into_iter()
                        .map(|(key, value)| (format!("{section}.{key}"), value)),
                );
            }
        }
        let values = defaults
            .iter()
            .map(|(key, value)| (key.clone(), (value.clone(), Origin::Default)))
            .collect();
        Ok(Self {
            defaults,
            values,
            problems: Vec::new(),
        })
    }

    fn lay(&mut self, table: Table, origin: &Origin) {
        for (section, keys) in table {
            let Value::Table(keys) = keys else {
                let hint = self.suggestion(&section);
                self.problems.push(format!(
                    "{section}: is outside of a [section]{hint} (from {origin})"
                ));
                continue;
            };
            if keys.is_empty() && !self.has_section(&section) {
                self.unknown(&section, &section, origin);
            }
            for (key, value) in keys {
                self.set(format!("{section}.{key}"), value, origin.clone());
            }
        }
    }

    fn lay_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        let mut variables: Vec<_> = environment.into_iter().collect();
        // DISCORD_BOT_TOKEN comes before LANTERN__DISCORD__TOKEN, so the latter wins; likewise
        // KV_TOKEN_SECRET.
        variables.sort_unstable();
        for (name, text) in variables {
            let origin = Origin::Environment(name.clone());
            let named = VARIABLES.iter().find(|(variable, _)| *variable == name);
            if let Some((_, key)) = named {
                self.set((*key).to_owned(), Value::String(text), origin);
            } else if let Some(path) = name.strip_prefix(PREFIX) {
                let key = path.to_lowercase().replace("__", ".");
                let value = match self.defaults.get(&key) {
                    Some(Value::Integer(_)) => text
                        .trim()
                        .parse()
                        .map_or(Value::String(text), Value::Integer),
                    Some(Value::Boolean(_)) => text
                        .trim()
                        .parse()
                        .map_or(Value::String(text), Value::Boolean),
                    _ => Value::String(text),
                };
                self.set(key, value, origin);
            }
        }
    }

    fn set(&mut self, key: String, value: Value, origin: Origin) {
        if self.defaults.contains_key(&key) {
            self.values.insert(key, (value, origin));
        } else {
            let written = match &origin {
                Origin::Environment(name) => name.clone(),
                _ => key.clone(),
            };
            self.unknown(&written, &key, &origin);
        }
    }

    fn unknown(&mut self, written: &str, key: &str, origin: &Origin) {
        let hint = self.suggestion(key);
        self.problems.push(match origin {
            Origin::Environment(_) => format!("{written}: no setting has this name{hint}"),
            _ => format!("{written}: no setting has this name{hint} (from {origin})"),
        });
    }

    fn has_section(&self, section: &str) -> bool {
        let prefix = format!("{section}.");
        self.defaults.keys().any(|key| key.starts_with(&prefix))
    }

    /// The key that was probably meant: the nearest one, or the same key in another section.
    fn suggestion(&self, key: &str) -> String {
        let name = key.rsplit('.').next().unwrap_or(key);
        self.defaults
            .keys()
            .map(|known| {
                let known_name = known.rsplit('.').next().unwrap_or(known);
                let distance = edits(known, key).min(edits(known_name, name) + 1);
                (distance, known)
            })
            .min()
            .filter(|(distance, _)| *distance <= 3)
            .map_or_else(
                || self.section_suggestion(key),
                |(_, known)| format!("; did you mean {known}?"),
            )
    }

    fn section_suggestion(&self, key: &str) -> String {
        let section = key.split('.').next().unwrap_or(key);
        self.defaults
            .keys()
            .filter_map(|known| known.split('.').next())
            .map(|known| (edits(known, section), known))
            .min()
            .filter(|(distance, _)| (1..=2).contains(distance))
            .map_or_else(String::new, |(_, known)| {
                format!("; did you mean the section [{known}]?")
            })
    }

    fn finish(mut self) -> Result<Loaded, ConfigError> {
        self.check_each();
        if !self.problems.is_empty() {
            return Err(ConfigError::Invalid(self.problems));
        }
        let values = self.values.iter().map(|(key, (value, _))| (key, value));
        let config = deserialize(values).map_err(|error| ConfigError::Invalid(vec![error]))?;
        let problems = config.validate();
        if !problems.is_empty() {
            return Err(ConfigError::Invalid(problems));
        }
        let settings = self.values.into_iter().map(shown).collect();
        Ok(Loaded { config, settings })
    }

    /// Reads each changed value alone, over the defaults, so that every wrong one is found.
    fn check_each(&mut self) {
        for (key, (value, origin)) in &self.values {
            if *origin == Origin::Default {
                continue;
            }
            let one_changed = self
                .defaults
                .iter()
                .map(|(other, default)| (other, if other == key { value } else { default }));
            let misfit = self
                .defaults
                .get(key)
                .and_then(|default| misfit(default, value));
            if let Some(error) = misfit.or_else(|| deserialize(one_changed).err()) {
                self.problems
                    .push(format!("{key}: {error} (from {origin})"));
            }
        }
    }
}

/// What is wrong with the kind of a value, in the words of people.
fn misfit(default: &Value, value: &Value) -> Option<String> {
    match (default, value) {
        (Value::Integer(_), Value::Integer(number)) => u32::try_from(*number)
            .err()
            .map(|_| format!("{number} is out of range")),
        (Value::Integer(_), _) => Some(format!("a whole number is needed, not {value}")),
        (Value::Boolean(_), other) if !other.is_bool() => {
            Some(format!("true or false is needed, not {value}"))
        }
        // The value is not shown: it may be a secret.
        (Value::String(_), other) if !other.is_str() => {
            Some("a text in quotes is needed".to_owned())
        }
        _ => None,
    }
}

fn deserialize<'a>(
    values: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Result<Config, String> {
    let mut root = Table::new();
    for (key, value) in values {
        let Some((section, key)) = key.split_once('.') else {
            continue;
        };
        let section = root
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value.clone());
        }
    }
    Value::Table(root)
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

fn shown((key, (value, origin)): (String, (Value, Origin))) -> Setting {
    let value = match &value {
        Value::String(text) if text.is_empty() => "(not set)".to_owned(),
        _ if SECRETS.contains(&key.as_str()) => "(hidden)".to_owned(),
        other => other.to_string(),
    };
    Setting { key, value, origin }
}

/// How many letters must be changed, added or removed to get from one text to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, from) in from.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (pair, to) in row.windows(2).zip(&to) {
            let (diagonal, above) = match pair {
                [diagonal, above] => (*diagonal, *above),
                _ => continue,
            };
            left = (diagonal + usize::from(from != *to))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn problems(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let mut layers = Layers::defaults().unwrap();
        let origin = Origin::File("lantern.toml".to_owned());
        layers.lay(parse("lantern.toml", file).unwrap(), &origin);
        layers.lay_environment(environment(variables));
        match layers.finish() {
            Err(ConfigError::Invalid(problems)) => problems,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_built_in_files_are_valid_and_defaults_agree_with_the_core() {
        let config = Config::load(None, []).unwrap();
        assert_eq!(config.discord.token, None);
        assert_eq!(config.discord.guild_id, None);
        let hub = lantern_actors::HubConfig::from(&config);
        assert_eq!(
            format!("{hub:?}"),
            format!("{:?}", lantern_actors::HubConfig::default())
        );
        let demo = Loaded::load(Base::Demo, None, []).unwrap().config;
        assert_eq!(demo.discord.token.unwrap().reveal(), "simulated-token");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let mut layers = Layers::defaults().unwrap();
        let origin = Origin::File("lantern.toml".to_owned());
        let file = "[server]\nlisten = \"0.0.0.0:80\"\n[socket]\nshards = 3\nmax_sockets = 9";
        layers.lay(parse("lantern.toml", file).unwrap(), &origin);
        layers.lay_environment(environment(&[
            ("LANTERN__SOCKET__SHARDS", "4"),
            ("LANTERN__DISCORD__GUILD_ID", "123456789012345678"),
            ("PATH", "/bin"),
        ]));
        let loaded = layers.finish().unwrap();
        assert_eq!(loaded.config.server.listen.port(), 80);
        assert_eq!(loaded.config.socket.shards, 4);
        assert_eq!(loaded.config.socket.max_sockets, 9);
        assert!(loaded.config.discord.guild_id.is_some());
        let origin_of = |key: &str| {
            let found = loaded.settings.iter().find(|setting| setting.key == key);
            found.unwrap().origin.to_string()
        };
        assert_eq!(origin_of("socket.shards"), "$LANTERN__SOCKET__SHARDS");
        assert_eq!(origin_of("socket.max_sockets"), "lantern.toml");
        assert_eq!(origin_of("log.filter"), "default");
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let file = "
            port = 80
            [server]
            listen = \"localhost\"
            max_conections = 5
            [sockets]
            shards = 3
            [socet]
            anything = 1
            [socket]
            init_timeout_ms = \"soon\"
            messages_per_minute = -1
            [discord]
            guild_id = \"the guild\"
            api_url = \"discord.com\"";
        let variables = [
            ("LANTERN__USERS__MOST_ACTORS", "many"),
            ("LANTERN__LOG__FILTRE", "info"),
            ("LANTERN__LOG__FILTER", "lantern=loud"),
            ("DISCORD_BOT_TOKEN", "not a token"),
        ];
        insta::assert_snapshot!(problems(file, &variables).join("\n"));
    }

    #[test]
    fn values_out_of_range_are_reported_together() {
        let file = "
            [server]
            max_connections = 10
            shutdown_timeout_ms = 0
            [socket]
            max_message_bytes = 1
            messages_per_minute = 0";
        insta::assert_snapshot!(problems(file, &[]).join("\n"));
    }

    #[test]
    fn secrets_are_never_shown() {
        let variables = environment(&[("DISCORD_BOT_TOKEN", "hush.hush.hush")]);
        let loaded = Loaded::load(Base::Defaults, None, variables).unwrap();
        assert!(!format!("{loaded:?}").contains("hush"));
        let token = loaded.config.discord.token.unwrap();
        assert_eq!(token.reveal(), "hush.hush.hush");
        let told = problems("", &[("DISCORD_BOT_TOKEN", "hush hush")]).join("");
        assert!(!told.contains("hush"), "{told}");
    }

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [("", "", 0), ("listen", "lisen", 1), ("abc", "xyz", 3)] {
            assert_eq!(edits(from, to), count);
            assert_eq!(edits(to, from), count);
        }
    }
}
