//! INTERACTION_CREATE: a member uses a command, a component or a modal.

use serde_json::{Map, Value, json};

use super::message::{Origin, object};
use super::options::mentioned;
use super::thread::COMMAND;
use crate::world::{BOT_ID, GUILD_ID, MODERATOR_ROLE, World, guild};

/// What interactions of every kind have: who, where, and the kind's own data.
pub fn event(
    world: &World,
    origin: &Origin,
    member: u64,
    token: &str,
    data: &Value,
    source: Option<&Map<String, Value>>,
) -> Value {
    let channel = guild::channel(origin.channel).unwrap_or_default();
    let mut event = object(json!({
        "id": origin.interaction.to_string(), "application_id": BOT_ID.to_string(), "type": origin.kind,
        "token": token, "version": 1, "guild_id": GUILD_ID.to_string(), "channel_id": origin.channel.to_string(),
        "channel": channel, "guild": {"id": GUILD_ID.to_string(), "locale": "en-US", "features": ["COMMUNITY"]},
        "app_permissions": guild::PERMISSIONS, "locale": "en-US", "guild_locale": "en-US", "entitlements": [],
        "entitlement_sku_ids": [], "authorizing_integration_owners": {"0": GUILD_ID.to_string()}, "context": 0,
        "attachment_size_limit": 10_485_760, "data": data,
    }));
    if let Some(source) = source {
        event.insert("message".to_owned(), Value::Object(source.clone()));
    }
    let member = world
        .member(member)
        .map(|it| it.json_with_permissions(guild::PERMISSIONS))
        .unwrap_or_default();
    event.insert(
        "member".to_owned(),
        serde_json::from_str(&member).unwrap_or_default(),
    );
    event.into()
}

/// The `data` of a command, or of one that is being typed.
pub fn command(
    world: &World,
    command: &Map<String, Value>,
    options: &[Value],
    target: Option<u64>,
) -> Value {
    let kind = command.get("type").and_then(Value::as_u64).unwrap_or(1);
    let mut data = object(json!({
        "id": command.get("id"), "name": command.get("name"), "type": kind, "guild_id": GUILD_ID.to_string(),
    }));
    let mut mentioned = mentioned(options);
    if let Some(target) = target {
        data.insert("target_id".to_owned(), json!(target.to_string()));
        mentioned.push((6, target));
    }
    if !options.is_empty() {
        data.insert("options".to_owned(), json!(options));
    }
    let resolved = resolved(world, &mentioned);
    if !resolved.is_empty() {
        data.insert("resolved".to_owned(), resolved.into());
    }
    data.into()
}

/// The `data` of a button or a select menu.
pub fn component(world: &World, component: &Value, custom_id: &str, values: &[String]) -> Value {
    let kind = component.get("type").and_then(Value::as_u64).unwrap_or(2);
    let mut data = object(
        json!({"custom_id": custom_id, "component_type": kind, "id": component.get("id").unwrap_or(&json!(1))}),
    );
    if kind != 2 {
        data.insert("values".to_owned(), json!(values));
        // 5: users, 6: roles, 7: mentionables, 8: channels; as options they are 6, 8, 9, 7.
        let option = match kind {
            5 => 6,
            6 => 8,
            7 => 9,
            8 => 7,
            _ => 0,
        };
        let ids: Vec<(u64, u64)> = values
            .iter()
            .filter_map(|id| Some((option, id.parse().ok()?)))
            .collect();
        let resolved = resolved(world, &ids);
        if !resolved.is_empty() {
            data.insert("resolved".to_owned(), resolved.into());
        }
    }
    data.into()
}

/// The `data` of a modal that is submitted, with the same rows as the bot's.
pub fn modal(opened: &Value, custom_id: &str, fields: &Map<String, Value>) -> Value {
    let components = opened
        .get("components")
        .map(|components| submitted(components, fields))
        .unwrap_or_default();
    json!({"custom_id": custom_id, "components": components})
}

