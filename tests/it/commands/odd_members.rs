//! Members, and what comes with them, as strict models refuse them: they are answered all the same.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use serde_json::Map;

use super::*;

/// Where something odd may stand, and what: set if it is a value, left out if it is `None`.
const ODDITIES: [(&str, &[Option<&str>]); 12] = [
    (
        "/member/user/public_flags",
        &[Some("17592186044416"), Some("-1"), Some("\"64\""), None],
    ),
    (
        "/member/user/avatar",
        &[Some("\"not a hash\""), Some("7"), Some("null"), None],
    ),
    (
        "/member/permissions",
        &[Some("\"36893488147419103232\""), Some("{}"), None],
    ),
    ("/member/flags", &[Some("1e30"), Some("null"), None]),
    ("/member/roles", &[Some("[null, 5]"), Some("{}"), None]),
    ("/member/joined_at", &[Some("\"yesterday\""), None]),
    (
        "/member/user/discriminator",
        &[Some("\"abcd\""), Some("99999"), None],
    ),
    ("/member/user/username", &[Some("[]"), None]),
    ("/attachment_size_limit", &[Some("\"large\""), None]),
    ("/entitlements", &[Some("null"), Some("7"), None]),
    ("/channel", &[Some("[]"), Some("{\"type\": 999}"), None]),
    ("/version", &[Some("1.0"), Some("2"), None]),
];

#[tokio::test]
async fn a_hundred_odd_members_are_answered() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let mut pick = move |most: usize| random.next_u32() as usize % most;
    for round in 0..100 {
        let (mut set, mut remove) = (Map::new(), Vec::new());
        for _ in 0..=pick(3) {
            let (place, values) = ODDITIES[pick(ODDITIES.len())];
            match values[pick(values.len())] {
                Some(value) => {
                    set.insert(place.to_owned(), serde_json::from_str(value).unwrap());
                }
                None if !set.contains_key(place) => remove.push(place),
                None => {}
            }
        }
        remove.sort_unstable();
        remove.dedup();
        remove.retain(|place| !set.contains_key(*place));
        let command = json!({
            "type": "command", "name": "storage create data", "set": set, "remove": remove,
            "options": {"key": format!("key{round}"), "value": "kept"},
        });
        let outcome = deed(&hub.control, member, command.clone()).await;
        assert_eq!(outcome["complete"], true, "{command}: {outcome}");
        assert_eq!(outcome["callback"]["type"], 4, "{command}: {outcome}");
    }
    assert_eq!(stored(&hub, member).await.as_object().unwrap().len(), 100);
}

#[tokio::test]
async fn who_cannot_be_known_is_told_so() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let command = json!({
        "type": "command", "name": "ping", "options": {}, "set": {"/member/user/id": "nobody"},
    });
    let outcome = deed(&hub.control, member, command).await;
    let said = text(&outcome["message"]);
    assert!(said.contains("who you are"), "{outcome}");
}

#[tokio::test]
async fn what_is_wanted_and_cannot_be_read_is_answered_too() {
    let hub = hub().await;
    let member = hub.members().await[0];
    for set in [
        json!({"/data": null}),
        json!({"/data/name": 7}),
        json!({"/type": 99}),
    ] {
        let command = json!({"type": "command", "name": "ping", "options": {}, "set": set});
        let outcome = deed(&hub.control, member, command).await;
        assert!(!text(&outcome["message"]).is_empty(), "{set}: {outcome}");
    }
}
