//! Messages that a bot sends in answer to interactions.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::rest::error::{FieldErrors, RestError};
use crate::world::guild::bot_user;
use crate::world::snowflake::{now_ms, timestamp};
use crate::world::{BOT_ID, GUILD_ID};

/// Only the user who acted sees the message.
pub const EPHEMERAL: u64 = 1 << 6;
/// "Lantern is thinking…"
pub const LOADING: u64 = 1 << 7;
/// The message is made of components alone.
const COMPONENTS_V2: u64 = 1 << 15;

/// A file that came with a message.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The number in `files[n]`, by which `attachments` in the payload names it.
    pub number: u64,
    /// What it is called.
    pub filename: String,
    /// Its media type, if the bot told.
    pub content_type: Option<String>,
    /// What is in it.
    pub bytes: Bytes,
}

/// Where messages of an interaction go, and whose they are.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The interaction.
    pub interaction: u64,
    /// Its type.
    pub kind: u8,
    /// The channel that it came from.
    pub channel: u64,
    /// The user who acted.
    pub user: Value,
    /// The name of the command, if it was one.
    pub command: Option<String>,
    /// The base of attachments' URLs.
    pub base_url: String,
}

/// Checks what a bot wants to send. `edit` may leave everything out.
pub fn check(data: &Map<String, Value>, files: &[Upload], edit: bool) -> Result<(), RestError> {
    let mut errors = FieldErrors::default();
    let text = data
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.chars().count() > 2000 {
        errors.add(
            "content",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 2000 or fewer in length.",
        );
    }
    let list = |key: &str| data.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    if list("embeds") > 10 {
        errors.add(
            "embeds",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 10 or fewer in length.",
        );
    }
    let v2 = flags(data) & COMPONENTS_V2 != 0;
    if !v2 && list("components") > 5 {
        errors.add(
            "components",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 5 or fewer in length.",
        );
    }
    errors.into_result()?;
    let poll = data.get("poll").is_some_and(Value::is_object);
    let empty =
        text.is_empty() && list("embeds") + list("components") + list("sticker_ids") == 0 && !poll;
    if empty && files.is_empty() && !edit {
        return Err(RestError::EmptyMessage);
    }
    Ok(())
}

/// Checks the choices for a text that is being typed: 25 at most, of at most 100 characters.
pub fn check_choices(data: &Map<String, Value>) -> Result<(), RestError> {
    let mut errors = FieldErrors::default();
    let choices = data.get("choices").and_then(Value::as_array);
    let choices = choices.map(Vec::as_slice).unwrap_or_default();
    if choices.len() > 25 {
        let message = "Must be 25 or fewer in length.";
        errors.add("data.choices", "BASE_TYPE_MAX_LENGTH", message);
    }
    for (number, choice) in choices.iter().enumerate() {
        for key in ["name", "value"] {
            let text = choice.get(key).and_then(Value::as_str);
            if text.is_some_and(|text| !(1..=100).contains(&text.chars().count())) {
                let at = format!("data.choices.{number}.{key}");
                let message = "Must be between 1 and 100 in length.";
                errors.add(&at, "BASE_TYPE_BAD_LENGTH", message);
            }
        }
    }
    errors.into_result()
}

/// The flags in a payload.
pub fn flags(data: &Map<String, Value>) -> u64 {
    data.get("flags")
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

/// A new message.
pub fn new(
    id: u64,
    origin: &Origin,
    data: &Map<String, Value>,
    files: &[(u64, Upload)],
    kind: u8,
) -> Map<String, Value> {
    let mut message = object(json!({
        "id": id.to_string(), "type": kind, "channel_id": origin.channel.to_string(), "author": bot_user(),
        "content": "", "embeds": [], "components": [], "attachments": [], "mentions": [], "mention_roles": [],
        "mention_everyone": false, "pinned": false, "tts": false, "timestamp": timestamp(now_ms()),
        "edited_timestamp": null, "flags": flags(data), "webhook_id": BOT_ID.to_string(),
        "application_id": BOT_ID.to_string(), "interaction_metadata": metadata(origin),
    }));
    if let Some(name) = &origin.command {
        let interaction = json!({"id": origin.interaction.to_string(), "type": 2, "name": name, "user": origin.user});
        message.insert("interaction".to_owned(), interaction);
    }
    fill(&mut message, origin, data, files);
    message
}

/// Changes a message; what the payload leaves out stays.
pub fn edit(
    message: &mut Map<String, Value>,
    origin: &Origin,
    data: &Map<String, Value>,
    files: &[(u64, Upload)],
) {
    let loading = flags(message) & LOADING != 0;
    if loading {
        message.insert(
            "flags".to_owned(),
            json!((flags(message) & !LOADING) | flags(data)),
        );
    } else {
        message.insert("edited_timestamp".to_owned(), json!(timestamp(now_ms())));
    }
    fill(message, origin, data, files);
}

fn fill(
    message: &mut Map<String, Value>,
    origin: &Origin,
    data: &Map<String, Value>,
    files: &[(u64, Upload)],
) {
    let kept = match (
        data.get("attachments").and_then(Value::as_array),
        message.get("attachments"),
    ) {
        (Some(named), Some(Value::Array(old))) => {
            let still = |attachment: &&Value| {
                named
                    .iter()
                    .any(|name| name.get("id") == attachment.get("id"))
            };
            old.iter().filter(still).cloned().collect()
        }
        (None, Some(Value::Array(old))) => old.clone(),
        _ => vec![],
    };
    let added = files
        .iter()
        .map(|(id, file)| attachment(*id, file, origin, data));
    let attachments: Vec<Value> = kept.into_iter().chain(added).collect();
    for key in ["content", "embeds", "components", "tts", "poll"] {
        match data.get(key) {
            None => {}
            Some(Value::Null) if key == "content" => _ = message.insert(key.to_owned(), json!("")),
            Some(Value::Null) => _ = message.insert(key.to_owned(), json!([])),
            Some(value) => _ = message.insert(key.to_owned(), value.clone()),
        }
    }
    for embed in message
        .get_mut("embeds")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        finish_embed(embed, &attachments);
    }
    message.insert("attachments".to_owned(), attachments.into());
}

