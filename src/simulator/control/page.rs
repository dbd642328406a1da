//! GET /control: what can be done, for people.

use std::sync::Arc;

use poem::handler;
use poem::web::{Data, Html};

use crate::live::Live;
use crate::world::{BOT_ID, GUILD_ID};

const PAGE: &str = include_str!("page.html");

/// GET /control
#[handler]
pub fn show(Data(live): Data<&Arc<Live>>) -> Html<String> {
    let (members, first) = {
        let world = live.world.lock();
        (world.size(), world.first_member())
    };
    let rate = *live.rate.borrow();
    let facts = [
        ("members", members.to_string()),
        ("first", first.to_string()),
        ("rate", rate.to_string()),
        ("seed", live.config.seed.to_string()),
        ("connections", live.gateway.connections().to_string()),
        (
            "paused",
            if live.gateway.paused() {
                ", paused".to_owned()
            } else {
                String::new()
            },
        ),
        ("url", live.api_url()),
        ("gateway", live.gateway_url(None)),
        ("guild", GUILD_ID.to_string()),
        ("application", BOT_ID.to_string()),
    ];
    Html(facts.iter().fold(PAGE.to_owned(), |page, (key, value)| {
        page.replace(&format!("{{{{{key}}}}}"), value)
    }))
}
