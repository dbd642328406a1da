//! A member uses a command, a component or a modal; the answer is what the bot said to it.

use std::sync::Arc;
use std::time::Duration;

use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::ControlError;
use super::request::{Body, Id};
use crate::interactions::create;
use crate::interactions::message::Origin;
use crate::interactions::options::{self, Completeness};
use crate::interactions::thread::{AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Thread};
use crate::live::Live;
use crate::patch::Patch;
use crate::rest::reply::Reply;
use crate::world::snowflake::id_from_json;
use crate::world::{GUILD_ID, guild};

/// How long the bot must be silent before it counts as done, unless a request says otherwise.
const SETTLE_MS: u64 = 200;
/// The longest wait that a request may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// What is done.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Deed {
    /// A command is sent. A name of several words names a subcommand.
    Command {
        name: String,
        #[serde(default)]
        options: Value,
        target: Option<Id>,
    },
    /// A command is being typed.
    Autocomplete {
        name: String,
        #[serde(default)]
        options: Value,
        focused: Option<String>,
    },
    /// A button is pressed.
    Button {
        custom_id: String,
        message: Option<Id>,
    },
    /// Something is chosen in a menu.
    Select {
        custom_id: String,
        message: Option<Id>,
        values: Vec<String>,
    },
    /// A modal is submitted.
    Modal {
        custom_id: String,
        #[serde(default)]
        fields: Map<String, Value>,
    },
}

/// Who does it where, and what is waited for.
#[derive(Debug, Deserialize)]
struct Circumstances {
    member: Option<Id>,
    channel: Option<Id>,
    /// How long the bot has for its first answer, and again for the message that it promised.
    wait_ms: Option<u64>,
    /// How long it must be silent before it counts as done.
    settle_ms: Option<u64>,
    /// Follow-ups to wait for.
    followups: Option<usize>,
    /// How the event differs from Discord's.
    #[serde(flatten)]
    patch: Patch,
}

/// All that a request may say. What is flattened cannot refuse unknown fields by itself.
const FIELDS: [&str; 16] = [
    "type",
    "name",
    "options",
    "target",
    "focused",
    "custom_id",
    "message",
    "values",
    "fields",
    "member",
    "channel",
    "wait_ms",
    "settle_ms",
    "followups",
    "set",
    "remove",
];

fn read(wish: Map<String, Value>) -> Result<(Deed, Circumstances), ControlError> {
    let known = |key: &&String| FIELDS.contains(&key.as_str());
    if let Some(unknown) = wish.keys().find(|key| !known(key)) {
        let fields = FIELDS.join(", ");
        let message = format!("unknown field `{unknown}`; there are {fields}");
        return Err(ControlError::InvalidBody(message));
    }
    let wish = Value::Object(wish);
    let unfit = |error: serde_json::Error| ControlError::InvalidBody(error.to_string());
    let deed = Deed::deserialize(&wish).map_err(unfit)?;
    let circumstances = Circumstances::deserialize(&wish).map_err(unfit)?;
    if let Some(Id(channel)) = circumstances
        .channel
        .filter(|id| guild::channel(id.0).is_none())
    {
        let message = format!("the guild has no channel {channel}");
        return Err(ControlError::InvalidBody(message));
    }
    Ok((deed, circumstances))
}

/// A deed, ready to be sent.
struct Prepared {
    kind: u8,
    data: Value,
    source: Option<Map<String, Value>>,
}

/// POST /control/interactions
#[handler]
pub async fn fire(
    Body(wish): Body<Map<String, Value>>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let (deed, circumstances) = read(wish)?;
    if live.gateway.paused() {
        return Err(ControlError::Paused);
    }
    if !live.gateway.has_bot() {
        return Err(ControlError::NoBot(format!("{}/api", live.api_url())));
    }
    let member = circumstances
        .member
        .map_or_else(|| live.world.lock().first_member(), |id| id.0);
    let prepared = prepare(live, deed)?;
    let thread = send(live, &prepared, member, &circumstances)?;
    wait(live, &thread, &circumstances).await?;
    Ok(Reply::ok(&outcome(&thread)))
}

