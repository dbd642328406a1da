//! Every option has an effect, and what is out of range is told in the form that was asked for.

use reqwest::Method;
use serde_json::{Value, json};

use super::{IMAGES, header, somebody, svg};

/// Options out of range, and a word of what is said.
const WRONG: [(&str, &str); 12] = [
    ("theme=blue", "dark or light"),
    ("theme=", "dark or light"),
    ("borderRadius=11", "from 0 to 10"),
    ("borderRadius=-1", "from 0 to 10"),
    ("borderRadius=1rem", "from 0 to 10"),
    ("hideStatus=2", "0 or 1"),
    ("hideGlobalName=yes", "0 or 1"),
    ("animate=2", "0 or 1"),
    ("width=0", "from 100 to 1200"),
    ("svg=maybe", "0 or 1"),
    (
        "noActivityTitle=01234567890123456789012345678901234567890123456789012345678901234",
        "at most 64 characters",
    ),
    ("noActivityMessage=%F0%9F%8F%AE&hideBadges=x", "0 or 1"),
];

#[tokio::test]
async fn every_option_changes_the_card() {
    let (hub, member) = somebody().await;
    let named = json!({"global_name": "Somebody"});
    let path = format!("/members/{member}/user");
    hub.control.request(Method::PATCH, &path, named).await;
    hub.until_user(member, "the name", |user| {
        user["metadata"]["global_name"] == "Somebody"
    })
    .await;
    let path = format!("/api/v1/users/{member}.svg?animate=0");
    let plain = svg(hub.ask(&path, &[]).await).await;
    for option in [
        "theme=light",
        "borderRadius=0",
        "hideGlobalName=1",
        "hideStatus=1",
        "hideActivity=1",
    ] {
        let other = svg(hub.ask(&format!("{path}&{option}"), &[]).await).await;
        assert!(plain != other, "{option}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn programs_are_told_what_is_out_of_range() {
    let (hub, member) = somebody().await;
    let long = format!("noActivityMessage={}", "x".repeat(257));
    let wrong = WRONG
        .into_iter()
        .chain([(long.as_str(), "at most 256 characters")]);
    for (option, word) in wrong {
        // At the address of the document, whether the card is asked for or not.
        for before in ["svg=1&", ""] {
            let path = format!("/api/v1/users/{member}?{before}{option}");
            let (status, problem) = hub.get(&path).await;
            assert_eq!(status, 400, "{path}");
            assert_eq!(problem["code"], "invalid_option", "{path}");
            assert!(
                problem["detail"].as_str().unwrap().contains(word),
                "{problem}"
            );
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn pages_are_shown_what_is_out_of_range() {
    let (hub, member) = somebody().await;
    for (option, word) in WRONG
        .into_iter()
        .filter(|(option, _)| !option.starts_with("svg"))
    {
        for path in [
            format!("/api/v1/users/{member}?svg=1&{option}"),
            format!("/api/v1/users/{member}.svg?{option}"),
        ] {
            let response = hub.ask(&path, &[("accept", IMAGES)]).await;
            assert_eq!(
                header(&response, "lantern-problem"),
                "invalid_option",
                "{path}"
            );
            assert_eq!(header(&response, "cache-control"), "no-store");
            let markup = svg(response).await;
            assert!(markup.contains(word), "{path}");
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn without_svg_the_user_is_answered_as_json() {
    let (hub, member) = somebody().await;
    for query in [
        "",
        "?svg=0",
        "?svg=false",
        "?theme=light",
        "?unknown=option",
    ] {
        let (status, user) = hub.get(&format!("/api/v1/users/{member}{query}")).await;
        assert_eq!(status, 200);
        assert_eq!(
            user["metadata"]["id"],
            Value::from(member.to_string()),
            "{query}"
        );
    }
    for query in ["?svg=1", "?svg=true"] {
        svg(hub
            .ask(&format!("/api/v1/users/{member}{query}"), &[])
            .await)
        .await;
    }
    hub.stop().await;
}
