//! Who somebody is. What Discord leaves out has not changed, and null is a value.

use lantern_actors::domain::{ProfileUpdate, ServerTag, UserFlags};
use serde_json::Value;

use super::fields::{Fields, as_bits, as_number, as_text};

/// What is said of a user; `None` if it is not said of whom.
pub(super) fn update(fields: &Fields, user: &Value) -> Option<ProfileUpdate> {
    let bits = |name| fields.told(user, name, as_bits);
    let flags = bits("public_flags").or_else(|| bits("flags"));
    let tag = |told: &Value| server_tag(fields, told);
    Some(ProfileUpdate {
        id: fields.id(user, "id")?,
        username: fields.text(user, "username"),
        discriminator: fields.some(user, "discriminator", as_discriminator),
        global_name: fields.told(user, "global_name", as_text),
        avatar: fields.told(user, "avatar", as_text),
        bot: fields.flag(user, "bot"),
        flags: flags.map(|bits| bits.map_or_else(UserFlags::default, UserFlags::from_bits)),
        server_tag: fields.told(user, "primary_guild", tag).map(Option::flatten),
    })
}

fn as_discriminator(value: &Value) -> Option<u16> {
    u16::try_from(as_number(value)?).ok()
}

/// The tag that is shown, or that none is; `None` if that cannot be told.
fn server_tag(fields: &Fields, primary: &Value) -> Option<Option<ServerTag>> {
    primary.as_object()?;
    let odd_before = fields.odd();
    let guild = fields.id(primary, "identity_guild_id");
    let is_enabled = fields.flag(primary, "identity_enabled");
    let tag = fields.text(primary, "tag");
    if fields.odd() > odd_before && is_enabled != Some(false) {
        return None;
    }
    let badge = fields.text(primary, "badge");
    Some(ServerTag::shown(guild, is_enabled, tag, badge))
}