/// GET /control/interactions/{id}
#[handler]
pub fn show(Path(id): Path<String>, Data(live): Data<&Arc<Live>>) -> Result<Reply, ControlError> {
    let thread = id.parse().ok().and_then(|id| live.interactions.by_id(id));
    let thread = thread.ok_or(ControlError::UnknownInteraction(id))?;
    Ok(Reply::ok(&outcome(&thread)))
}

fn prepare(live: &Live, deed: Deed) -> Result<Prepared, ControlError> {
    match deed {
        Deed::Command {
            name,
            options,
            target,
        } => command(live, &name, &options, target),
        Deed::Autocomplete {
            name,
            options,
            focused,
        } => autocomplete(live, &name, &options, focused.as_deref()),
        Deed::Button { custom_id, message } => component(live, &custom_id, message, &[]),
        Deed::Select {
            custom_id,
            message,
            values,
        } => component(live, &custom_id, message, &values),
        Deed::Modal { custom_id, fields } => {
            let (opened, opener) = live
                .interactions
                .modal(&custom_id)
                .ok_or(ControlError::UnknownModal(custom_id.clone()))?;
            let source = opener.source().cloned();
            Ok(Prepared {
                kind: MODAL,
                data: create::modal(&opened, &custom_id, &fields),
                source,
            })
        }
    }
}

fn command(
    live: &Live,
    name: &str,
    given: &Value,
    target: Option<Id>,
) -> Result<Prepared, ControlError> {
    let (command, given) = find_command(live, name, given)?;
    let definitions = command.get("options").unwrap_or(&Value::Null);
    let options = options::resolve(definitions, &given, Completeness::Sent)?;
    let world = live.world.lock();
    if let Some(Id(target)) = target.filter(|target| world.member(target.0).is_none()) {
        return Err(ControlError::UnknownMember(target));
    }
    let data = create::command(&world, &command, &options, target.map(|id| id.0));
    Ok(Prepared {
        kind: COMMAND,
        data,
        source: None,
    })
}

fn autocomplete(
    live: &Live,
    name: &str,
    given: &Value,
    focused: Option<&str>,
) -> Result<Prepared, ControlError> {
    let (command, given) = find_command(live, name, given)?;
    let definitions = command.get("options").unwrap_or(&Value::Null);
    let mut options = options::resolve(definitions, &given, Completeness::Typing)?;
    if !options::focus(&mut options, focused) {
        let message = "name the option that is typed: {\"options\": {\"query\": \"ab\"}, \"focused\": \"query\"}";
        return Err(ControlError::InvalidOption(message.to_owned()));
    }
    if !options::is_completed(definitions, &options) {
        let message = "the option is not registered with \"autocomplete\": true";
        return Err(ControlError::InvalidOption(message.to_owned()));
    }
    let data = create::command(&live.world.lock(), &command, &options, None);
    Ok(Prepared {
        kind: AUTOCOMPLETE,
        data,
        source: None,
    })
}

/// The command that a name means. Of `"kv set"`, the command is `kv` and `set` is put around the
/// options.
fn find_command(
    live: &Live,
    name: &str,
    given: &Value,
) -> Result<(Map<String, Value>, Value), ControlError> {
    let commands = live.commands.lock();
    let name = name.trim_start_matches('/');
    if let Some(command) = commands.named(GUILD_ID, name, None) {
        return Ok((command, given.clone()));
    }
    let mut words = name.split(' ');
    let found = words
        .next()
        .and_then(|first| commands.named(GUILD_ID, first, None));
    let Some(command) = found else {
        let names = commands.names();
        let registered = if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        };
        return Err(ControlError::UnknownCommand {
            name: format!("/{name}"),
            registered,
        });
    };
    let given = words
        .rev()
        .fold(given.clone(), |inner, word| json!({word: inner}));
    Ok((command, given))
}