/// Embeds get a type, and images that name an attachment get its address.
fn finish_embed(embed: &mut Value, attachments: &[Value]) {
    let Some(embed) = embed.as_object_mut() else {
        return;
    };
    embed.entry("type").or_insert_with(|| json!("rich"));
    for key in ["image", "thumbnail"] {
        let Some(image) = embed.get_mut(key).and_then(Value::as_object_mut) else {
            continue;
        };
        let name = image.get("url").and_then(Value::as_str);
        let name = name.and_then(|url| url.strip_prefix("attachment://"));
        let named = |it: &&Value| it.get("filename").and_then(Value::as_str) == name;
        let url = attachments.iter().find(named).and_then(|it| it.get("url"));
        if let (Some(_), Some(url)) = (name, url) {
            image.insert("url".to_owned(), url.clone());
        }
    }
}

fn attachment(id: u64, file: &Upload, origin: &Origin, data: &Map<String, Value>) -> Value {
    let url = format!(
        "{}/attachments/{}/{id}/{}",
        origin.base_url, origin.channel, file.filename
    );
    let named = data
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|named| {
            let number = named.get("id");
            number.is_some_and(|it| {
                *it == json!(file.number) || *it == json!(file.number.to_string())
            })
        });
    let mut attachment = object(json!({
        "id": id.to_string(), "filename": file.filename, "size": file.bytes.len(), "url": url, "proxy_url": url,
    }));
    if let Some(content_type) = &file.content_type {
        attachment.insert("content_type".to_owned(), json!(content_type));
    }
    if let Some(description) = named.and_then(|named| named.get("description")) {
        attachment.insert("description".to_owned(), description.clone());
    }
    attachment.into()
}

fn metadata(origin: &Origin) -> Value {
    let mut metadata = object(json!({
        "id": origin.interaction.to_string(), "type": origin.kind, "user": origin.user,
        "authorizing_integration_owners": {"0": GUILD_ID.to_string()},
    }));
    if let Some(name) = &origin.command {
        metadata.insert("name".to_owned(), json!(name));
        metadata.insert("command_type".to_owned(), json!(1));
    }
    metadata.into()
}

/// The object in a value that is one.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        let (user, command) = (json!({"id": "5"}), Some("card".to_owned()));
        Origin {
            interaction: 1,
            kind: 2,
            channel: 3,
            user,
            command,
            base_url: "http://host".to_owned(),
        }
    }

    fn upload() -> Upload {
        Upload {
            number: 0,
            filename: "card.png".to_owned(),
            content_type: None,
            bytes: Bytes::from_static(b"png"),
        }
    }

    #[test]
    fn files_become_attachments_and_embeds_show_them() {
        let data = object(json!({
            "embeds": [{"image": {"url": "attachment://card.png"}}], "attachments": [{"id": 0, "description": "A card"}],
        }));
        let message = new(9, &origin(), &data, &[(7, upload())], 20);
        assert_eq!(
            message["attachments"][0]["url"],
            "http://host/attachments/3/7/card.png"
        );
        assert_eq!(message["attachments"][0]["description"], "A card");
        assert_eq!(
            message["embeds"][0]["image"]["url"],
            message["attachments"][0]["url"]
        );
    }

    #[test]
    fn an_edit_keeps_what_it_does_not_name() {
        let mut message = new(
            9,
            &origin(),
            &object(json!({"content": "a", "embeds": [{}]})),
            &[(7, upload())],
            20,
        );
        edit(
            &mut message,
            &origin(),
            &object(json!({"content": "b"})),
            &[],
        );
        assert_eq!(message["content"], "b");
        assert_eq!(message["embeds"].as_array().unwrap().len(), 1);
        assert_eq!(message["attachments"].as_array().unwrap().len(), 1);
        edit(
            &mut message,
            &origin(),
            &object(json!({"attachments": []})),
            &[],
        );
        assert_eq!(message["attachments"], json!([]));
    }

    #[test]
    fn messages_are_neither_empty_nor_too_long() {
        let check = |data: Value, edit| super::check(&object(data), &[], edit);
        assert!(matches!(
            check(json!({}), false),
            Err(RestError::EmptyMessage)
        ));
        assert!(check(json!({}), true).is_ok());
        assert!(matches!(
            check(json!({"content": "x".repeat(2001)}), true),
            Err(RestError::InvalidForm(_))
        ));
    }
}
