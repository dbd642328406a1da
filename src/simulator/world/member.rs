//! One member of the guild, kept as the JSON that is sent.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::presence::Presence;
use super::snowflake::timestamp;

/// A member: the user, what the guild adds to it, and the presence.
#[derive(Debug, Clone)]
pub struct Member {
    id: u64,
    user: Arc<str>,
    username: Box<str>,
    global_name: Option<Box<str>>,
    nick: Option<Box<str>>,
    roles: Vec<u64>,
    joined_at_ms: u64,
    presence: Presence,
}

impl Member {
    /// Makes a member; names are read from the user object.
    pub fn new(
        id: u64,
        user: Map<String, Value>,
        nick: Option<String>,
        roles: Vec<u64>,
        joined_at_ms: u64,
        presence: Presence,
    ) -> Self {
        let mut member = Self {
            id,
            user: Arc::from(""),
            username: Box::from(""),
            global_name: None,
            nick: nick.map(String::into_boxed_str),
            roles,
            joined_at_ms,
            presence,
        };
        member.set_user(user);
        member
    }

    /// The user's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The user object.
    pub fn user_json(&self) -> &str {
        &self.user
    }

    /// The user object, parsed.
    pub fn user(&self) -> Map<String, Value> {
        serde_json::from_str(&self.user).unwrap_or_default()
    }

    /// Replaces the user object.
    pub fn set_user(&mut self, user: Map<String, Value>) {
        let text = |key: &str| user.get(key).and_then(Value::as_str).map(Box::from);
        self.username = text("username").unwrap_or_default();
        self.global_name = text("global_name");
        self.user = Value::Object(user).to_string().into();
    }

    /// The presence.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Replaces the presence.
    pub fn set_presence(&mut self, presence: Presence) {
        self.presence = presence;
    }

    /// Whether one of the names starts with `prefix`, which must be in lower case.
    pub fn is_called(&self, prefix: &str) -> bool {
        let names = [
            Some(&self.username),
            self.global_name.as_ref(),
            self.nick.as_ref(),
        ];
        names
            .into_iter()
            .flatten()
            .any(|name| name.to_lowercase().starts_with(prefix))
    }

    /// The member object as in GUILD_CREATE, chunks and REST.
    pub fn json(&self) -> String {
        format!(r#"{{"user":{},{}}}"#, self.user, self.guild_fields())
    }

    /// The member object inside an INTERACTION_CREATE, with what the member may do.
    pub fn json_with_permissions(&self, permissions: &str) -> String {
        format!(
            r#"{{"user":{},"permissions":"{permissions}",{}}}"#,
            self.user,
            self.guild_fields()
        )
    }

    /// The member object with the guild's id, as in GUILD_MEMBER_ADD and GUILD_MEMBER_UPDATE.
    pub fn json_with_guild(&self, guild: u64) -> String {
        format!(
            r#"{{"guild_id":"{guild}","user":{},{}}}"#,
            self.user,
            self.guild_fields()
        )
    }

    /// The member object without its user, as in the `resolved` data of an interaction.
    pub fn json_without_user(&self, permissions: &str) -> String {
        format!(
            r#"{{"permissions":"{permissions}",{}}}"#,
            self.guild_fields()
        )
    }

    fn guild_fields(&self) -> String {
        let nick = self.nick.as_deref().map_or(Value::Null, Value::from);
        let roles: Vec<String> = self.roles.iter().map(u64::to_string).collect();
        let joined_at = timestamp(self.joined_at_ms);
        let roles = Value::from(roles);
        format!(
            r#""nick":{nick},"roles":{roles},"joined_at":"{joined_at}","avatar":null,"banner":null,"premium_since":null,"deaf":false,"mute":false,"flags":0,"pending":false,"communication_disabled_until":null"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::people;
    use super::*;

    #[test]
    fn every_form_is_json() {
        let member = people::member(1, 3, 0);
        for text in [
            member.json(),
            member.json_with_permissions("8"),
            member.json_with_guild(1),
            member.json_without_user("8"),
        ] {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(value["roles"].is_array() && value["flags"] == 0, "{text}");
        }
    }

    #[test]
    fn names_are_found_by_prefix_in_any_case() {
        let mut member = people::member(1, 0, 0);
        let mut user = member.user();
        user.insert("global_name".to_owned(), "Ärger".into());
        member.set_user(user);
        assert!(member.is_called("är"));
        assert!(!member.is_called("zzz"));
    }
}
