//! What somebody is doing.

use std::num::NonZeroU64;

use lantern_actors::domain::{
    Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, Emoji, Platforms, Presence,
    Status,
};
use serde_json::Value;

use super::fields::Fields;

/// Stands for a kind that cannot be read: no kind of Discord's is known by it.
const NO_KIND: i64 = -1;

/// A presence, of which every field may be odd or missing.
pub(super) fn presence(fields: &Fields, data: &Value) -> Presence {
    let status = |of: &Value, name: &str| fields.some(of, name, as_status);
    let platforms = fields
        .object(data, "client_status")
        .map_or_else(Platforms::default, |on| Platforms {
            desktop: status(on, "desktop").unwrap_or_default(),
            mobile: status(on, "mobile").unwrap_or_default(),
            web: status(on, "web").unwrap_or_default(),
        });
    let activities = fields.list(data, "activities").iter();
    let activities = activities.filter_map(|told| {
        let activity = activity(fields, told);
        if activity.is_none() {
            fields.lose();
        }
        activity
    });
    let activities = activities.collect();
    let status = status(data, "status").unwrap_or_else(|| of_platforms(&platforms));
    Presence::new(status, platforms, activities)
}

fn as_status(value: &Value) -> Option<Status> {
    value.as_str().map(Status::from_name)
}

/// The status of somebody of whom only the devices were told, as Discord puts them together.
fn of_platforms(platforms: &Platforms) -> Status {
    let all = [platforms.desktop, platforms.mobile, platforms.web];
    [Status::Online, Status::Idle, Status::Dnd]
        .into_iter()
        .find(|status| all.contains(status))
        .unwrap_or_default()
}

/// An activity; `None` if nothing can be read that could be shown.
fn activity(fields: &Fields, told: &Value) -> Option<Activity> {
    let kind = ActivityKind::from_number(fields.number(told, "type").unwrap_or(NO_KIND));
    let (state, details) = (fields.text(told, "state"), fields.text(told, "details"));
    let application_id = fields.id(told, "application_id");
    let told_name = fields.text(told, "name");
    let is_named = told_name.is_some();
    // A custom status has a name of its own if Discord leaves it out.
    let own_name = || match kind {
        ActivityKind::Custom => "Custom Status".to_owned(),
        _ => String::new(),
    };
    let name = told_name.unwrap_or_else(own_name);
    let (session_id, sync_id) = (
        fields.text(told, "session_id"),
        fields.text(told, "sync_id"),
    );
    let party = fields.object(told, "party");
    let party_id = party.and_then(|party| fields.text(party, "id"));
    let traits = ActivityTraits {
        kind,
        name: &name,
        application_id,
        session_id: session_id.as_deref(),
        sync_id: sync_id.as_deref(),
        party_id: party_id.as_deref(),
    };
    let assets = fields.object(told, "assets");
    let asset = |image, caption| {
        ActivityAsset::new(
            assets.and_then(|assets| fields.text(assets, image)),
            assets.and_then(|assets| fields.text(assets, caption)),
        )
    };
    let times = fields.object(told, "timestamps");
    let time = |name| times.and_then(|times| fields.moment(times, name));
    let activity = Activity {
        id: ActivityId::of(&traits),
        kind,
        state,
        details,
        application_id,
        created_at: fields.moment(told, "created_at").unwrap_or_default(),
        start: time("start"),
        end: time("end"),
        large_image: asset("large_image", "large_text"),
        small_image: asset("small_image", "small_text"),
        emoji: fields
            .object(told, "emoji")
            .and_then(|told| emoji(fields, told)),
        sync_id,
        name,
    };
    (is_named || says_anything(&activity)).then_some(activity)
}

/// Whether there is anything to show of an activity without a name.
fn says_anything(activity: &Activity) -> bool {
    let texts = [&activity.state, &activity.details, &activity.sync_id];
    texts.into_iter().any(Option::is_some)
        || activity.application_id.is_some()
        || activity.emoji.is_some()
        || activity.start.is_some()
        || activity.large_image.is_some()
        || activity.small_image.is_some()
}

fn emoji(fields: &Fields, told: &Value) -> Option<Emoji> {
    Emoji::new(
        fields.text(told, "name"),
        fields.id::<NonZeroU64>(told, "id").map(NonZeroU64::get),
        fields.flag(told, "animated").unwrap_or_default(),
    )
}