fn component(
    live: &Live,
    custom_id: &str,
    message: Option<Id>,
    values: &[String],
) -> Result<Prepared, ControlError> {
    let found = live
        .interactions
        .component(custom_id, message.map(|id| id.0));
    let (source, component) =
        found.ok_or_else(|| ControlError::UnknownComponent(custom_id.to_owned()))?;
    let data = create::component(&live.world.lock(), &component, custom_id, values);
    Ok(Prepared {
        kind: COMPONENT,
        data,
        source: Some(source),
    })
}

fn send(
    live: &Live,
    prepared: &Prepared,
    member: u64,
    circumstances: &Circumstances,
) -> Result<Arc<Thread>, ControlError> {
    let world = live.world.lock();
    let user = world
        .member(member)
        .ok_or(ControlError::UnknownMember(member))?
        .user();
    let origin = Origin {
        interaction: live.interactions.new_id(),
        kind: prepared.kind,
        channel: circumstances
            .channel
            .map_or(guild::GENERAL_CHANNEL, |id| id.0),
        user: user.into(),
        command: create::full_name(prepared.kind, &prepared.data),
        base_url: live.api_url(),
    };
    let token = format!("{}{:032x}", "aW50ZXJhY3Rpb246", rand::random::<u128>());
    let mut event = create::event(
        &world,
        &origin,
        member,
        &token,
        &prepared.data,
        prepared.source.as_ref(),
    );
    drop(world);
    let patched = circumstances.patch.apply(&mut event);
    patched.map_err(|error| ControlError::InvalidPatch(error.to_string()))?;
    let thread = Arc::new(Thread::new(origin, token, prepared.source.clone()));
    live.interactions.keep(Arc::clone(&thread));
    live.announce("INTERACTION_CREATE", event.to_string());
    Ok(thread)
}

/// Waits for the first answer, for what it promised, for the follow-ups asked for, and then until
/// the bot has been silent for a while. Only a missing first answer is an error.
async fn wait(
    live: &Live,
    thread: &Thread,
    circumstances: &Circumstances,
) -> Result<(), ControlError> {
    let wait = circumstances
        .wait_ms
        .map_or(live.config.interaction_timeout, Duration::from_millis)
        .min(MAX_WAIT);
    let settle = Duration::from_millis(circumstances.settle_ms.unwrap_or(SETTLE_MS)).min(MAX_WAIT);
    let followups = circumstances.followups.unwrap_or_default();
    let mut changes = thread.changes();
    let answered = changes.wait_for(|changes| *changes > 0);
    if !matches!(tokio::time::timeout(wait, answered).await, Ok(Ok(_))) {
        return Err(ControlError::NoReply {
            id: thread.origin.interaction,
            waited_ms: wait.as_millis(),
        });
    }
    let is_complete = || {
        let answers = thread.answers();
        !answers.loading() && answers.followups().len() >= followups
    };
    // Not in `wait_for`, whose condition is looked at under the lock that a change needs while it
    // holds the answers.
    let complete = async {
        changes.mark_unchanged();
        while !is_complete() && changes.changed().await.is_ok() {}
    };
    // What was promised but did not come is missing from the answer, and `complete` says so.
    _ = tokio::time::timeout(wait, complete).await;
    changes.mark_unchanged();
    while tokio::time::timeout(settle, changes.changed())
        .await
        .is_ok_and(|changed| changed.is_ok())
    {}
    Ok(())
}

fn outcome(thread: &Thread) -> Value {
    let answers = thread.answers();
    let callback = answers
        .callback
        .as_ref()
        .map(|(kind, data)| json!({"type": kind, "data": data}));
    let deleted: Vec<String> = answers.deleted.iter().map(u64::to_string).collect();
    json!({
        "interaction": {
            "id": thread.origin.interaction.to_string(), "type": thread.origin.kind, "token": thread.token,
            "user_id": thread.origin.user.get("id").and_then(id_from_json).unwrap_or_default().to_string(),
        },
        "callback": callback,
        "message": answers.original(),
        "followups": answers.followups(),
        "deleted": deleted,
        "complete": answers.callback.is_some() && !answers.loading(),
    })
}
