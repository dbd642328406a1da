//! Answers one interaction. Discord gives three seconds for the first word, so what takes longer than
//! a part of that is promised first and delivered later.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use serenity::all::{
    AutocompleteChoice, CreateAutocompleteResponse, CreateInteractionResponse,
    CreateInteractionResponseMessage, InteractionId,
};
use tokio::{sync::OwnedSemaphorePermit, time};

use super::{
    command::{Call, Press},
    desk::Desk,
    named,
    reply::{Expiry, Place, Reply},
    stats::Outcome,
};
use crate::discord::{
    interaction::{CommandUse, Interaction, InteractionKind},
    login::is_unreadable,
};

/// How long Discord may take to take an answer.
const DELIVERY: Duration = Duration::from_secs(10);
/// How often it is tried to deliver what was promised, and the pause before the second time.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// What is said where Discord did not say who asks.
const NOBODY: &str = "Discord did not say who you are, so this was not done. Try it once more.";

/// Answers; `place` is given back when only a question's time is waited for.
pub(super) async fn answer(desk: Arc<Desk>, interaction: Interaction, place: OwnedSemaphorePermit) {
    if let Some(application) = interaction.application_id {
        desk.http.set_application_id(application.into());
    }
    let expiry = match &interaction.kind {
        InteractionKind::Command(used) => command(&desk, &interaction, used).await,
        InteractionKind::Component(button) => component(&desk, &interaction, button).await,
        InteractionKind::Autocomplete(typed) => {
            autocomplete(&desk, &interaction, typed).await;
            None
        }
        InteractionKind::Other => {
            let asker = Asker::of(&interaction, Kind::Command);
            asker.serve(&desk, String::new(), async { None }).await
        }
    };
    drop(place);
    if let Some((expiry, token)) = expiry {
        take_back(&desk, *expiry, token).await;
    }
}

/// Whose answer, and how to reach them.
struct Asker<'a> {
    id: InteractionId,
    token: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Command,
    Button,
}

/// What is left to do when the answer was delivered, and by which token.
type Pending = Option<(Box<Expiry>, String)>;

async fn command(desk: &Desk, interaction: &Interaction, used: &CommandUse) -> Pending {
    let asker = Asker::of(interaction, Kind::Command);
    let call = Call::read(interaction, used);
    let name = match used.subcommand.as_str() {
        "" => used.name.clone(),
        subcommand => format!("{} {subcommand}", used.name),
    };
    let work = async {
        let command = named(&used.name)?;
        match &call {
            Some(call) => command.run(desk, call).await,
            None => Some(Reply::refused(NOBODY)),
        }
    };
    asker.serve(desk, name, work).await
}

async fn component(desk: &Desk, interaction: &Interaction, button: &str) -> Pending {
    let asker = Asker::of(interaction, Kind::Button);
    let mut words = button.split(':');
    let command = words.next().and_then(named);
    let press = Press::read(interaction, button);
    // Behind the words of the id come who asked and when.
    let name = button.split(':').take(3).collect::<Vec<_>>().join(" ");
    let work = async {
        match &press {
            Some(press) => command?.press(desk, press).await,
            None => Some(Reply::refused(NOBODY).apart()),
        }
    };
    asker.serve(desk, name, work).await
}

impl<'a> Asker<'a> {
    fn of(interaction: &'a Interaction, kind: Kind) -> Self {
        Self {
            id: interaction.id.into(),
            token: &interaction.token,
            kind,
        }
    }

    /// Does the work, and has the answer with Discord in time.
    async fn serve(
        &self,
        desk: &Desk,
        name: String,
        work: impl Future<Output = Option<Reply>>,
    ) -> Pending {
        let mut work = pin!(work);
        let (reply, is_promised) = match time::timeout(desk.config.promise_after, &mut work).await {
            Ok(reply) => (reply, false),
            Err(_) => {
                desk.stats.promised.fetch_add(1, Relaxed);
                let promised = self.promise(desk).await;
                // What was begun is finished, also if nobody will hear of it.
                let reply = work.await;
                if !promised {
                    desk.stats.count(name, Outcome::Unanswered);
                    return None;
                }
                (reply, true)
            }
        };
        let (name, reply) = match reply {
            Some(reply) => (name, reply),
            None => ("unknown".to_owned(), unknown(self.kind)),
        };
        let delivered = match is_promised {
            true => self.keep_promise(desk, &reply).await,
            false => self.say(desk, &reply).await,
        };
        let outcome = match delivered {
            true => reply.outcome,
            false => Outcome::Unanswered,
        };
        desk.stats.count(name, outcome);
        let expiry = reply.expiry.filter(|_| delivered)?;
        Some((expiry, self.token.to_owned()))
    }