fn submitted(component: &Value, fields: &Map<String, Value>) -> Value {
    match component {
        Value::Array(list) => list.iter().map(|it| submitted(it, fields)).collect(),
        Value::Object(map) => {
            let mut out = Map::new();
            for key in ["type", "id", "custom_id"] {
                out.extend(map.get(key).map(|value| (key.to_owned(), value.clone())));
            }
            for key in ["components", "component"] {
                out.extend(
                    map.get(key)
                        .map(|value| (key.to_owned(), submitted(value, fields))),
                );
            }
            if let Some(name) = map.get("custom_id").and_then(Value::as_str) {
                let given = fields
                    .get(name)
                    .or_else(|| map.get("value"))
                    .cloned()
                    .unwrap_or_else(|| json!(""));
                let key = if given.is_array() { "values" } else { "value" };
                out.insert(key.to_owned(), given);
            }
            out.into()
        }
        other => other.clone(),
    }
}

/// The objects that options and selections name. Types are those of command options.
fn resolved(world: &World, ids: &[(u64, u64)]) -> Map<String, Value> {
    let mut resolved = Map::new();
    let mut put = |list: &str, id: u64, value: Value| {
        if let Some(map) = resolved
            .entry(list)
            .or_insert_with(|| json!({}))
            .as_object_mut()
        {
            map.insert(id.to_string(), value);
        }
    };
    for (kind, id) in ids {
        if let (6 | 9, Some(member)) = (kind, world.member(*id)) {
            let partial = member.json_without_user(guild::PERMISSIONS);
            put("users", *id, member.user().into());
            put(
                "members",
                *id,
                serde_json::from_str(&partial).unwrap_or_default(),
            );
        }
        if let (7, Some(mut channel)) = (kind, guild::channel(*id)) {
            if let Some(channel) = channel.as_object_mut() {
                channel.insert("permissions".to_owned(), json!(guild::PERMISSIONS));
            }
            put("channels", *id, channel);
        }
        if matches!((kind, *id), (8 | 9, GUILD_ID | MODERATOR_ROLE)) {
            let id_text = id.to_string();
            let roles = guild::roles();
            let role = roles
                .as_array()
                .into_iter()
                .flatten()
                .find(|role| role.get("id").is_some_and(|it| *it == id_text));
            put("roles", *id, role.cloned().unwrap_or_default());
        }
    }
    resolved
}

/// The name that messages show for a command, with its subcommands.
pub fn full_name(kind: u8, data: &Value) -> Option<String> {
    if kind != COMMAND {
        return None;
    }
    let mut name = data.get("name")?.as_str()?.to_owned();
    let mut at = data;
    while let Some(inner) = at.get("options").and_then(|options| options.get(0)) {
        if !matches!(inner.get("type").and_then(Value::as_u64), Some(1 | 2)) {
            break;
        }
        name = format!(
            "{name} {}",
            inner
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
        );
        at = inner;
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modal_comes_back_with_its_rows_filled() {
        let opened = json!({"components": [
            {"type": 1, "components": [{"type": 4, "custom_id": "a", "label": "A", "style": 1}]},
            {"type": 18, "label": "B", "component": {"type": 3, "custom_id": "b"}},
        ]});
        let data = modal(&opened, "m", &object(json!({"a": "text", "b": ["x"]})));
        assert_eq!(
            data["components"][0]["components"][0],
            json!({"type": 4, "custom_id": "a", "value": "text"})
        );
        assert_eq!(data["components"][1]["component"]["values"], json!(["x"]));
    }

    #[test]
    fn users_that_options_name_are_resolved() {
        let world = World::new(1, 3, 0);
        let who = world.first_member();
        let options = [json!({"name": "who", "type": 6, "value": who.to_string()})];
        let data = command(
            &world,
            &object(json!({"id": "1", "name": "card"})),
            &options,
            None,
        );
        assert_eq!(
            data["resolved"]["users"][who.to_string()]["id"],
            who.to_string()
        );
        assert!(data["resolved"]["members"][who.to_string()]["roles"].is_array());
    }
}