    async fn promise(&self, desk: &Desk) -> bool {
        let wait = match self.kind {
            Kind::Command => CreateInteractionResponse::Defer(
                CreateInteractionResponseMessage::new().ephemeral(true),
            ),
            Kind::Button => CreateInteractionResponse::Acknowledge,
        };
        self.respond(desk, wait).await
    }

    async fn say(&self, desk: &Desk, reply: &Reply) -> bool {
        let response = match (self.kind, reply.place) {
            (Kind::Button, Place::Instead) => {
                CreateInteractionResponse::UpdateMessage(reply.update())
            }
            _ => CreateInteractionResponse::Message(reply.message()),
        };
        self.respond(desk, response).await
    }

    async fn respond(&self, desk: &Desk, response: CreateInteractionResponse) -> bool {
        use serenity::builder::Builder;
        let responding = response.execute(&desk.http, (self.id, self.token));
        is_taken(time::timeout(DELIVERY, responding).await)
    }

    async fn keep_promise(&self, desk: &Desk, reply: &Reply) -> bool {
        let is_apart = self.kind == Kind::Button && reply.place == Place::Apart;
        for attempt in 1..=TRIES {
            let taken = match is_apart {
                true => add(desk, self.token, reply).await,
                false => edit(desk, self.token, reply).await,
            };
            if taken {
                return true;
            }
            if attempt < TRIES {
                time::sleep(PAUSE).await;
            }
        }
        false
    }
}

async fn edit(desk: &Desk, token: &str, reply: &Reply) -> bool {
    use serenity::builder::Builder;
    let editing = reply.edit().execute(&desk.http, token);
    is_taken(time::timeout(DELIVERY, editing).await)
}

async fn add(desk: &Desk, token: &str, reply: &Reply) -> bool {
    use serenity::builder::Builder;
    let adding = reply.followup().execute(&desk.http, (None, token));
    is_taken(time::timeout(DELIVERY, adding).await)
}

fn is_taken<T>(answer: Result<serenity::Result<T>, time::error::Elapsed>) -> bool {
    match answer {
        Ok(Ok(_)) => true,
        Ok(Err(error)) if is_unreadable(&error) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "Discord did not take the answer to a command");
            false
        }
        Err(_) => {
            tracing::warn!("Discord does not take the answer to a command");
            false
        }
    }
}

fn unknown(kind: Kind) -> Reply {
    match kind {
        Kind::Command => Reply::refused(
            "This Lantern does not know the command. Whoever runs it can bring Discord's list up to \
             date with `lantern commands register`.",
        ),
        Kind::Button => Reply::refused("This button does nothing any more.").apart(),
    }
}

/// Waits for a question's time, and takes it back unless it was answered.
async fn take_back(desk: &Desk, expiry: Expiry, token: String) {
    time::sleep(expiry.after).await;
    if desk.questions.settle(expiry.question) {
        edit(desk, &token, &Reply::refused(expiry.text)).await;
    }
}

async fn autocomplete(desk: &Desk, interaction: &Interaction, typed: &CommandUse) {
    use serenity::builder::Builder;
    let completed = named(&typed.name)
        .zip(Call::read(interaction, typed))
        .map(|(command, call)| command.complete(desk, &call));
    let choices = completed.unwrap_or_default();
    let choices = choices.into_iter().map(AutocompleteChoice::from).collect();
    let choices = CreateAutocompleteResponse::new().set_choices(choices);
    let response = CreateInteractionResponse::Autocomplete(choices);
    let asked = (interaction.id.into(), interaction.token.as_str());
    let responding = response.execute(&desk.http, asked);
    // While somebody types fast, Discord has forgotten the question before last: no harm.
    if let Ok(Err(error)) = time::timeout(DELIVERY, responding).await {
        tracing::debug!(%error, "Discord did not take completions");
    }
    desk.stats.completions.fetch_add(1, Relaxed);
}
